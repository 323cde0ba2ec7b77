/* SPDX-License-Identifier: MIT
 *
 * What user mode is not to do ends in a trap or does no harm, and the kernel has all
 * that is its own afterwards. As a native kernel this is what the processor's rings
 * keep apart; as a paravirtual guest, what the hypervisor does.
 *
 * Clauses: X1, X4, X6.
 */
#include "backend.h"
#include "tap.h"

#define FEATURES (PV_FEATURE_MMU | PV_FEATURE_USER)
PVG_NOTE(FEATURES, PVG_FEATURES_DEFAULT | FEATURES, 0, 0);

#define CODE (USER_BASE + 0x400000)
#define STACK (USER_BASE + 0x500000)
#define LOWER_END UINT64_C(0x800000000000)
#define MILLISECOND UINT64_C(1000000)

static struct pvg_space space;
static struct pv_user user;
static uint8_t *code;
static void *xstate;
static unsigned ticks;

/* One instruction, and UD2 behind it. */
struct attempt {
	const char *name;
	size_t len;
	uint8_t bytes[12];
};
#define ATTEMPT(name, ...) \
	{ name, sizeof((const uint8_t[]){ __VA_ARGS__ }), { __VA_ARGS__ } }

/* Each ends in a trap of its own. */
static const struct attempt refused[] = {
	ATTEMPT("cli", 0xfa),
	ATTEMPT("sti", 0xfb),
	ATTEMPT("hlt", 0xf4),
	ATTEMPT("in", 0xec),
	ATTEMPT("out", 0xee),
	ATTEMPT("insb", 0x6c),
	ATTEMPT("outsb", 0x6e),
	ATTEMPT("mov cr0", 0x0f, 0x22, 0xc0),
	ATTEMPT("mov cr2", 0x0f, 0x22, 0xd0),
	ATTEMPT("mov cr3", 0x0f, 0x22, 0xd8),
	ATTEMPT("mov cr4", 0x0f, 0x22, 0xe0),
	ATTEMPT("mov cr8", 0x44, 0x0f, 0x22, 0xc0),
	ATTEMPT("read of cr3", 0x0f, 0x20, 0xd8),
	ATTEMPT("mov dr7", 0x0f, 0x23, 0xf8),
	ATTEMPT("clts", 0x0f, 0x06),
	ATTEMPT("lmsw", 0x0f, 0x01, 0xf0),
	ATTEMPT("lgdt", 0x0f, 0x01, 0x17),
	ATTEMPT("lidt", 0x0f, 0x01, 0x1f),
	ATTEMPT("lldt", 0x0f, 0x00, 0xd0),
	ATTEMPT("ltr", 0x0f, 0x00, 0xd8),
	ATTEMPT("invlpg", 0x0f, 0x01, 0x3f),
	ATTEMPT("invd", 0x0f, 0x08),
	ATTEMPT("wbinvd", 0x0f, 0x09),
	ATTEMPT("rdmsr", 0x0f, 0x32),
	ATTEMPT("wrmsr", 0x0f, 0x30),
	ATTEMPT("xsetbv", 0x0f, 0x01, 0xd1),
	ATTEMPT("swapgs", 0x0f, 0x01, 0xf8),
	ATTEMPT("sysret", 0x48, 0x0f, 0x07),
	ATTEMPT("sysexit", 0x48, 0x0f, 0x35),
	ATTEMPT("int 0x20", 0xcd, 0x20),
	ATTEMPT("int 0x80", 0xcd, 0x80),
	ATTEMPT("int 0x81", 0xcd, 0x81),
	ATTEMPT("int 14", 0xcd, 14),
	ATTEMPT("int 8", 0xcd, 8),
	ATTEMPT("mov ss, kernel", 0x66, 0xb8, 0x10, 0, 0x8e, 0xd0),
	ATTEMPT("mov ds, kernel", 0x66, 0xb8, 0x10, 0, 0x8e, 0xd8),
	ATTEMPT("retf to the kernel", 0x6a, 8, 0x6a, 0, 0x48, 0xcb),
	ATTEMPT("iretq to nothing", 0x48, 0xcf),
	ATTEMPT("far jump", 0xff, 0x2f),
};

