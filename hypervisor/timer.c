/* SPDX-License-Identifier: MIT
 *
 * See timer.h. Three may find that a timer is due: the loop, the vCPU that sets it
 * and the vCPU that is about to sleep. Whoever takes the deadline away raises the
 * port, so it fires once.
 *
 * A kernel sets its timer far more often than it lets it fire. So the loop is told
 * only of a deadline before the one it waits for; having waited for an older one
 * it looks at what is set now.
 */
#include "timer.h"

#include <errno.h>
#include <liburing.h>
#include <pvabi/pvabi.h>

#include "clock.h"
#include "event.h"
#include "vm.h"

/* Longer waits are cut into these, so that no sum can wrap. */
#define LONGEST_NS (UINT64_C(3600) * HV_NS_PER_S)

static struct hv_vcpu *vcpu_of(struct hv_timer *timer)
{
	return HV_OWNER(timer, struct hv_vcpu, timer);
}

uint64_t hv_timer_check(struct hv_vcpu *vcpu)
{
	_Atomic uint64_t *deadline = &vcpu->timer.deadline_ns;
	uint64_t at = atomic_load(deadline);

	if (at == PV_FOREVER || hv_clock_now(vcpu->vm) < at)
		return at;
	if (atomic_compare_exchange_strong(deadline, &at, PV_FOREVER))
		hv_event_raise(vcpu, PV_PORT_TIMER);
	return atomic_load(deadline);
}

static struct __kernel_timespec span(uint64_t ns)
{
	return (struct __kernel_timespec){
		.tv_sec = (long long)(ns / HV_NS_PER_S),
		.tv_nsec = (long long)(ns % HV_NS_PER_S),
	};
}

/* Wait for the deadline that is set now, instead of what was waited for. */
static void wait_anew(struct hv_timer *timer)
{
	struct hv_loop *loop = timer->loop;
	uint64_t at, now, left;

	/* First none, so that whoever sets one meanwhile asks us to look. */
	atomic_store(&timer->due_ns, PV_FOREVER);
	at = hv_timer_check(vcpu_of(timer));
	if (at == PV_FOREVER || hv_loop_stopping(loop))
		return;
	now = hv_clock_now(vcpu_of(timer)->vm);
	left = at > now ? at - now : 0;
	timer->after = span(left < LONGEST_NS ? left : LONGEST_NS);
	atomic_store(&timer->due_ns, at);
	if (timer->under_way) {
		io_uring_prep_timeout_update(hv_loop_sqe(loop, NULL),
					     &timer->after,
					     (uintptr_t)&timer->io, 0);
	} else {
		timer->under_way = true;
		io_uring_prep_timeout(hv_loop_sqe(loop, &timer->io),
				      &timer->after, 0, 0);
	}
}

static void on_time(struct hv_io *io, int result)
{
	struct hv_timer *timer = HV_OWNER(io, struct hv_timer, io);

	timer->under_way = false;
	if (result == -ETIME)
		wait_anew(timer);
}

static void look(struct hv_job *job)
{
	struct hv_timer *timer = HV_OWNER(job, struct hv_timer, job);

	atomic_store(&timer->posted, false);
	wait_anew(timer);
}

void hv_timer_init(struct hv_timer *timer)
{
	atomic_init(&timer->deadline_ns, PV_FOREVER);
	atomic_init(&timer->due_ns, PV_FOREVER);
	timer->job.run = look;
	timer->io.done = on_time;
}

int64_t hv_timer_set(struct hv_vcpu *vcpu, uint64_t deadline_ns)
{
	struct hv_timer *timer = &vcpu->timer;
	struct hv_loop *loop;

	atomic_store(&timer->deadline_ns, deadline_ns);
	if (hv_timer_check(vcpu) == PV_FOREVER ||
	    deadline_ns >= atomic_load(&timer->due_ns))
		return 0;
	loop = hv_vm_loop(vcpu->vm);
	if (loop && !atomic_exchange(&timer->posted, true)) {
		if (!timer->loop) /* from now on the loop looks at it */
			timer->loop = loop;
		hv_loop_post(loop, &timer->job);
	}
	return 0;
}
