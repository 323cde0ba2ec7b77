/* SPDX-License-Identifier: MIT
 *
 * make-dump IMAGE FILE [VCPUS [FAULT-ADDRESS]]: a dump of a guest that never ran, to
 * try its readers where there is no KVM. The last vCPU is in user mode, on page
 * tables at 0x800000 that map what make_tables() says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dump.h"
#include "fake-vm.h"

#define ROOT UINT64_C(0x800000)
#define ALL (HV_PT_PRESENT | HV_PT_WRITE | HV_PT_USER)

static void put(struct hv_vm *vm, pv_gpa_t table, unsigned index, uint64_t entry)
{
	*(uint64_t *)hv_memory_at(&vm->memory, table + index * 8u, 8) = entry;
}

/* 0x8000000000 and on: 1 GiB from 0, large; 0x8040000000: 4 KiB at 0x900000,
 * read-only, then one with no rights for user mode, one that is absent, one past all
 * memory; 0x8040200000: 2 MiB at 0xa00000; then a large one with reserved bits and a
 * table in no memory. */
static void make_tables(struct hv_vm *vm)
{
	put(vm, ROOT, 1, (ROOT + 0x1000) | ALL);
	put(vm, ROOT + 0x1000, 0, 0 | HV_PT_LARGE | ALL);
	put(vm, ROOT + 0x1000, 1, (ROOT + 0x2000) | ALL);
	put(vm, ROOT + 0x2000, 0, (ROOT + 0x3000) | ALL);
	put(vm, ROOT + 0x2000, 1, 0xa00000 | HV_PT_LARGE | HV_PT_NO_EXEC | ALL);
	put(vm, ROOT + 0x2000, 2, 0xa02000 | HV_PT_LARGE | ALL);
	put(vm, ROOT + 0x2000, 3, UINT64_C(0x7000000000) | ALL);
	put(vm, ROOT + 0x3000, 0, 0x900000 | HV_PT_PRESENT | HV_PT_USER |
					  HV_PT_ACCESSED | HV_PT_DIRTY);
	put(vm, ROOT + 0x3000, 1, 0x901000 | HV_PT_PRESENT | HV_PT_WRITE);
	put(vm, ROOT + 0x3000, 3, UINT64_C(0x7000000000) | ALL);
	memcpy(hv_memory_at(&vm->memory, 0x900ff8, 8), "the end", 8);
}

static int set_state(struct hv_vm *vm, unsigned vcpus)
{
	for (unsigned i = 0; i < vcpus; i++) {
		struct hv_vcpu *vcpu = &vm->vcpu[i];

		vcpu->cpu = &fake.cpu[i].cpu;
		fake.cpu[i].regs = vm->vcpu[0].entry_regs;
		fake.cpu[i].regs.rax = 0x8040000ff8;
		fake.cpu[i].regs.rbx = i;
		vcpu->begun = true;
		atomic_store(&vcpu->up, true);
		vcpu->kernel_root = PV_ROOT_INITIAL;
		vcpu->kernel_copy = fake.engine.root_initial;
	}
	if (vcpus < 2)
		return 0;
	make_tables(vm);
	vm->vcpu[vcpus - 1].user_root = ROOT;
	atomic_store(&vm->vcpu[vcpus - 1].in_user, true);
	return hv_roots_copy(&vm->vcpu[vcpus - 1], ROOT, true,
			     &vm->vcpu[vcpus - 1].user_copy) < 0;
}

static void set_fault(struct hv_vm *vm, uint64_t address)
{
	vm->crashed = vm->crash_faulted = true;
	vm->crash_regs = fake.cpu[0].regs;
	vm->crash_tables = fake.engine.root_initial;
	vm->crash_address = address;
	hv_guest_kill(vm, "page fault, made up");
}

int main(int argc, char **argv)
{
	unsigned vcpus = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
	struct hv_error err = { .text = "" };
	struct hv_dump_file file;
	static struct hv_vm vm;
	int status = EXIT_FAILURE;

	if (argc < 3 || vcpus < 1 || vcpus > PV_VCPUS_MAX) {
		fprintf(stderr, "make-dump IMAGE FILE [VCPUS [FAULT-ADDRESS]]\n");
		return EXIT_FAILURE;
	}
	if (fake_vm_make(&vm, argv[1], vcpus, &err) == 0 &&
	    set_state(&vm, vcpus) == 0 &&
	    hv_dump_file_open(&file, argv[2], &err) == 0) {
		if (argc > 4)
			set_fault(&vm, strtoull(argv[4], NULL, 0));
		if (hv_dump_write(&vm, &file, &err) == 0)
			status = EXIT_SUCCESS;
		hv_dump_file_done(&file);
	}
	if (status != EXIT_SUCCESS)
		fprintf(stderr, "make-dump: %s\n", err.text);
	hv_machine_free(&vm);
	return status;
}
