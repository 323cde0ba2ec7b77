/* SPDX-License-Identifier: MIT
 *
 * What the two halves of the compiler have in common: where their bytes go.
 */
#ifndef MINIKERNEL_WORK_COMPILE_H
#define MINIKERNEL_WORK_COMPILE_H

#include "work.h"

/* compile.c: the lowest 8 bits, on to whoever is next; at the end what is left. */
void compile_put(unsigned byte);
void compile_flush(void);

#endif
