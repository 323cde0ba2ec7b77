/* SPDX-License-Identifier: MIT
 *
 * Making a native machine and taking it apart; read native.h first.
 */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../console.h"
#include "../engine-kvm.h"
#include "../kvm-stats.h"
#include "../machine.h"
#include "native.h"

/* ---- RAM */

void *hv_native_ram(const struct hv_vm *vm, pv_gpa_t gpa, uint64_t len)
{
	void *at = hv_memory_at(&vm->memory, gpa, len);

	/* The hole is host memory that the guest does not see. */
	if (at && len && gpa < HV_NATIVE_HOLE_END && gpa + len > HV_NATIVE_HOLE)
		return NULL;
	return at;
}

static int set_memory(struct hv_native *n, uint32_t slot, pv_gpa_t gpa,
		      uint64_t bytes)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot, .guest_phys_addr = gpa, .memory_size = bytes,
		.userspace_addr = (uintptr_t)n->vm->memory.base + gpa,
	};

	return ioctl(n->kvm, KVM_SET_USER_MEMORY_REGION, &region);
}

static int make_memory(struct hv_native *n, struct hv_error *err)
{
	bool beyond = n->ram_bytes > HV_NATIVE_HOLE;
	uint64_t below = beyond ? HV_NATIVE_HOLE : n->ram_bytes;
	uint64_t hole = beyond ? HV_NATIVE_HOLE_END - HV_NATIVE_HOLE : 0;
	int status = hv_memory_create(&n->vm->memory, n->ram_bytes + hole);

	if (status < 0)
		return hv_memory_refused(n->ram_bytes, status, err);
	if (set_memory(n, 0, 0, below) < 0 ||
	    (beyond && set_memory(n, 1, HV_NATIVE_HOLE_END,
				  n->ram_bytes - below) < 0))
		return hv_kvm_refuses(err, "the guest's memory");
	return 0;
}

static bool overlaps(const struct hv_segment *s, uint64_t from, uint64_t to)
{
	return s->gpa < to && s->gpa + s->memory_bytes > from;
}

static int load(struct hv_vm *vm, struct hv_error *err)
{
	const struct hv_image *image = &vm->image;

	if (hv_image_fits(image, vm->native->ram_bytes, err) < 0)
		return -1;
	for (unsigned i = 0; i < image->segments; i++)
		if (overlaps(&image->segment[i], HV_NATIVE_BOOT,
			     HV_NATIVE_BOOT_END) ||
		    overlaps(&image->segment[i], HV_NATIVE_HOLE, HV_NATIVE_HOLE_END))
			return hv_file_bad(&image->file, err,
					   "has a segment at %#llx, where the native machine has its tables or devices; link it at 0x100000",
					   (unsigned long long)image->segment[i].gpa);
	return hv_image_load(image, vm->memory.base, err);
}

/* ---- KVM's part of the machine */

static int add_kvm_devices(struct hv_native *n, struct hv_error *err)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity_map = HV_NATIVE_KVM_PAGES;

	/* For real mode on processors that need help there; others refuse, or do
	 * not care. */
	ioctl(n->kvm, KVM_SET_IDENTITY_MAP_ADDR, &identity_map);
	ioctl(n->kvm, KVM_SET_TSS_ADDR, HV_NATIVE_KVM_PAGES + PV_PAGE_BYTES);
	if (ioctl(n->kvm, KVM_CREATE_IRQCHIP, 0) < 0)
		return hv_kvm_refuses(err, "its interrupt controllers, which the native machine needs");
	if (ioctl(n->kvm, KVM_CREATE_PIT2, &pit) < 0)
		return hv_kvm_refuses(err, "its timer chip, which the native machine needs");
	return 0;
}