/* These may pass, and then the UD2 behind them traps. */
static const struct attempt harmless[] = {
	ATTEMPT("popf with everything", 0x48, 0x83, 0xca, 0xff, 0x80, 0xe6, 0xfe, 0x52, 0x9d),
	ATTEMPT("sgdt", 0x0f, 0x01, 0x00),
	ATTEMPT("sidt", 0x0f, 0x01, 0x08),
	ATTEMPT("smsw", 0x0f, 0x01, 0xe0),
	ATTEMPT("str", 0x0f, 0x00, 0xc8),
	ATTEMPT("mov fs, null", 0x31, 0xc0, 0x8e, 0xe0),
	ATTEMPT("mov gs, null", 0x31, 0xc0, 0x8e, 0xe8),
	ATTEMPT("std", 0xfd),
	ATTEMPT("cpuid", 0x0f, 0xa2),
	ATTEMPT("vmcall", 0x0f, 0x01, 0xc1),
	ATTEMPT("monitor", 0x0f, 0x01, 0xc8),
	ATTEMPT("mwait", 0x0f, 0x01, 0xc9),
	ATTEMPT("sysenter", 0x0f, 0x34),
	ATTEMPT("stac", 0x0f, 0x01, 0xcb),
	ATTEMPT("int3", 0xcc),
	ATTEMPT("int 4", 0xcd, 4),
	ATTEMPT("int1", 0xf1),
};

static void prepare(const void *bytes, size_t len)
{
	memset(&user, 0, sizeof(user));
	user.root = pvg_space_root(&space);
	user.rip = CODE;
	user.rsp = STACK + 2048;
	user.rdi = user.rax = STACK;
	memset(code, 0xcc, PVG_PAGE_BYTES);
	memcpy(code, bytes, len);
	code[len] = 0x0f;
	code[len + 1] = 0x0b;
	pvg_xstate_init(xstate);
}

/* Events go by: each is one more reason to leave the kernel's state alone. */
static int64_t run(void)
{
	int64_t reason;

	do
		reason = pvg_user_run(&user, xstate);
	while (reason == PV_USER_EVENT);
	return reason;
}

static bool kernel_is_right(void)
{
	return pvg_vcpu() == pvg_vcpu_page(0) && !pvg_masked() &&
	       pvg_op_nop() == 0;
}

static void instructions(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		prepare(refused[i].bytes, refused[i].len);
		tap_ok(run() == PV_USER_TRAP &&
			       user.rip < CODE + refused[i].len &&
			       kernel_is_right(), refused[i].name);
	}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		prepare(harmless[i].bytes, harmless[i].len);
		tap_ok(run() == PV_USER_TRAP && kernel_is_right(),
		       harmless[i].name);
	}
}

/* A system call with this rsp, these flags and this TLS is one like others. */
static void odd_system_calls(void)
{
	static const uint8_t syscall_here[] = { 0x0f, 0x05 };
	static const uint8_t flags_first[] = { 0x52, 0x9d, 0x0f, 0x05 };
	static const uint64_t stacks[] = { 0, 1, 8, LOWER_END - 8,
					   UINT64_MAX - 7, UINT64_C(1) << 63 };
	bool right = true;

	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		prepare(syscall_here, sizeof(syscall_here));
		user.rsp = stacks[i];
		right &= run() == PV_USER_SYSCALL && user.rsp == stacks[i];
		user.rsp = pvg_gpa(&user);
		right &= run() == PV_USER_TRAP; /* UD2 */
	}
	tap_ok(right && kernel_is_right(), "a system call from any stack");

	prepare(flags_first, sizeof(flags_first));
	user.rdx = 0x4000 | 0x400 | 0x40000 | 0x8d5; /* NT, DF, AC, status */
	tap_ok(run() == PV_USER_SYSCALL && kernel_is_right(),
	       "a system call with the nested-task flag");
	tap_ok(run() == PV_USER_TRAP && user.vector == 6,
	       "which goes on behind it");

	prepare(syscall_here, sizeof(syscall_here));
	user.rflags = 0x100;
	right = run() == PV_USER_SYSCALL ||
		(user.vector == 1 && user.reason == PV_USER_TRAP);
	tap_ok(right && kernel_is_right(), "a system call that is single-stepped");
}

/* All that is the kernel's, and what is nobody's. */
static void jumps(void)
{
	const uint64_t places[] = {
		0, pvg_gpa(pvg_text_start), pvg_gpa(pvg_data_start),
		pvg_boot.vcpu_addr, PV_WINDOW_BASE, LOWER_END - 1, LOWER_END,
		UINT64_MAX, UINT64_C(0xffff800000000000), UINT64_MAX - 4095,
#ifdef PVG_NATIVE
		PV_WINDOW_BASE + 0xfee00000, PV_WINDOW_BASE + 0xfec00000,
#endif
	};
	static const uint8_t jump[] = { 0xff, 0xe7 }; /* jmp *%rdi */
	static const uint8_t load[] = { 0x8a, 0x07 };
	static const uint8_t store[] = { 0x88, 0x07 };
	bool right = true;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		prepare(jump, sizeof(jump));
		user.rdi = places[i];
		right &= run() == PV_USER_TRAP && user.vector >= 12;
		prepare(load, sizeof(load));
		user.rdi = places[i];
		right &= run() == PV_USER_TRAP && user.vector >= 12;
		prepare(store, sizeof(store));
		user.rdi = places[i];
		right &= run() == PV_USER_TRAP && user.vector >= 12;
		right &= kernel_is_right();
	}
	tap_ok(right, "the kernel's memory is not read, written or run");
}

