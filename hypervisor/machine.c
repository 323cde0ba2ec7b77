/* SPDX-License-Identifier: MIT
 *
 * See machine.h.
 */
#include "machine.h"

#include <sched.h>

#include "block.h"
#include "boot-info.h"
#include "clock.h"
#include "console.h"
#include "feature-names.h"
#include "host-event.h"
#include "loop.h"
#include "native/native.h"
#include "net.h"

/* Longer than one hand-off between sleeping threads costs, so that a busy ring
 * never pays for one. */
#define POLL_NS 50000u

static uint64_t poll_ns(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0 &&
	    CPU_COUNT(&cpus) < 2)
		return 0;
	return POLL_NS;
}

static int make_memory(struct hv_vm *vm, uint64_t ram_bytes, struct hv_error *err)
{
	int status = hv_memory_create(&vm->memory, ram_bytes);

	if (!status)
		status = hv_window_create(&vm->window, ram_bytes);
	if (status < 0)
		return hv_memory_refused(ram_bytes, status, err);
	for (unsigned i = 0; i < vm->vcpus; i++) {
		vm->vcpu[i].page = hv_window_vcpu(&vm->window, i);
		vm->vcpu[i].page->number = i;
		vm->vcpu[i].page->run.state = PV_RUN_DOWN;
	}
	return 0;
}

static int load_image(struct hv_vm *vm,
		      const struct hv_machine_options *options,
		      struct hv_error *err)
{
	const struct hv_image *image = &vm->image;
	uint64_t ram_bytes = options->ram_bytes;

	if (hv_image_fits(image, ram_bytes, err) < 0 ||
	    hv_layout_make(&vm->layout, image, ram_bytes, err) < 0 ||
	    make_memory(vm, ram_bytes, err) < 0)
		return -1;
	return hv_image_load(image, vm->memory.base, err);
}

static int add_disks(struct hv_vm *vm, const struct hv_machine_options *options,
		     struct hv_error *err)
{
	for (unsigned i = 0; i < options->disks; i++)
		if (hv_block_add(vm, &options->disk[i], err) < 0)
			return -1;
	return 0;
}

static bool asks_for(const struct pv_note *note, uint64_t features)
{
	return !(features & ~(note->required | note->wanted));
}

static int add_nets(struct hv_vm *vm, const struct hv_machine_options *options,
		    struct hv_error *err)
{
	bool offload = asks_for(&vm->image.note,
				PV_FEATURE_NET | PV_FEATURE_NET_OFFLOAD);

	for (unsigned i = 0; i < options->nets; i++)
		if (hv_net_add(vm, &options->net[i], offload, err) < 0)
			return -1;
	return 0;
}

/* Start the clocks and grant what the note asks for and this host can give. */
static int grant_features(struct hv_vm *vm, struct hv_error *err)
{
	const struct pv_note *note = &vm->image.note;
	uint64_t offered = PV_FEATURE_INPUT | PV_FEATURE_RANDOM |
			   PV_FEATURE_BLOCK | PV_FEATURE_NET |
			   PV_FEATURE_NET_OFFLOAD | PV_FEATURES_KERNEL;
	char text[256];

	hv_clock_start(vm);
	if (vm->clock.mult)
		offered |= PV_FEATURE_CLOCK;
	if (!asks_for(note, PV_FEATURE_MMU))
		offered &= ~PV_FEATURE_USER;
	if (!asks_for(note, PV_FEATURE_NET))
		offered &= ~PV_FEATURE_NET_OFFLOAD;
	if (vm->engine->huge_pages)
		offered |= PV_FEATURE_HUGE_PAGES;
	for (unsigned i = 0; i < vm->vcpus; i++)
		hv_clock_fill(&vm->vcpu[i]);
	if (note->required & ~offered)
		return hv_fail(err, HV_STATUS_HOST,
			       "%s: the guest requires what this host cannot give: %s",
			       vm->image.file.path,
			       hv_features_text(note->required & ~offered, text,
						sizeof(text)));
	vm->features = offered & (note->required | note->wanted);
	return 0;
}

