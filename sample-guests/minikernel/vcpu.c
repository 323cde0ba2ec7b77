/* SPDX-License-Identifier: MIT
 *
 * What each vCPU does all day: take a process, run it, serve what it comes back
 * for, until its time is up or it has to wait; then take another.
 *
 * Upcalls are masked in the kernel. An event that comes meanwhile ends user mode at
 * once, and is served here, between two turns.
 */
#include "minikernel.h"

#define SLICE_NS UINT64_C(10000000)

static unsigned wake_port;

/* The timer runs, and it has fired. A vCPU's own. */
static struct {
	bool ticking, slice_over;
} vcpus[PV_VCPUS_MAX];

static void on_tick(unsigned port, void *arg)
{
	unsigned here = pvg_vcpu_number();

	(void)port, (void)arg;
	vcpus[here].ticking = false;
	vcpus[here].slice_over = true;
}

/* What it came for is seen by who was interrupted. */
static void on_wake(unsigned port, void *arg)
{
	(void)port, (void)arg;
}

void vcpus_init(void)
{
	int port = pvg_port_alloc();

	if (port < 0)
		give_up("there is no event port");
	wake_port = (unsigned)port;
	pvg_port_handle(PV_PORT_TIMER, on_tick, NULL);
	pvg_port_handle(wake_port, on_wake, NULL);
}

void vcpu_wake(unsigned vcpu)
{
	pvg_event_send(vcpu, wake_port);
}

void vcpu_start(void)
{
	pvg_port_unmask(PV_PORT_TIMER);
	pvg_port_unmask(wake_port);
	console_start_vcpu();
	pvg_upcalls_start();
	pvg_mask();
}

/* One timer for many turns: who gets a turn late in a slice has a short one. It
 * saves an exit for each. */
static void start_slice(unsigned here)
{
	if (vcpus[here].ticking)
		return;
	vcpus[here].ticking = true;
	vcpus[here].slice_over = false;
	pvg_timer_set(pvg_deadline_in(SLICE_NS));
}

static bool event_serve(struct process *process, unsigned here)
{
	bool goes_on;

	pvg_unmask(); /* runs the handlers */
	pvg_mask();
	if (!vcpus[here].slice_over)
		return true;
	vcpus[here].slice_over = false;
	kernel_lock();
	goes_on = !schedule_yield(process);
	kernel_unlock();
	return goes_on;
}

/* One stay in user mode, and what comes of it; whether the process goes on here. */
static bool turn(struct process *process, unsigned here)
{
	int killed = __atomic_load_n(&process->killed, __ATOMIC_RELAXED);

	if (killed) {
		process_exit(process, killed);
		return false;
	}
	if (process->again)
		return syscall_serve(process);
	start_slice(here);
	process->space.vcpus |= UINT64_C(1) << here;
	switch (pvg_user_run(&process->user, process->xstate)) {
	case PV_USER_SYSCALL:
		return syscall_serve(process);
	case PV_USER_TRAP:
		return trap_serve(process);
	case PV_USER_EVENT:
		return event_serve(process, here);
	default: /* registers that no program can have */
		process_exit(process, DIED_BAD_ADDRESS);
		return false;
	}
}

void vcpu_loop(void)
{
	unsigned here = pvg_vcpu_number();
	struct process *process;

	while ((process = schedule_next()))
		while (turn(process, here))
			;
}