static int make_kvm(struct hv_native *n, struct hv_error *err)
{
	int bytes;

	n->dev = hv_kvm_open(err);
	if (n->dev < 0)
		return -1;
	bytes = ioctl(n->dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	n->kvm = ioctl(n->dev, KVM_CREATE_VM, 0);
	if (n->kvm < 0 || bytes < 0)
		return hv_kvm_refuses(err, "to create a VM");
	n->run_bytes = (size_t)bytes;
	hv_kvm_handle_signals();
	return add_kvm_devices(n, err);
}

static int look_at_host(struct hv_native *n, struct hv_error *err)
{
	struct hv_cpuid cpuid;

	hv_cpuid_fill(&cpuid);
	n->interpreted = hv_kvm_is_software(&cpuid);
	return hv_cpuid_check_reach(&cpuid, n->vm->memory.bytes, err);
}

const char *hv_native_warning(const struct hv_vm *vm)
{
	if (!vm->native || !vm->native->interpreted)
		return NULL;
	return "KVM on this host does without virtualization by the processor and interprets ring 0, at some half a microsecond an instruction: a bare-metal kernel is slow here, a paravirtual one is not";
}

/* ---- the whole */

static int add_devices(struct hv_native *n,
		       const struct hv_machine_options *options,
		       struct hv_error *err)
{
	n->serial = hv_serial_create(n);
	if (!n->serial)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	hv_bus_add(&n->bus, &hv_rtc);
	hv_bus_add(&n->bus, &hv_debug_exit);
	hv_bus_add(&n->bus, &hv_keyboard);
	for (unsigned i = 0; i < options->disks; i++)
		if (hv_virtio_block_add(&n->disk[i], n, i, &options->disk[i],
					err) < 0)
			return -1;
	for (unsigned i = 0; i < options->nets; i++)
		if (hv_virtio_net_add(&n->net[i], n, i, &options->net[i],
				      err) < 0)
			return -1;
	return 0;
}

static int add_vcpus(struct hv_native *n, struct hv_error *err)
{
	for (unsigned i = 0; i < n->vm->vcpus; i++)
		if (hv_native_cpu_create(n, i, err) < 0)
			return -1;
	return 0;
}

int hv_native_build(struct hv_vm *vm, const struct hv_machine_options *options,
		    struct hv_error *err)
{
	struct hv_native *n = calloc(1, sizeof(*n));
	pv_gpa_t start_info;

	if (!n)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	n->engine.ops = &hv_engine_native;
	n->dev = n->kvm = -1;
	n->vm = vm;
	n->ram_bytes = options->ram_bytes;
	vm->native = n;
	vm->engine = &n->engine;
	if (make_kvm(n, err) < 0 || make_memory(n, err) < 0 ||
	    look_at_host(n, err) < 0 || load(vm, err) < 0 ||
	    add_devices(n, options, err) < 0 || add_vcpus(n, err) < 0 ||
	    hv_native_tell(vm, options, &start_info, err) < 0)
		return -1;
	return hv_native_cpu_boot(n, start_info, err);
}

void hv_native_close_devices(struct hv_native *native)
{
	for (unsigned i = 0; i < HV_BLOCK_DEVICES_MAX; i++) {
		hv_virtio_block_free(native->disk[i]);
		native->disk[i] = NULL;
	}
	for (unsigned i = 0; i < HV_NETS_MAX; i++) {
		hv_virtio_net_free(native->net[i]);
		native->net[i] = NULL;
	}
}

static struct json_object *native_counters(struct hv_engine *engine)
{
	struct hv_native *n = (struct hv_native *)(void *)engine;
	int fd[PV_VCPUS_MAX];

	for (unsigned i = 0; i < n->vm->vcpus; i++)
		fd[i] = n->cpu[i].fd;
	return hv_kvm_stats(fd, n->vm->vcpus);
}

static void native_free(struct hv_engine *engine)
{
	struct hv_native *n = (struct hv_native *)(void *)engine;

	for (unsigned i = 0; i < PV_VCPUS_MAX; i++)
		hv_native_cpu_done(&n->cpu[i]);
	hv_serial_free(n->serial);
	if (n->kvm >= 0)
		close(n->kvm);
	if (n->dev >= 0)
		close(n->dev);
	free(n);
}

const struct hv_engine_ops hv_engine_native = {
	.name = "native",
	.free = native_free,
	.counters = native_counters,
	.cpu_kick = hv_native_cpu_kick,
};
