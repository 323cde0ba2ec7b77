/* SPDX-License-Identifier: MIT
 *
 * From one level of a machine to another and back: exceptions of the kernel, and
 * system calls of a program.
 */
#include "nano.h"

/* A division by zero, which the handler skips. */
#define DIVIDE "divl %%ecx"
#define DIVIDE_BYTES 2

static void skip(struct pvg_trap *trap)
{
	trap->frame.rip += DIVIDE_BYTES;
}

static void prepare_divide(void)
{
	pvg_trap_handle(PVG_VECTOR_DE, skip);
	nano_must(pvg_traps_start(), "traps");
}

static void divide(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++)
		__asm__ volatile(DIVIDE
				 :
				 : "a"(1), "d"(0), "c"(0)
				 : "cc");
}

/* A page that is not there, is there when the handler has been, and is taken away
 * again, from the processor's translations too. */
static struct pvg_space *space;
static void *frame;

static void map_page(struct pvg_trap *trap)
{
	if (trap->frame.fault_address != NANO_ROOM)
		pvg_panic("nano: a page fault at %#lx",
			  (unsigned long)trap->frame.fault_address);
	pvg_space_map(space, NANO_ROOM, pvg_gpa(frame), PVG_PAGE_BYTES,
		      PVG_WRITE);
}

static void prepare_page_fault(void)
{
	frame = nano_page();
	space = nano_space_enter();
	pvg_trap_handle(PVG_VECTOR_PF, map_page);
	nano_must(pvg_traps_start(), "traps");
}

static void page_fault(uint64_t times)
{
	volatile uint64_t *at = (uint64_t *)NANO_ROOM;
	uint64_t self = UINT64_C(1) << pvg_vcpu_number();

	for (uint64_t i = 0; i < times; i++) {
		*at += 1;
		pvg_space_unmap(space, NANO_ROOM, PVG_PAGE_BYTES);
		pvg_flush(self, (void *)(uintptr_t)NANO_ROOM, PVG_PAGE_BYTES);
	}
}

/* A program that does nothing but ask, in a space of its own. */
#define CODE UINT64_C(0x8000000000)

static struct pv_user user;
static void *xstate;

static void prepare_syscall(void)
{
	static const uint8_t ask_for_ever[] = { 0x0f, 0x05, 0xeb, 0xfc };
	static struct pvg_space program;
	void *page = nano_page();

	memcpy(page, ask_for_ever, sizeof(ask_for_ever));
	nano_must(pvg_space_init(&program), "memory");
	nano_must(pvg_space_map(&program, CODE, pvg_gpa(page), PVG_PAGE_BYTES,
				PVG_EXEC), "memory");
	xstate = aligned_alloc(64, (pvg_xstate_bytes() + 63) & ~(size_t)63);
	if (!xstate)
		pvg_panic("nano: no memory");
	pvg_xstate_init(xstate);
	user.root = pvg_space_root(&program);
	user.rip = user.rsp = CODE;
}

static void ask(uint64_t times)
{
	while (times > 0) {
		int reason = pvg_user_run(&user, xstate);

		nano_must(reason, "user mode");
		if (reason == PV_USER_TRAP)
			pvg_panic("nano: user mode trapped: vector %u",
				  user.vector);
		times -= reason == PV_USER_SYSCALL;
	}
}

#define MMU (PV_FEATURE_MMU | PV_FEATURE_TRAPS)

const struct nano_row nano_trap_rows[] = {
	{ "divide", PV_FEATURE_TRAPS, 1, prepare_divide, divide },
	{ "page-fault", MMU, 1, prepare_page_fault, page_fault },
	{ "syscall", PV_FEATURE_MMU | PV_FEATURE_USER, 1, prepare_syscall, ask },
	{ NULL, 0, 0, NULL, NULL },
};
