/* SPDX-License-Identifier: MIT
 *
 * See clock.h. Monotonic time runs at the counter's rate as KVM knows it, exact
 * to 1 kHz, and is not steered: it drifts from the host's by what the host's
 * own clock is steered. Deadlines are therefore compared in guest time only.
 */
#include "clock.h"

#include <x86intrin.h>

#include "engine.h"
#include "run-state.h"
#include "vm.h"

uint64_t hv_clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * HV_NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t hv_host_ns(void)
{
	return hv_clock_ns(CLOCK_MONOTONIC);
}

static void set_wall_offset(struct hv_vcpu *vcpu)
{
	struct pv_clock *clock = &vcpu->page->clock;
	uint64_t now = hv_clock_now(vcpu->vm), wall = hv_clock_ns(CLOCK_REALTIME);

	vcpu->clock_refresh_ns = now + HV_NS_PER_S;
	hv_seq_begin(&clock->seq);
	clock->wall_offset_ns = (int64_t)(wall - now);
	hv_seq_end(&clock->seq);
}

void hv_clock_start(struct hv_vm *vm)
{
	vm->clock.start_ns = hv_host_ns();
	if (vm->engine->tsc_khz) {
		vm->clock.tsc = __rdtsc();
		vm->clock.mult = (UINT64_C(1000000) << 32) / vm->engine->tsc_khz;
	}
}

void hv_clock_fill(struct hv_vcpu *vcpu)
{
	struct pv_clock *clock = &vcpu->page->clock;

	clock->tsc = vcpu->vm->clock.tsc;
	clock->mult = vcpu->vm->clock.mult;
	set_wall_offset(vcpu);
}

/* From the hypervisor's copy: the guest can write to its page. */
uint64_t hv_clock_now(const struct hv_vm *vm)
{
	uint64_t tsc;

	if (!vm->clock.mult)
		return hv_host_ns() - vm->clock.start_ns;
	tsc = __rdtsc();
	if (tsc < vm->clock.tsc)
		return 0;
	return (uint64_t)((unsigned __int128)(tsc - vm->clock.tsc) *
				  vm->clock.mult >> 32);
}

int64_t hv_clock_wall(void)
{
	return (int64_t)hv_clock_ns(CLOCK_REALTIME);
}

void hv_clock_refresh(struct hv_vcpu *vcpu)
{
	uint64_t now = hv_clock_now(vcpu->vm);

	if (now >= vcpu->clock_refresh_ns)
		set_wall_offset(vcpu);
	hv_run_state_refresh(vcpu, now);
}
