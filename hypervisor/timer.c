/* SPDX-License-Identifier: MIT
 *
 * See timer.h. Not an operation of the loop's: that would wake one thread on another CPU
 * for it to interrupt this one, once to set it and once when it fires. The alarm finds
 * the thread where it is: in the guest, which it leaves, or anywhere else, from where it
 * looks before it goes there. BLOCK waits for the deadline itself.
 */
#include "timer.h"

#include <string.h>

#include "clock.h"
#include "event.h"
#include "vm.h"

/* Relative: the guest's clock is not the host's, if nearly. */
static int set_alarm(struct hv_vcpu *vcpu)
{
	struct hv_timer *timer = &vcpu->timer;
	uint64_t now = hv_clock_now(vcpu->vm), at = timer->deadline_ns;
	uint64_t left = at > now ? at - now : 0;

	return hv_alarm_set(&timer->alarm,
			    left < HV_WAIT_MOST_NS ? left : HV_WAIT_MOST_NS);
}

/* Most guests have no timer: its alarm is made at the first use. */
static void wait_on(struct hv_vcpu *vcpu)
{
	struct hv_alarm *alarm = &vcpu->timer.alarm;
	int status = 0;

	if (!alarm->ring)
		status = hv_alarm_make(alarm, vcpu->vm->engine->ops->cpu_kick_byte(
						      vcpu->cpu));
	if (status == 0)
		status = set_alarm(vcpu);
	if (status < 0)
		hv_vm_fail(vcpu->vm, "this host refuses an io_uring, for a timer: %s (`paravane doctor` tells more)",
			   strerror(-status));
}

static void fire_if_due(struct hv_vcpu *vcpu)
{
	if (hv_clock_now(vcpu->vm) < vcpu->timer.deadline_ns)
		return;
	vcpu->timer.deadline_ns = PV_FOREVER;
	hv_event_raise(vcpu, PV_PORT_TIMER);
}

void hv_timer_look(struct hv_vcpu *vcpu)
{
	fire_if_due(vcpu);
	if (hv_timer_rang(&vcpu->timer))
		wait_on(vcpu);
}

/* An alarm that is armed, and for nothing, is put off: it would interrupt the guest. */
void hv_timer_set(struct hv_vcpu *vcpu, uint64_t deadline_ns)
{
	struct hv_timer *timer = &vcpu->timer;

	timer->deadline_ns = deadline_ns;
	fire_if_due(vcpu);
	if (hv_timer_pending(timer) || hv_alarm_armed(&timer->alarm))
		wait_on(vcpu);
}

void hv_timer_init(struct hv_timer *timer)
{
	*timer = (struct hv_timer){ .deadline_ns = PV_FOREVER };
}

void hv_timer_done(struct hv_timer *timer)
{
	hv_alarm_done(&timer->alarm);
}
