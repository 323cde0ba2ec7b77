/* SPDX-License-Identifier: MIT
 *
 * A VM that never runs: an image in RAM, its layout, the hypervisor's page tables
 * and vCPUs at their entry, on an engine that executes nothing. It has all that a
 * dump shows, and needs no KVM.
 */
#ifndef TESTS_FAKE_VM_H
#define TESTS_FAKE_VM_H

#include <string.h>

#include "engine.h"
#include "machine.h"
#include "page-tables.h"
#include "vm.h"

struct fake_cpu {
	struct hv_cpu cpu;
	struct hv_regs regs;
};

struct fake_engine {
	struct hv_engine engine;
	struct fake_cpu cpu[PV_VCPUS_MAX];
};

static struct fake_engine fake;

static int fake_create(struct hv_engine **ret_engine,
		       const struct hv_memory *memory,
		       const struct hv_layout *layout, struct hv_window *window,
		       const struct hv_engine_options *options,
		       struct hv_error *err)
{
	struct hv_page_tables tables;

	(void)memory;
	(void)err;
	hv_page_tables_build(window, layout, options->vcpus, &tables);
	fake.engine.root_initial = tables.root;
	fake.engine.root_entry_kernel = tables.entry_kernel;
	fake.engine.root_entry_user = tables.entry_user;
	fake.engine.frame_cs = 0x33;
	fake.engine.frame_ss = 0x2b;
	*ret_engine = &fake.engine;
	return 0;
}

static void fake_free(struct hv_engine *engine)
{
	(void)engine;
}

static int fake_map_tables(struct hv_engine *engine, pv_gpa_t gpa, void *base,
			   uint64_t bytes)
{
	(void)engine;
	(void)gpa;
	(void)base;
	(void)bytes;
	return 0;
}

static int fake_cpu_create(struct hv_engine *engine, unsigned number,
			   struct hv_cpu **ret_cpu, struct hv_error *err)
{
	(void)engine;
	(void)err;
	*ret_cpu = &fake.cpu[number].cpu;
	return 0;
}

static struct hv_regs *fake_cpu_regs(struct hv_cpu *cpu)
{
	return &((struct fake_cpu *)(void *)cpu)->regs;
}

static int fake_cpu_bases(struct hv_cpu *cpu, struct hv_bases *ret_bases)
{
	(void)cpu;
	ret_bases->fs = 0xf5;
	ret_bases->gs = PV_WINDOW_BASE;
	return 0;
}

static void fake_cpu_kick(struct hv_cpu *cpu)
{
	(void)cpu;
}

static const struct hv_engine_ops fake_ops = {
	.name = "fake",
	.create = fake_create,
	.free = fake_free,
	.map_tables = fake_map_tables,
	.cpu_create = fake_cpu_create,
	.cpu_regs = fake_cpu_regs,
	.cpu_bases = fake_cpu_bases,
	.cpu_kick = fake_cpu_kick,
};

/* 0, or -1 with *err. One at a time; hv_machine_free takes it apart. */
static inline int fake_vm_make(struct hv_vm *ret_vm, const char *image_path,
			       unsigned vcpus, struct hv_error *err)
{
	char *argv[] = { (char *)(uintptr_t)image_path, NULL };
	const struct hv_machine_options options = {
		.image_path = image_path, .argc = 1, .argv = argv,
		.ram_bytes = 16 * HV_MIB, .engine = &fake_ops, .vcpus = vcpus,
	};

	memset(&fake, 0, sizeof(fake));
	fake.engine.ops = &fake_ops;
	memset(ret_vm, 0, sizeof(*ret_vm));
	return hv_machine_build(ret_vm, &options, err);
}

#endif
