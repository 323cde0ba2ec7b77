/* SPDX-License-Identifier: MIT
 *
 * The native machine: what a bare-metal kernel finds where there is no
 * paravirtualization. Its vCPUs run at ring 0 under KVM, and what they do that a
 * kernel may not is trapped and emulated: by KVM (privileged instructions, local APIC,
 * I/O APIC, PIC, PIT), or here (the other devices).
 *
 * This header is the map. Files, disks, the loop, the console, signals, --timeout and
 * --stats are those of paravirtual guests; of struct hv_vm a native machine uses no
 * window, layout, roots or blocks, and of struct hv_vcpu only cpu, thread and stats.
 */
#ifndef HV_NATIVE_H
#define HV_NATIVE_H

#include <linux/kvm.h>
#include <pvabi/vcpu.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/types.h>

#include "../engine.h"
#include "../vm.h"
#include "device.h"
#include "virtio.h"

struct hv_machine_options;
struct json_object;

/* ---- guest-physical addresses. RAM ends below the devices and goes on at 4 GiB. */

#define HV_NATIVE_ROM 0xa0000u /* no RAM as far as the memory map tells */
#define HV_NATIVE_BOOT 0xe0000u /* ACPI's tables and the boot info lie here */
#define HV_NATIVE_BOOT_END 0xf0000u
#define HV_NATIVE_ROM_END 0x100000u
#define HV_NATIVE_HOLE UINT64_C(0xc0000000)
#define HV_NATIVE_VIRTIO 0xfeb00000u /* one page a device */
#define HV_NATIVE_IOAPIC 0xfec00000u /* this and the next are KVM's */
#define HV_NATIVE_LAPIC 0xfee00000u
#define HV_NATIVE_KVM_PAGES 0xfeffc000u /* four, for KVM on old processors */
#define HV_NATIVE_HOLE_END UINT64_C(0x100000000)

#define HV_NATIVE_SERIAL_GSI 4u

enum hv_native_exit {
	HV_NATIVE_EXIT_PORT,
	HV_NATIVE_EXIT_MMIO,
	HV_NATIVE_EXIT_KICKED, /* a signal: somebody wants attention */
	HV_NATIVE_EXIT_DEAD,   /* the vCPU cannot go on */
	HV_NATIVE_EXITS
};

struct hv_native_cpu {
	struct hv_cpu cpu; /* first: ops take a pointer to it */
	struct hv_native *native;
	struct hv_vcpu *vcpu;
	int fd;
	struct kvm_run *run;
	_Atomic pid_t thread; /* that runs it; 0: none yet */
	uint64_t exits[HV_NATIVE_EXITS];
};

struct hv_native {
	struct hv_engine engine; /* first: ops take a pointer to it */
	struct hv_vm *vm;
	uint64_t ram_bytes; /* without the hole, which vm->memory has */
	int dev, kvm; /* /dev/kvm, and the VM */
	size_t run_bytes;
	bool interpreted; /* ring 0 is: see hv_native_warning */
	struct hv_native_cpu cpu[PV_VCPUS_MAX];
	struct hv_bus bus;
	struct hv_serial *serial;
	struct hv_virtio_block *disk[HV_BLOCK_DEVICES_MAX];
	struct hv_virtio_net *net[HV_NETS_MAX];
	unsigned virtios; /* virtio devices that there are */
};

/* machine.c: what machine.h does, for a native image. */
int hv_native_build(struct hv_vm *vm, const struct hv_machine_options *options,
		    struct hv_error *err);
/* Before the loop stops. */
void hv_native_close_devices(struct hv_native *native);
/* What to tell the user before it runs; NULL: nothing. */
const char *hv_native_warning(const struct hv_vm *vm);
/* Host address of RAM, or NULL if any byte of it is something else. */
void *hv_native_ram(const struct hv_vm *vm, pv_gpa_t gpa, uint64_t len);

/* cpu.c: */
int hv_native_cpu_create(struct hv_native *native, unsigned number,
			 struct hv_error *err);
void hv_native_cpu_done(struct hv_native_cpu *cpu);
void hv_native_cpu_kick(struct hv_cpu *cpu);
/* The first one's registers: as PVH wants them. */
int hv_native_cpu_boot(struct hv_native *native, pv_gpa_t start_info,
		       struct hv_error *err);
/* Run it until the VM ends; the first one starts the others. */
void hv_native_live(struct hv_vcpu *vcpu);

/* exit.c: what KVM_RUN returned for. */
void hv_native_exit(struct hv_native_cpu *cpu);
/* This vCPU cannot go on: the VM ends with this and where it was. */
void hv_native_dead(struct hv_native_cpu *cpu, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* cpuid.c: the processor, as vCPU `number` sees it. */
int hv_native_set_cpuid(struct hv_native *native, int vcpu, unsigned number);

/* pvh.c: write all that a PVH kernel is told at its entry, and ACPI's tables, into
 * RAM. Fails if the arguments do not fit. */
int hv_native_tell(struct hv_vm *vm, const struct hv_machine_options *options,
		   pv_gpa_t *ret_start_info, struct hv_error *err);

/* acpi.c: write the tables at gpa; how many bytes, or 0 if there is less room. The
 * first is the RSDP. */
uint64_t hv_acpi_write(uint8_t *to, uint64_t room, pv_gpa_t gpa, unsigned vcpus);

/* stats.c: what --stats tells of it. */
void hv_native_stats(struct hv_vm *vm, struct json_object *o);

#endif
