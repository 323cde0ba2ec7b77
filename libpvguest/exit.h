/* SPDX-License-Identifier: MIT
 *
 * exit.c: handlers with an argument, for atexit and for C++ destructors.
 */
#ifndef PVG_EXIT_H
#define PVG_EXIT_H

/* 0, or -1 without memory. */
int pvg_at_exit(void (*fn)(void *arg), void *arg);

#endif
