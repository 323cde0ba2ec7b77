/* SPDX-License-Identifier: MIT
 *
 * See timer.h. A POSIX timer, and not an operation of the loop: that would wake one
 * thread on another CPU for it to interrupt this one, once to set it and once when it
 * fires. The signal finds the thread where it is: in the guest, which it leaves, or
 * anywhere else, from where it looks before it goes there.
 */
#include "timer.h"

#include <errno.h>
#include <pvabi/pvabi.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "event.h"
#include "vm.h"

uint64_t hv_timer_check(struct hv_vcpu *vcpu)
{
	_Atomic uint64_t *deadline = &vcpu->timer.deadline_ns;
	uint64_t at = atomic_load(deadline);

	if (at == PV_FOREVER || hv_clock_now(vcpu->vm) < at)
		return at;
	atomic_store(deadline, PV_FOREVER);
	hv_event_raise(vcpu, PV_PORT_TIMER);
	return PV_FOREVER;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct hv_vcpu *vcpu = info->si_value.sival_ptr;

	(void)number;
	(void)context;
	atomic_store(&vcpu->timer.rang, true);
	hv_vcpu_kick(vcpu);
}

/* At the first use: most guests have none. */
static int make(struct hv_vcpu *vcpu)
{
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = HV_TIMER_SIGNAL,
				  .sigev_value.sival_ptr = vcpu };

	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	if (sigaction(HV_TIMER_SIGNAL, &action, NULL) < 0 ||
	    timer_create(CLOCK_MONOTONIC, &event, &vcpu->timer.host) < 0)
		return -errno;
	vcpu->timer.made = true;
	return 0;
}

/* Relative: the guest's clock is not the host's, if nearly. 0 would be never. */
static void wait_until(struct hv_vcpu *vcpu, uint64_t at)
{
	uint64_t now = hv_clock_now(vcpu->vm), left = at > now ? at - now : 1;
	struct itimerspec after = { .it_value = { 0 } };

	if (at != PV_FOREVER) {
		left = left < HV_WAIT_MOST_NS ? left : HV_WAIT_MOST_NS;
		after.it_value.tv_sec = (time_t)(left / HV_NS_PER_S);
		after.it_value.tv_nsec = (long)(left % HV_NS_PER_S);
	}
	if (vcpu->timer.made)
		timer_settime(vcpu->timer.host, 0, &after, NULL);
}

/* A signal would only add to what waking up takes. */
bool hv_timer_pause(struct hv_vcpu *vcpu)
{
	if (atomic_load(&vcpu->timer.deadline_ns) == PV_FOREVER)
		return false;
	wait_until(vcpu, PV_FOREVER);
	return true;
}

void hv_timer_resume(struct hv_vcpu *vcpu)
{
	uint64_t at = atomic_load(&vcpu->timer.deadline_ns);

	if (at != PV_FOREVER)
		wait_until(vcpu, at);
}

void hv_timer_rung(struct hv_vcpu *vcpu)
{
	atomic_store(&vcpu->timer.rang, false);
	hv_timer_check(vcpu);
	hv_timer_resume(vcpu);
}

void hv_timer_init(struct hv_timer *timer)
{
	atomic_init(&timer->deadline_ns, PV_FOREVER);
}

/* One that has rung comes before this returns: the thread is in the kernel. */
void hv_timer_done(struct hv_timer *timer)
{
	if (timer->made)
		timer_delete(timer->host);
	timer->made = false;
}

void hv_timer_set(struct hv_vcpu *vcpu, uint64_t deadline_ns)
{
	struct hv_timer *timer = &vcpu->timer;
	int status = 0;

	atomic_store(&timer->deadline_ns, deadline_ns);
	deadline_ns = hv_timer_check(vcpu);
	if (deadline_ns != PV_FOREVER && !timer->made)
		status = make(vcpu);
	if (status < 0)
		hv_vm_fail(vcpu->vm, "this host refuses a timer: %s",
			   strerror(-status));
	wait_until(vcpu, deadline_ns);
}
