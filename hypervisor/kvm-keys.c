/* SPDX-License-Identifier: MIT
 *
 * See kvm-keys.h. What is in the slot and in the stub is in kvm-tables.c.
 */
#include "kvm-keys.h"

static bool is_between(const struct hv_regs *regs, uint32_t from, uint32_t to)
{
	return regs->rip - hv_window_addr(from) < to - from;
}

static void go_by_stub(struct hv_kvm_cpu *c, struct hv_regs *regs)
{
	c->allowing = true;
	c->after_keys = *regs;
	regs->rip = hv_window_addr(HV_KVM_KEYS_STUB);
	regs->rflags = HV_RFLAGS_ALWAYS; /* no single steps */
}

void hv_kvm_keys_begin(struct hv_kvm_cpu *c, struct hv_regs *regs)
{
	c->allowing = false;
	if (atomic_load(&c->kvm->keys))
		go_by_stub(c, regs);
}

bool hv_kvm_keys_divert(struct hv_kvm_cpu *c, struct hv_regs *regs)
{
	if (!atomic_load(&c->kvm->keys) || c->user ||
	    !is_between(regs, HV_KVM_KEYS_FROM, HV_KVM_KEYS_DONE))
		return false;
	if (is_between(regs, HV_KVM_KEYS_FROM, HV_KVM_KEYS_SAVED))
		regs->r8 = regs->rax;
	regs->rip = hv_window_addr(HV_KVM_KEYS_DONE);
	go_by_stub(c, regs);
	return true;
}

bool hv_kvm_keys_allowed(struct hv_kvm_cpu *c, struct hv_regs *regs)
{
	if (!c->allowing)
		return false;
	c->allowing = false;
	*regs = c->after_keys;
	return true;
}

bool hv_kvm_keys_fault(struct hv_kvm_cpu *c, struct hv_regs *regs,
		       unsigned vector)
{
	bool in_slot = !c->user &&
		       is_between(regs, HV_KVM_KEYS_FROM, HV_KVM_KEYS_DONE);

	if (vector == HV_VECTOR_DEBUG)
		return in_slot && atomic_load(&c->kvm->keys);
	if (vector != HV_VECTOR_UNDEFINED || !(in_slot || c->allowing))
		return false;
	atomic_store(&c->kvm->keys, false);
	hv_kvm_without_keys(c->kvm->window);
	if (!hv_kvm_keys_allowed(c, regs))
		regs->rip = hv_window_addr(HV_KVM_KEYS_DONE);
	return true;
}
