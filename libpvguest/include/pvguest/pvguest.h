/* SPDX-License-Identifier: MIT
 *
 * The whole guest SDK, in the order in which a program comes to need it. Each
 * header stands alone. <pvabi/pvabi.h> is the contract beneath.
 */
#ifndef PVGUEST_PVGUEST_H
#define PVGUEST_PVGUEST_H

#include <pvguest/note.h>    /* what the image asks for */
#include <pvguest/boot.h>    /* what it was given */
#include <pvguest/error.h>   /* what statuses mean */
#include <pvguest/console.h> /* output, printf, input */
#include <pvguest/panic.h>   /* panic, assert, exit */
#include <pvguest/libc.h>    /* memory, strings, malloc: standard names */
#include <pvguest/clock.h>   /* time and sleep */
#include <pvguest/random.h>  /* random numbers */
#include <pvguest/block.h>   /* disks */
#include <pvguest/net.h>     /* networks */
#include <pvguest/page.h>    /* pages of RAM */
#include <pvguest/event.h>   /* waiting for several things */
#include <pvguest/ring.h>    /* a driver of your own */
/* for kernels: */
#include <pvguest/vcpu.h>     /* several vCPUs */
#include <pvguest/spinlock.h> /* what they share */
#include <pvguest/upcall.h>   /* events as interrupts */
#include <pvguest/timer.h>    /* and time as one of them */
#include <pvguest/thread.h>   /* threads */
#include <pvguest/sync.h>     /* that wait for each other */
#include <pvguest/trap.h>     /* exceptions */
#include <pvguest/mmu.h>      /* page tables of your own */
#include <pvguest/user.h>     /* user mode */
#include <pvguest/ops.h>     /* the operations themselves */

#endif
