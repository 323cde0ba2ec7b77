/* SPDX-License-Identifier: MIT
 *
 * What the files of the nano guest have in common: nano.c begins with what it is.
 */
#ifndef BENCH_NANO_H
#define BENCH_NANO_H

#include <pvguest/pvguest.h>

/* A row: one thing that kernels do all the time, done so many times. */
struct nano_row {
	const char *key;
	uint64_t features; /* that it needs */
	unsigned vcpus;
	void (*prepare)(void); /* once, before; may be NULL */
	void (*run)(uint64_t times);
};

/* By what they are about: each file has its own, up to one without a key. */
extern const struct nano_row nano_cpu_rows[];
extern const struct nano_row nano_trap_rows[];
extern const struct nano_row nano_memory_rows[];
extern const struct nano_row nano_vcpu_rows[];

/* Time of a run that is not of the row's own. */
extern uint64_t nano_aside_ns;

/* Or the guest panics: what is not to be had. */
void nano_must(int status, const char *what);

/* A space like that of the start, and room in it for pages that come and go: there are
 * tables for them. A row enters it as it prepares, and leaves it when it is done. */
struct pvg_space *nano_space_enter(void);
void nano_space_leave(void);
#define NANO_ROOM UINT64_C(0x400000000000)
#define NANO_ROOM_PAGES 64u

void *nano_page(void);

#endif
