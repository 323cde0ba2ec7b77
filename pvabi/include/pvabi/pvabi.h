/* SPDX-License-Identifier: MIT
 *
 * The whole contract between a Paravane guest and its hypervisor, in the order
 * in which a guest meets it. The prose is docs/abi.md.
 */
#ifndef PVABI_PVABI_H
#define PVABI_PVABI_H

#include <pvabi/base.h>    /* types, version */
#include <pvabi/error.h>   /* what a negative answer means */
#include <pvabi/feature.h> /* what can be asked for */
#include <pvabi/note.h>    /* how an image says what it is */
#include <pvabi/boot.h>    /* what it finds at its entry */
#include <pvabi/op.h>      /* what it can call */
#include <pvabi/vcpu.h>    /* what it shares: events and time */
#include <pvabi/trap.h>    /* what interrupts it: exceptions and events */
#include <pvabi/user.h>    /* code it does not trust */
#include <pvabi/ring.h>    /* how requests travel */
#include <pvabi/block.h>   /* requests to disks */
#include <pvabi/net.h>     /* frames to and from a network */

#endif
