/* SPDX-License-Identifier: MIT
 *
 * A thread's alarm: at its time the kernel writes to the thread's memory and interrupts
 * KVM_RUN, as a signal would but without one. Other waits begin again by themselves.
 *
 * What it writes are two words. One is a byte elsewhere that becomes 1: of a vCPU, the
 * byte that keeps it out of the guest. So no alarm is lost between the last look before
 * KVM_RUN and KVM_RUN. The other is `armed`, which becomes 0. Both are written by the
 * thread itself, on its way out of the kernel.
 *
 * All of it is for the thread that made it.
 */
#ifndef HV_ALARM_H
#define HV_ALARM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct hv_alarm_ring;

struct hv_alarm {
	_Atomic uint32_t armed;     /* 1 until it rings; 0: it has, or never will */
	struct hv_alarm_ring *ring; /* NULL: not made */
};

/* 0 or -errno; then it is as before. */
int hv_alarm_make(struct hv_alarm *alarm, uint8_t *byte);
/* Nothing is written from here on. One that was not made is fine. */
void hv_alarm_done(struct hv_alarm *alarm);

/* Ring in after_ns, instead of when it would have. It may have rung on the way. One
 * system call, or two if it has; 0 or -errno. */
int hv_alarm_set(struct hv_alarm *alarm, uint64_t after_ns);

static inline bool hv_alarm_armed(const struct hv_alarm *alarm)
{
	return atomic_load_explicit(&alarm->armed, memory_order_relaxed);
}

#endif
