/* SPDX-License-Identifier: MIT
 *
 * Guest of the benchmarks of what kernels do: `kernel MILLISECONDS NAME` does the
 * named thing for so long and prints "NAME ns-per-time how-often-in-all". To add
 * one, write its function and its line in the table.
 *
 * What is a chain of exits is timed as a whole, by run_for. What is a delay is
 * timed each time, by sample.
 */
#include <pvguest/pvguest.h>

#include "bench/delays.h"

#define FEATURES (PV_FEATURE_MMU | PV_FEATURE_USER)
PVG_NOTE(0, PVG_FEATURES_DEFAULT | FEATURES, 0, 0);

#define BATCH 64
#define NS_PER_MS UINT64_C(1000000)
#define TIMER_NS UINT64_C(200000)
#define CODE UINT64_C(0x4000000000)

static uint64_t run_ns, times;
static unsigned port;

/* ---- how it is timed */

static double run_for(void (*loop)(uint64_t count))
{
	uint64_t start_ns, ns, counted = 0;

	loop(BATCH);
	start_ns = pvg_clock_ns();
	do {
		loop(BATCH);
		counted += BATCH;
		ns = pvg_clock_ns() - start_ns;
	} while (ns < run_ns);
	times = counted + BATCH;
	return (double)ns / (double)counted;
}

/* The first is warming up. */
static double sample(uint64_t (*delay_ns)(void))
{
	static struct hv_delays delays;
	uint64_t start_ns = pvg_clock_ns();

	delay_ns();
	while (hv_delays_add(&delays, delay_ns()) &&
	       pvg_clock_ns() - start_ns < run_ns)
		;
	times = delays.count + 1;
	return (double)hv_delays_median(&delays);
}

static void must(int status, const char *what)
{
	if (status < 0)
		pvg_panic("%s is not to be had: %s", what,
			  pvg_error_text(status));
}

/* ---- traps */

static void skip_ud2(struct pvg_trap *trap)
{
	trap->frame.rip += 2;
}

static void raise_ud2(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		__asm__ volatile("ud2");
}

static double trap(void)
{
	pvg_trap_handle(PVG_VECTOR_UD, skip_ud2);
	must(pvg_traps_start(), "traps");
	return run_for(raise_ud2);
}

/* ---- page tables and user mode */

static struct pvg_space space[2];

static void load_roots(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		pvg_root_load(pvg_space_root(&space[i % 2]));
}

static double root(void)
{
	for (int i = 0; i < 2; i++) {
		must(pvg_space_init(&space[i]), "memory");
		must(pvg_space_map_ram(&space[i]), "memory");
	}
	must(pvg_root_load(pvg_space_root(&space[0])), "page tables");
	return run_for(load_roots);
}

static struct pv_user user;
static void *xstate;

static void run_user(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		pvg_user_run(&user, xstate);
}

/* User code is a loop of system calls. */
static double user_call(void)
{
	static const uint8_t code[] = { 0x0f, 0x05, 0xeb, 0xfc };
	void *page = pvg_pages_alloc(1);

	memcpy(page, code, sizeof(code));
	must(pvg_space_init(&space[0]), "memory");
	must(pvg_space_map(&space[0], CODE, pvg_gpa(page), PVG_PAGE_BYTES,
			   PVG_EXEC), "memory");
	xstate = aligned_alloc(64, (pvg_xstate_bytes() + 63) & ~(size_t)63);
	pvg_xstate_init(xstate);
	user.root = pvg_space_root(&space[0]);
	user.rip = user.rsp = CODE;
	must(pvg_user_run(&user, xstate), "user mode");
	return run_for(run_user);
}

/* ---- the timer */

static volatile uint64_t fired_ns; /* 0: not yet */

static void on_timer(unsigned timer_port, void *arg)
{
	(void)timer_port;
	(void)arg;
	fired_ns = pvg_clock_ns();
}

static uint64_t set_timer(void)
{
	uint64_t deadline_ns = pvg_clock_ns() + TIMER_NS;

	fired_ns = 0;
	must(pvg_timer_set(deadline_ns), "the timer");
	return deadline_ns;
}

