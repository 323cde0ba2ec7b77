/* SPDX-License-Identifier: MIT
 *
 * See run-state.h. What a thread neither slept nor ran was stolen: the host's CPU
 * was somebody else's. Linux counts the time a thread has run, so nothing need be
 * counted here, and a guest that does not look pays next to nothing.
 */
#include "run-state.h"

#include "clock.h"
#include "vm.h"

#define REFRESH_NS 1000000

static uint64_t cpu_ns(void)
{
	return hv_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static uint64_t since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

static void show(struct hv_vcpu *vcpu, uint64_t now, uint64_t state_since,
		 enum pv_run_state state)
{
	struct pv_run *run = &vcpu->page->run;
	bool up = state != PV_RUN_DOWN;
	uint64_t ran = up ? since(cpu_ns(), vcpu->run.cpu_began_ns) : 0;
	uint64_t passed = up ? since(now, vcpu->run.began_ns) : 0;
	uint64_t blocked = vcpu->run.blocked_now_ns;

	vcpu->run.refresh_ns = now + REFRESH_NS;
	hv_seq_begin(&run->seq);
	run->state = state;
	run->since_ns = state_since;
	run->running_ns = vcpu->run.running_ns + ran;
	run->blocked_ns = vcpu->run.blocked_ns + blocked;
	run->stolen_ns = vcpu->run.stolen_ns + since(passed, ran + blocked);
	run->renewed_ns = now;
	hv_seq_end(&run->seq);
}

/* The state alone: what happens at each BLOCK must cost little. */
static void show_state(struct hv_vcpu *vcpu, uint64_t now,
		       enum pv_run_state state)
{
	struct pv_run *run = &vcpu->page->run;

	hv_seq_begin(&run->seq);
	run->state = state;
	run->since_ns = now;
	hv_seq_end(&run->seq);
}

void hv_run_state_up(struct hv_vcpu *vcpu)
{
	uint64_t now = hv_clock_now(vcpu->vm);

	vcpu->run.began_ns = now;
	vcpu->run.cpu_began_ns = cpu_ns();
	vcpu->run.blocked_now_ns = 0;
	show(vcpu, now, now, PV_RUN_RUNNING);
}

void hv_run_state_down(struct hv_vcpu *vcpu)
{
	uint64_t now = hv_clock_now(vcpu->vm);
	uint64_t ran = since(cpu_ns(), vcpu->run.cpu_began_ns);
	uint64_t passed = since(now, vcpu->run.began_ns);
	uint64_t blocked = vcpu->run.blocked_now_ns;

	vcpu->run.running_ns += ran;
	vcpu->run.blocked_ns += blocked;
	vcpu->run.stolen_ns += since(passed, ran + blocked);
	vcpu->run.blocked_now_ns = 0;
	show(vcpu, now, now, PV_RUN_DOWN);
}

void hv_run_state_block(struct hv_vcpu *vcpu)
{
	vcpu->run.blocked_since_ns = hv_clock_now(vcpu->vm);
	show_state(vcpu, vcpu->run.blocked_since_ns, PV_RUN_BLOCKED);
}

void hv_run_state_unblock(struct hv_vcpu *vcpu)
{
	uint64_t now = hv_clock_now(vcpu->vm);

	vcpu->run.blocked_now_ns += since(now, vcpu->run.blocked_since_ns);
	show_state(vcpu, now, PV_RUN_RUNNING);
}

void hv_run_state_refresh(struct hv_vcpu *vcpu, uint64_t now)
{
	if (now >= vcpu->run.refresh_ns)
		show(vcpu, now, vcpu->page->run.since_ns, PV_RUN_RUNNING);
}