#ifdef PVG_NATIVE
extern const uint8_t pvg_syscall_entry[], pvg_trap_entry[], pvg_sysret[];

/* A jump to the entry of system calls is a fault, or a system call that says of rip
 * and flags what it likes (libpvguest/native/user.c). */
static void jumps_to_entries(void)
{
	static const uint8_t jump[] = { 0xff, 0xe7 };
	const uint8_t *entries[] = { pvg_syscall_entry, pvg_trap_entry,
				     pvg_sysret, pvg_syscall_entry + 3 };
	bool right = true;

	for (size_t i = 0; i < 4; i++) {
		prepare(jump, sizeof(jump));
		user.rdi = pvg_gpa(entries[i]);
		user.rcx = UINT64_C(1) << 63;
		user.r11 = UINT64_MAX;
		right &= run() == PV_USER_TRAP && user.vector == 14;
		prepare(jump, sizeof(jump));
		user.rdi = pvg_gpa(entries[i]);
		user.rcx = pvg_gpa(pvg_text_start);
		user.r11 = UINT64_MAX;
		right &= run() == (i ? PV_USER_TRAP : PV_USER_SYSCALL) ||
			 user.vector == 14;
		/* And what comes of it is user mode still. */
		right &= run() == PV_USER_TRAP && user.vector == 14;
		right &= kernel_is_right();
	}
	tap_ok(right, "jumps to the kernel's entries lead nowhere");
}
#endif

#ifdef PVG_NATIVE
/* A processor is reset with a table of local descriptors, of 64 KiB at address 0. What
 * RAM is there is the first to be given away: here anything that is unused. */
static void local_descriptors(void)
{
	static const uint8_t load[] = { 0x8e, 0xdf }; /* mov %edi, %ds */
	uint64_t *descriptor = (uint64_t *)0x10000;

	do
		descriptor--;
	while (*descriptor && pvg_gpa(descriptor) > PVG_PAGE_BYTES);
	prepare(load, sizeof(load));
	user.rdi = pvg_gpa(descriptor) | 7;
	*descriptor = 0x00cff3000000ffff; /* data of user mode */
	tap_ok(run() == PV_USER_TRAP && user.vector == 13 && kernel_is_right(),
	       "there are no local descriptors");
	*descriptor = 0;
}
#endif

static void tick(unsigned port, void *arg)
{
	(void)port, (void)arg;
	ticks++;
	/* Long enough to get on in between, where entering user mode is dear. */
	pvg_timer_set(pvg_clock_ns() + 5 * MILLISECOND);
}

/* Flags of its own do not keep events out. */
static void spinning(void)
{
	static const uint8_t spin[] = { 0x48, 0x83, 0xca, 0xff, 0x80, 0xe6,
					0xbe, 0x52, 0x9d, 0xeb, 0xfe };
	unsigned before = ticks;

	prepare(spin, sizeof(spin));
	for (int i = 0; i < 5; i++)
		tap_equal(pvg_user_run(&user, xstate), PV_USER_EVENT,
			  "an endless loop with all flags set is interrupted");
	tap_ok(ticks > before && kernel_is_right(), "by the timer");
}

int main(void)
{
	if (!tap_granted(PV_FEATURE_USER | PV_FEATURE_UPCALLS |
			 PV_FEATURE_TIMER))
		return tap_done();
	xstate = pvg_pages_alloc(pvg_pages_for(pvg_xstate_bytes()));
	code = pvg_pages_alloc(1);
	pvg_space_init(&space);
	pvg_space_map(&space, CODE, pvg_gpa(code), 4096, PVG_EXEC);
	pvg_space_map(&space, STACK, pvg_gpa(pvg_pages_alloc(1)), 4096,
		      PVG_WRITE);
	pvg_port_handle(PV_PORT_TIMER, tick, NULL);
	pvg_upcalls_start();
	pvg_timer_set(pvg_clock_ns() + MILLISECOND);
	instructions();
	odd_system_calls();
	jumps();
#ifdef PVG_NATIVE
	jumps_to_entries();
	local_descriptors();
#endif
	spinning();
	return tap_done();
}