static uint64_t late_running(void)
{
	uint64_t deadline_ns = set_timer();

	while (!fired_ns)
		__builtin_ia32_pause();
	return fired_ns - deadline_ns;
}

static uint64_t late_blocked(void)
{
	uint64_t deadline_ns;

	pvg_mask();
	deadline_ns = set_timer();
	for (; !fired_ns; pvg_mask())
		pvg_op_block(PV_FOREVER);
	pvg_unmask();
	return fired_ns - deadline_ns;
}

static double timer(uint64_t (*late_ns)(void))
{
	must(pvg_upcalls_start(), "upcalls");
	pvg_port_handle(PV_PORT_TIMER, on_timer, NULL);
	return sample(late_ns);
}

static double timer_running(void)
{
	return timer(late_running);
}

static double timer_blocked(void)
{
	return timer(late_blocked);
}

/* ---- events between vCPUs */

static volatile bool over, ready;
static volatile uint64_t arrived_ns[2]; /* 0: not yet */

static void on_event(unsigned event_port, void *arg)
{
	(void)event_port;
	(void)arg;
	arrived_ns[pvg_vcpu_number()] = pvg_clock_ns();
}

static void take_events(void)
{
	must(pvg_upcalls_start(), "upcalls");
	pvg_port_handle(port, on_event, NULL);
}

static void wait_blocked(void)
{
	volatile uint64_t *arrived = &arrived_ns[pvg_vcpu_number()];

	pvg_mask();
	for (; !*arrived; pvg_mask())
		pvg_op_block(PV_FOREVER);
	*arrived = 0;
	pvg_unmask();
}

static void spin(void *arg)
{
	(void)arg;
	take_events();
	ready = true;
	while (!over)
		__builtin_ia32_pause();
}

static void answer(void *arg)
{
	(void)arg;
	take_events();
	ready = true;
	while (!over) {
		wait_blocked();
		pvg_event_send(0, port);
	}
}

/* From before the sending to the first line of the handler. */
static uint64_t reach_running(void)
{
	uint64_t start_ns = pvg_clock_ns();

	arrived_ns[1] = 0;
	must(pvg_event_send(1, port), "an event");
	while (!arrived_ns[1])
		__builtin_ia32_pause();
	return arrived_ns[1] - start_ns;
}

/* There and back, each to a vCPU that is in BLOCK or about to be: two events. */
static uint64_t reach_blocked(void)
{
	uint64_t start_ns = pvg_clock_ns();

	must(pvg_event_send(1, port), "an event");
	wait_blocked();
	return (pvg_clock_ns() - start_ns) / 2;
}

static double events(void (*other)(void *), uint64_t (*delay_ns)(void))
{
	double ns;

	port = (unsigned)pvg_port_alloc();
	take_events();
	must(pvg_vcpu_up(1, other, NULL, 0), "a second vCPU");
	while (!ready)
		pvg_op_yield();
	ns = sample(delay_ns);
	over = true;
	return ns;
}

static double event_running(void)
{
	return events(spin, reach_running);
}

static double event_blocked(void)
{
	double ns = events(answer, reach_blocked);

	times *= 2;
	return ns;
}

static const struct {
	const char *name;
	double (*measure)(void);
} benches[] = {
	{ "trap", trap },
	{ "root", root },
	{ "user", user_call },
	{ "timer-running", timer_running },
	{ "timer-blocked", timer_blocked },
	{ "event-running", event_running },
	{ "event-blocked", event_blocked },
};

int main(int argc, char **argv)
{
	if (argc != 3)
		pvg_panic("usage: kernel MILLISECONDS NAME");
	run_ns = strtoull(argv[1], NULL, 10) * NS_PER_MS;
	for (size_t i = 0; i < sizeof(benches) / sizeof(*benches); i++)
		if (strcmp(benches[i].name, argv[2]) == 0) {
			double ns = benches[i].measure();

			pvg_printf("%s %.3f %lu\n", argv[2], ns, times);
			pvg_exit(0);
		}
	pvg_panic("kernel: there is no \"%s\"", argv[2]);
}
