/* SPDX-License-Identifier: MIT
 *
 * What the files of the library share among themselves.
 */
#ifndef PVG_INTERNAL_H
#define PVG_INTERNAL_H

#include <pvguest/event.h>
#include <pvguest/mmu.h>
#include <pvguest/trap.h>
#include <stdarg.h>

#define PVG_LIKELY(x) __builtin_expect(!!(x), 1)
#define PVG_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* start.c: the rest of the way to main, from a filled pvg_boot and a GS base that
 * leads to vCPU 0's page. */
__attribute__((noreturn)) void pvg_start(void);

/* The linker script: constructors and destructors. */
typedef void pvg_function(void);
extern pvg_function *const pvg_init_array_start[], *const pvg_init_array_end[];
extern pvg_function *const pvg_fini_array_start[], *const pvg_fini_array_end[];

/* tls.c: a thread's variables lie below it. PVG_TLS_ALIGN is the linker script's
 * largest alignment for them. */
#define PVG_TLS_ALIGN 64
struct pvg_thread;
size_t pvg_tls_space(void);
void pvg_tls_init(struct pvg_thread *thread);
void pvg_tls_start_boot_thread(void);

/* format.c: the engine of the printf family. Hands the text piece by piece to
 * put; answers its length. */
typedef void pvg_put(void *sink, const char *piece, size_t len);
size_t pvg_format(pvg_put *put, void *sink, const char *format, va_list args);

/* vcpu.c: what the library keeps for each vCPU; PVG_OWN_PERCPU leads there. Only
 * the vCPU itself uses it, but for the stack. */
struct pvg_percpu {
	uint64_t unmasked[PV_PORT_WORDS]; /* ports with handlers */
	bool handling; /* handlers of upcalls run */
	bool upcalls; /* started; the ports are masked till then */
	bool traps; /* started */
	void *stack; /* that pvg_vcpu_up gave it, NULL for the boot stack */
	size_t stack_pages;
} PV_ALIGNED(PV_CACHE_LINE);

static inline struct pvg_percpu *pvg_percpu(void)
{
	return (struct pvg_percpu *)(uintptr_t)pvg_vcpu()->own[PVG_OWN_PERCPU];
}

/* Make a vCPU's page ready for the library, all of its ports masked, before the
 * vCPU runs or as the first thing it does. */
void pvg_vcpu_prepare(unsigned vcpu);

/* upcall.c: the scheduler has its handler there, and nobody is to replace it. */
extern bool pvg_timer_is_threads;

/* event.c: how a scheduler waits in place of pvg_ports_wait: until a port of the
 * vCPU is pending, which it answers, or the deadline. NULL without one. */
extern int (*pvg_ports_wait_hook)(unsigned vcpu, const struct pvg_ports *ports,
				  uint64_t deadline_ns);
/* clock.c: how it sleeps. NULL without one. */
extern void (*pvg_sleep_hook)(uint64_t deadline_ns);
/* Whether another thread is ready, which polling would keep waiting. NULL without
 * a scheduler. */
extern bool (*pvg_others_hook)(void);
static inline bool pvg_others_are_ready(void)
{
	return pvg_others_hook && pvg_others_hook();
}

/* ring.c: name a request's memory in its two entries, where unused fields are 0: in place, or by
 * where the list is. Answers how long all is together. */
struct pv_segment;
uint64_t pvg_segments_put(struct pv_segment *ret_inline,
			  const struct pv_segment *segment, uint16_t segments);

/* net.c: kick, and run the callbacks of what has been answered by now. */
struct pvg_ring;
uint32_t pvg_net_poll_ring(struct pvg_ring *ring);
/* net-sync.c: the buffers of pvg_net_receive. */
struct pvg_net;
void pvg_net_pool_free(struct pvg_net *net);

/* entry.S: where upcalls and traps enter, and go on to pvg_*_deliver. Not until
 * pvg_entry_prepare (entry.c) was called. */
void pvg_upcall_entry(void);
void pvg_trap_entry(void);
void pvg_entry_prepare(void);

/* xstate.c: what XSAVE takes, 0: FXSAVE; and how large that is. */
void pvg_xstate_prepare(void);
extern uint64_t pvg_xstate_mask;
extern size_t pvg_xstate_size;

/* mmu.c: pvg_space_entry with the value that it found there, for who does not keep
 * others from changing it; and where that leads for an address in the page. */
uint64_t *pvg_space_find(const struct pvg_space *space, uint64_t gva,
			 uint64_t *ret_value, unsigned *ret_level);
static inline pv_gpa_t pvg_entry_gpa(uint64_t value, unsigned level,
				     uint64_t gva)
{
	uint64_t bytes = pvg_level_bytes(level);

	return (value & PVG_PTE_ADDRESS & -bytes) | gva % bytes;
}

/* The x87 control word and MXCSR at the entry of a function, as the psABI has
 * them; the variable is entry.S's way to the constant. */
#define PVG_X87_CONTROL 0x37f
#define PVG_MXCSR 0x1f80
extern const uint32_t pvg_mxcsr;

/* upcall.c, trap.c: the C side of the entries. */
void pvg_upcalls_deliver(void);
void pvg_trap_deliver(struct pvg_trap *trap);

/* console.c: for a panic, which may come while somebody holds the console. */
void pvg_console_flush_anyway(void);

/* exit.c: handlers with an argument, for atexit and for C++ destructors. 0, or
 * -1 without memory. */
int pvg_at_exit(void (*fn)(void *arg), void *arg);

/* What differs between the backends and is no operation. */
#ifdef PVG_NATIVE
#include "native/private.h"
#else
#include "paravirt/private.h"
#endif

#endif
