/* SPDX-License-Identifier: MIT
 *
 * See space.h. Flushing is the engine's; what is here is whose, and when. KVM has no
 * call that flushes a single page of another vCPU, so more is flushed than asked.
 */
#include "space.h"

#include <pvabi/pvabi.h>

#include "engine.h"
#include "roots.h"
#include "vm.h"

static int64_t copy(struct hv_vm *vm, struct hv_root *root, bool user)
{
	if (root->guest == PV_ROOT_INITIAL && !user) {
		root->copy = vm->engine->root_initial;
		return 0;
	}
	return hv_roots_copy(vm, root, user);
}

/* A status of the contract from one of the host. */
static int64_t flush(struct hv_vcpu *vcpu)
{
	const struct hv_engine_ops *ops = vcpu->vm->engine->ops;

	vcpu->stats.flushes++;
	if (ops->cpu_flush(vcpu->cpu, hv_vcpu_tables(vcpu)) == 0)
		return 0;
	hv_vm_fail(vcpu->vm, "KVM does not set a vCPU's page tables");
	return -PV_EIO;
}

int64_t hv_space_load(struct hv_vcpu *vcpu, pv_gpa_t root)
{
	struct hv_root loaded = { .guest = root };
	int64_t status = copy(vcpu->vm, &loaded, false);

	if (status < 0)
		return status;
	vcpu->kernel_root = loaded;
	return flush(vcpu);
}

/* A root may go bad while it is in use. The copy that was good serves on, unless
 * it went with all others. */
static int64_t renew(struct hv_vcpu *vcpu, struct hv_root *root, bool user)
{
	int64_t status = copy(vcpu->vm, root, user);

	if (status < 0 && !hv_root_holds(&vcpu->vm->roots, root))
		hv_guest_kill(vcpu->vm,
			      "the page-table root at 0x%llx went bad while vCPU %u used it",
			      (unsigned long long)root->guest, vcpu->number);
	return status;
}

int64_t hv_space_kernel_copy(struct hv_vcpu *vcpu)
{
	return renew(vcpu, &vcpu->kernel_root, false);
}

int64_t hv_space_reload(struct hv_vcpu *vcpu)
{
	int64_t status = atomic_load(&vcpu->in_user)
				 ? renew(vcpu, &vcpu->user_root, true)
				 : hv_space_kernel_copy(vcpu);
	int64_t flushed = flush(vcpu);

	return status < 0 ? status : flushed;
}

static bool names_absent(const struct hv_vm *vm, uint64_t vcpus)
{
	return vm->vcpus < PV_VCPUS_MAX && vcpus >> vm->vcpus;
}

/* All are told first, so that they leave the guest at the same time. */
static void flush_others(struct hv_vcpu *caller, uint64_t vcpus)
{
	struct hv_vm *vm = caller->vm;

	vcpus &= ~(UINT64_C(1) << caller->number);
	for (uint64_t left = vcpus; left; left &= left - 1) {
		struct hv_vcpu *vcpu = &vm->vcpu[__builtin_ctzll(left)];

		atomic_store(&vcpu->reload, true);
		hv_vcpu_kick(vcpu);
	}
	for (uint64_t left = vcpus; left; left &= left - 1)
		hv_vcpu_kick_out(&vm->vcpu[__builtin_ctzll(left)]);
}

int64_t hv_space_flush(struct hv_vcpu *caller, uint64_t vcpus)
{
	if (names_absent(caller->vm, vcpus))
		return -PV_EINVAL;
	flush_others(caller, vcpus);
	return vcpus >> caller->number & 1 ? hv_space_reload(caller) : 0;
}
