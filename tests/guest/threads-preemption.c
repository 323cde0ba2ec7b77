/* SPDX-License-Identifier: MIT
 *
 * Threads that never yield: does each get its turn, and about as much as the
 * others? Is all of a thread's state what it was after each interruption?
 */
#include "backend.h"
#include "threads.h"

#define SPINNERS 6
/* Fewer slices than this would make "about as much" a matter of luck. */
#define RUN_NS (1500 * MILLISECOND)

static bool stop;

struct spinner {
	uint64_t rounds;
};

static void spin(void *arg)
{
	struct spinner *spinner = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		spinner->rounds++;
}

static uint64_t sum_of_stats(bool preemptions)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < pvg_vcpus(); i++)
		sum += preemptions ? pvg_sched_stats(i).preemptions
				   : pvg_sched_stats(i).switches;
	return sum;
}

/* main itself sleeps meanwhile, and must be let in when its time has come. */
static void spinners_share(void)
{
	static struct spinner spinner[SPINNERS];
	struct pvg_thread *thread[SPINNERS];
	uint64_t least = UINT64_MAX, most = 0;
	uint64_t preemptions = sum_of_stats(true);
	uint64_t began = pvg_clock_ns(), slept;

	stop = false;
	for (int i = 0; i < SPINNERS; i++)
		thread[i] = start(spin, &spinner[i]);
	pvg_sleep_ns(RUN_NS);
	slept = pvg_clock_ns() - began;
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	join_all(thread, SPINNERS);
	for (int i = 0; i < SPINNERS; i++) {
		uint64_t rounds = spinner[i].rounds;

		least = rounds < least ? rounds : least;
		most = rounds > most ? rounds : most;
	}
	tap_ok(least > 0, "threads that never yield all get on");
	if (!tap_ok(least > most / 8, "and about as far"))
		pvg_printf("# from %lu to %lu rounds\n", least, most);
	tap_ok(sum_of_stats(true) - preemptions >= RUN_NS / PVG_SLICE_NS / 10,
	       "by preemption");
	tap_ok(slept >= RUN_NS, "the one that slept is let in between");
}

/* Alone on its vCPU, a thread is left alone. */
static void nobody_is_interrupted_for_nothing(void)
{
	uint64_t began, switches;

	pvg_sleep_ns(3 * PVG_SLICE_NS); /* what was begun ends */
	switches = sum_of_stats(false);
	began = pvg_clock_ns();
	while (pvg_clock_ns() - began < 10 * PVG_SLICE_NS)
		;
	tap_ok(sum_of_stats(false) - switches <= 2,
	       "a thread with none beside it goes on");
}

static void preemption_off(void)
{
	static struct spinner spinner;
	struct pvg_thread *thread;
	uint64_t began, rounds, vcpu;

	stop = false;
	spinner.rounds = 0;
	pvg_preempt_off();
	vcpu = UINT64_C(1) << pvg_vcpu_number();
	thread = start_on(vcpu, spin, &spinner);
	began = pvg_clock_ns();
	while (pvg_clock_ns() - began < 5 * PVG_SLICE_NS)
		;
	rounds = spinner.rounds;
	tap_ok(vcpu == UINT64_C(1) << pvg_vcpu_number(),
	       "with preemption off a thread stays on its vCPU");
	tap_equal((int64_t)rounds, 0, "and keeps it for itself");
	pvg_preempt_on();
	pvg_sleep_ns(5 * PVG_SLICE_NS);
	tap_ok(spinner.rounds > 0, "until it is on again");
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pvg_thread_join(thread);
}

struct registers {
	uint64_t general[8]; /* r8 to r15 */
#if KERNEL_HAS_VECTORS
	uint64_t vector[16][2];
#endif
};

#if KERNEL_HAS_VECTORS
#define LOAD_VECTORS                                                          \
	".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"   \
	"movdqu 64 + 16 * \\n(%[in]), %%xmm\\n\n\t"                         \
	".endr\n\t"
