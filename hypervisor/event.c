/* SPDX-License-Identifier: MIT
 *
 * See event.h and, for the protocol, pvabi/vcpu.h.
 */
#include "event.h"

#include "engine.h"
#include "sleep.h"
#include "trap.h"
#include "user.h"
#include "vm.h"

/* A guest that polls has no handler and is left alone. */
static bool can_be_interrupted(struct hv_vcpu *vcpu)
{
	return atomic_load(&vcpu->upcall_entry) || atomic_load(&vcpu->in_user);
}

/* A vCPU that is woken may run before this thread goes on: all is said before. Who
 * finds upcalls_pending set leaves it to him who set it: a vCPU that has not looked
 * yet is not kicked again. */
void hv_event_raise(struct hv_vcpu *vcpu, unsigned port)
{
	struct pv_vcpu *page = vcpu->page;
	uint64_t bit = UINT64_C(1) << port % 64;
	bool first = false;

	__atomic_fetch_or(&page->pending[port / 64], bit, __ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&page->masked[port / 64], __ATOMIC_SEQ_CST) & bit))
		first = !__atomic_exchange_n(&page->upcalls_pending, 1,
					     __ATOMIC_SEQ_CST);
	if (atomic_load(&vcpu->place) == HV_PLACE_ASLEEP)
		hv_sleep_interrupt(vcpu);
	else if (first && can_be_interrupted(vcpu))
		hv_vcpu_kick(vcpu);
}

int64_t hv_event_send(struct hv_vcpu *caller, uint64_t number, uint64_t port)
{
	struct hv_vcpu *vcpu = hv_vcpu_numbered(caller->vm, number);

	if (!vcpu)
		return -PV_ENODEV;
	if (port < PV_PORT_FIRST_FREE || port >= PV_PORTS)
		return -PV_EINVAL;
	hv_event_raise(vcpu, (unsigned)port);
	return 0;
}

int64_t hv_upcall_set(struct hv_vcpu *vcpu, uint64_t entry, uint64_t stack)
{
	if (!hv_canonical(entry) || !hv_canonical(stack))
		return -PV_EINVAL;
	vcpu->upcall_stack = stack;
	atomic_store(&vcpu->upcall_entry, entry);
	return 0;
}

static uint32_t look(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static bool is_wanted(const struct hv_vcpu *vcpu)
{
	if (!look(&vcpu->page->upcalls_pending))
		return false;
	return atomic_load(&vcpu->in_user) ||
	       (atomic_load(&vcpu->upcall_entry) &&
		!look(&vcpu->page->upcalls_masked));
}

bool hv_upcall_due(const struct hv_vcpu *vcpu)
{
	return is_wanted(vcpu) && !vcpu->vm->engine->ops->cpu_busy(vcpu->cpu);
}

void hv_upcall_deliver(struct hv_vcpu *vcpu)
{
	const struct hv_engine_ops *ops = vcpu->vm->engine->ops;
	struct pv_frame upcall = { .vector = PV_VECTOR_UPCALL };

	if (atomic_load(&vcpu->in_user)) {
		hv_user_leave(vcpu, PV_USER_EVENT);
		return;
	}
	/* Past unmasking, its frame still before it: that goes first, or frames
	 * would pile up under a storm. */
	if (ops->cpu_returning(vcpu->cpu) &&
	    !hv_frame_pop(vcpu, ops->cpu_regs(vcpu->cpu)))
		return;
	vcpu->stats.upcalls++;
	__atomic_store_n(&vcpu->page->upcalls_masked, 1, __ATOMIC_RELAXED);
	hv_frame_push(vcpu, &upcall, atomic_load(&vcpu->upcall_entry),
		      vcpu->upcall_stack);
}

void hv_upcall_returned(struct hv_vcpu *vcpu)
{
	hv_frame_pop(vcpu, vcpu->vm->engine->ops->cpu_regs(vcpu->cpu));
}
