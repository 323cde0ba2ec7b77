/* SPDX-License-Identifier: MIT
 *
 * What if a user program forbids its kernel, which may be at the same ring, all
 * memory by WRPKRU, and is then left for a system call or an event, with an upcall
 * before USER_RUN has returned? And what of a vCPU that went down like that? There
 * are no protection keys, but some hosts let the instructions run all the same.
 *
 * Clauses: X5, X10, K1.
 */
#include "../guest/tap.h"
#include "kernel.h"

KERNEL_NOTE;

#define DENY "mov $-1, %eax; xor %ecx, %ecx; xor %edx, %edx; wrpkru;"

USER_PROGRAM(deny_and_spin, DENY "1: jmp 1b")
USER_PROGRAM(deny_and_call, DENY "syscall; ud2")

static struct pv_user user;
static unsigned upcalls;
static volatile bool stop;

static void on_upcall(struct kernel_regs *regs)
{
	(void)regs;
	kernel_take_events();
	upcalls++;
}

static void sender(uint64_t arg)
{
	(void)arg;
	while (!stop)
		CALL2(PV_OP_SEND_EVENT, 0, 16);
	kernel_down();
}

static unsigned run(const uint8_t *begin, const uint8_t *end)
{
	unsigned odd = 0;

	for (unsigned i = 0; i < 300; i++) {
		int64_t reason;

		kernel_user_set(&user, begin, end);
		reason = kernel_user_run(&user);
		odd += reason != PV_USER_EVENT && reason != PV_USER_SYSCALL &&
		       reason != PV_USER_TRAP;
	}
	return odd;
}

static void users(void)
{
	kernel_upcalls(on_upcall, 0);
	kernel_page(0)->masked[0] = 0;
	kernel_up(1, sender, 0);
	tap_equal(run(deny_and_spin_begin, deny_and_spin_end), 0,
		  "a kernel is interrupted while user mode forbids it memory");
	tap_equal(run(deny_and_call_begin, deny_and_call_end), 0,
		  "also when user mode calls it");
	tap_ok(upcalls > 0, "there were upcalls");
	stop = true;
	kernel_wait_down(1);
	CALL2(PV_OP_SET_UPCALL, 0, 0);
}

/* Its stack is forbidden, too: goes down without one. */
static volatile unsigned lives, forbidden;
extern const uint8_t life[];
__asm__(".text\n"
	"life:	xor %ecx, %ecx; rdpkru; test %eax, %eax; jz 1f\n"
	"	mov $0, %eax; xor %ecx, %ecx; xor %edx, %edx; wrpkru\n"
	"	lock incl forbidden(%rip)\n"
	"1:	lock incl lives(%rip)\n"
	"	" DENY "\n"
	"	mov $0x7f8000080000 + 23 * 32, %rax; jmp *%rax\n");
_Static_assert(PV_OP_VCPU_DOWN == 23 && PV_OP_SLOT_BYTES == 32,
	       "a life ends by VCPU_DOWN");

static bool has_keys(void)
{
	uint32_t a = 7, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c >> 4 & 1; /* OSPKE */
}

static void vcpus(void)
{
	if (!has_keys()) {
		tap_skip("each life begins with all memory allowed",
			 "WRPKRU is no instruction here");
		return;
	}
	for (unsigned i = 0; i < 20; i++) {
		while (CALL4(PV_OP_VCPU_UP, 1, ADDRESS(life), 0, 0) == -PV_EBUSY)
			CALL0(PV_OP_YIELD);
		while (lives == i)
			CALL0(PV_OP_YIELD);
	}
	tap_equal(forbidden, 0, "each life begins with all memory allowed");
}

int main(void)
{
	kernel_user_make();
	users();
	vcpus();
	return tap_done();
}