#define STORE_VECTORS                                                         \
	".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"   \
	"movdqu %%xmm\\n, 64 + 16 * \\n(%[out])\n\t"                        \
	".endr\n\t"
#define VECTORS                                                               \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",       \
	"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
#else
#define LOAD_VECTORS
#define STORE_VECTORS
#define VECTORS
#endif

/* All of them from `in`, some time that is not spent in memory, and out again:
 * what an interruption loses stays lost. */
static void through_registers(const struct registers *in,
			      struct registers *ret_out)
{
	__asm__ volatile(
		LOAD_VECTORS
		".irp n, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
		"movq 8 * (\\n - 8)(%[in]), %%r\\n\n\t"
		".endr\n\t"
		"movl $20000, %%ecx\n"
		"1:\tdecl %%ecx\n\t"
		"jnz 1b\n\t"
		STORE_VECTORS
		".irp n, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
		"movq %%r\\n, 8 * (\\n - 8)(%[out])\n\t"
		".endr"
		:
		: [in] "D"(in), [out] "S"(ret_out)
		: VECTORS "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		  "r15", "cc", "memory");
}

static void keep_registers(void *arg)
{
	uint64_t *wrong = arg, bad = 0, number = *wrong << 32;
	struct registers in, out;

	for (size_t i = 0; i < sizeof(in) / 8; i++)
		((uint64_t *)&in)[i] = number++;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		through_registers(&in, &out);
		bad += memcmp(&in, &out, sizeof(in)) != 0;
	}
	*wrong = bad;
}

static void registers_are_kept(void)
{
	static uint64_t wrong[SPINNERS];
	struct pvg_thread *thread[SPINNERS];
	uint64_t bad = 0;

	stop = false;
	pvg_sched_slice(MILLISECOND);
	for (unsigned i = 0; i < SPINNERS; i++) {
		wrong[i] = i + 1;
		thread[i] = start(keep_registers, &wrong[i]);
	}
	pvg_sleep_ns(RUN_NS);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	join_all(thread, SPINNERS);
	for (unsigned i = 0; i < SPINNERS; i++)
		bad += wrong[i];
	tap_equal((int64_t)bad, 0, "registers, vectors too, are kept");
	pvg_sched_slice(PVG_SLICE_NS);
}

#if KERNEL_HAS_VECTORS
static uint32_t mxcsr_now(void)
{
	uint32_t mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return mxcsr;
}

/* Rounding modes are a thread's own, over both kinds of switch. */
static void keep_rounding(void *arg)
{
	uint64_t *wrong = arg;
	uint32_t mxcsr = 0x1f80 | (uint32_t)(*wrong % 4) << 13;

	*wrong = mxcsr_now() != 0x1f80;
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	for (int i = 0; i < 200; i++) {
		pvg_thread_yield();
		*wrong += mxcsr_now() != mxcsr;
	}
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		*wrong += (mxcsr_now() & 0xffc0) != mxcsr;
}

static void control_words_are_kept(void)
{
	static uint64_t wrong[4];
	struct pvg_thread *thread[4];
	uint64_t bad = 0;

	stop = false;
	for (unsigned i = 0; i < 4; i++) {
		wrong[i] = i;
		thread[i] = start(keep_rounding, &wrong[i]);
	}
	pvg_sleep_ns(20 * PVG_SLICE_NS);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	join_all(thread, 4);
	for (unsigned i = 0; i < 4; i++)
		bad += wrong[i];
	tap_equal((int64_t)bad, 0, "rounding modes are each thread's own");
}
#endif

int main(void)
{
	if (!threads_start())
		return tap_done();
	spinners_share();
	nobody_is_interrupted_for_nothing();
	preemption_off();
	registers_are_kept();
#if KERNEL_HAS_VECTORS
	control_words_are_kept();
#endif
	return tap_done();
}