static int create_engine(struct hv_vm *vm, const struct hv_engine_ops *ops,
			 struct hv_error *err)
{
	const struct hv_engine_options options = {
		.vcpus = vm->vcpus,
		.features = vm->image.note.required | vm->image.note.wanted,
	};
	struct hv_cpu *cpu;

	if (ops->create(&vm->engine, &vm->memory, &vm->layout, &vm->window,
			&options, err) < 0)
		return -1;
	if (ops->cpu_create(vm->engine, 0, &cpu, err) < 0)
		return -1;
	vm->vcpu[0].cpu = cpu;
	return 0;
}

static void set_entry(struct hv_vm *vm)
{
	/* As after a call: the return address, 0, is in zeroed memory. */
	uint64_t rsp = vm->layout.stack_top - 8;

	hv_vcpu_boot(&vm->vcpu[0], vm->image.entry, rsp,
		     hv_window_addr(HV_WINDOW_BOOT));
}

static int check_engine(const struct hv_vm *vm,
			const struct hv_machine_options *options,
			struct hv_error *err)
{
	const char *path = options->image_path;

	if (!options->engine)
		return 0;
	if (vm->image.native && options->engine != &hv_engine_native)
		return hv_fail(err, HV_STATUS_USAGE,
			       "%s is a bare-metal kernel, which the engine %s cannot run: give --engine native, or none",
			       path, options->engine->name);
	if (!vm->image.native && options->engine == &hv_engine_native)
		return hv_fail(err, HV_STATUS_USAGE,
			       "%s is a paravirtual guest, which the native machine cannot run: give --engine kvm, or none",
			       path);
	return 0;
}

static int build_native(struct hv_vm *vm, const struct hv_machine_options *options,
			struct hv_error *err)
{
	if (options->paravirtual_only)
		return hv_fail(err, HV_STATUS_USAGE,
			       "%s is for paravirtual guests, and %s is a bare-metal kernel: leave it out",
			       options->paravirtual_only, options->image_path);
	return hv_native_build(vm, options, err);
}

static int build_paravirtual(struct hv_vm *vm,
			     const struct hv_machine_options *options,
			     struct hv_error *err)
{
	vm->poison = options->poison;
	if (options->host_events &&
	    hv_host_event_open(&vm->host_event, options->host_events, err) < 0)
		return -1;
	if (load_image(vm, options, err) < 0 ||
	    add_disks(vm, options, err) < 0 ||
	    add_nets(vm, options, err) < 0 ||
	    create_engine(vm, options->engine ? options->engine : &hv_engine_kvm,
			  err) < 0 ||
	    grant_features(vm, err) < 0 ||
	    hv_boot_info_fill(vm, options->argc, options->argv, err) < 0)
		return -1;
	set_entry(vm);
	return 0;
}

int hv_machine_build(struct hv_vm *vm, const struct hv_machine_options *options,
		     struct hv_error *err)
{
	vm->image.file.fd = -1;
	hv_vm_init(vm, options->vcpus);
	vm->poll_ns = poll_ns();
	vm->console = hv_console_create(vm);
	if (!vm->console)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	if (hv_image_open(&vm->image, options->image_path, err) < 0 ||
	    check_engine(vm, options, err) < 0)
		return -1;
	return vm->image.native ? build_native(vm, options, err)
				: build_paravirtual(vm, options, err);
}

/* A signal may still arrive: what its handler looks at goes first. */
static void stop_loop(struct hv_vm *vm)
{
	struct hv_loop *loop = vm->loop;

	vm->loop = NULL;
	hv_loop_stop(loop);
}

void hv_machine_free(struct hv_vm *vm)
{
	for (unsigned i = 0; i < vm->devices; i++)
		hv_pv_device_free(vm->device[i]);
	if (vm->native)
		hv_native_close_devices(vm->native);
	stop_loop(vm);
	hv_host_event_free(vm->host_event);
	hv_console_free(vm->console);
	if (vm->engine)
		vm->engine->ops->free(vm->engine);
	hv_image_done(&vm->image);
	hv_roots_done(&vm->roots);
	hv_window_done(&vm->window);
	hv_memory_done(&vm->memory);
}
