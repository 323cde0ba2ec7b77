/* SPDX-License-Identifier: MIT
 *
 * What a vCPU of the native machine has left the guest for.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../symbols.h"
#include "native.h"

#define RESET_VECTOR 0xfffffff0u
/* Of an instruction: the longest has 15, but some ten tell it all. */
#define BYTES_SHOWN 10u

/* ---- a vCPU that cannot go on */

/* "at 0x100230 (name+0x10) of vCPU 1" */
static const char *where(const struct hv_native_cpu *c, uint64_t rip,
			 char *text, size_t bytes)
{
	uint64_t offset;
	const char *name = hv_symbol_at(&c->native->vm->image, rip, &offset);
	int n = snprintf(text, bytes, "at 0x%llx", (unsigned long long)rip);

	if (name)
		n += snprintf(text + n, bytes - (size_t)n, " (%.60s+0x%llx)",
			      name, (unsigned long long)offset);
	if (c->native->vm->vcpus > 1)
		snprintf(text + n, bytes - (size_t)n, " of vCPU %u",
			 c->vcpu->number);
	return text;
}

/* As a linear address: code segments have a base in 16- and 32-bit modes. */
static uint64_t rip_of(const struct hv_native_cpu *c)
{
	struct kvm_regs regs = { .rip = 0 };
	struct kvm_sregs sregs = { .cr0 = 0 };

	ioctl(c->fd, KVM_GET_REGS, &regs);
	ioctl(c->fd, KVM_GET_SREGS, &sregs);
	return sregs.cs.l ? regs.rip : (uint32_t)(sregs.cs.base + regs.rip);
}

void hv_native_dead(struct hv_native_cpu *c, const char *format, ...)
{
	char place[128], what[120];
	va_list args;

	c->exits[HV_NATIVE_EXIT_DEAD]++;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	hv_guest_kill(c->native->vm, "%s, %s", what,
		      where(c, rip_of(c), place, sizeof(place)));
}

/* The instruction's bytes in RAM, up to the end of its page. */
static unsigned instruction(const struct hv_native_cpu *c, uint64_t rip,
			    uint8_t bytes[BYTES_SHOWN])
{
	struct kvm_translation to = { .linear_address = rip };
	unsigned n = 0;

	if (ioctl(c->fd, KVM_TRANSLATE, &to) < 0 || !to.valid)
		return 0;
	while (n < BYTES_SHOWN && (n == 0 || (rip + n) % PV_PAGE_BYTES)) {
		const uint8_t *at = hv_native_ram(c->native->vm,
						  to.physical_address + n, 1);

		if (!at)
			break;
		bytes[n++] = *at;
	}
	return n;
}

static void cannot_emulate(struct hv_native_cpu *c)
{
	uint8_t bytes[BYTES_SHOWN];
	uint64_t rip = rip_of(c);
	unsigned n = instruction(c, rip, bytes);
	char text[BYTES_SHOWN * 3 + 1] = "", place[128];

	if (!n) {
		hv_native_dead(c, "there is no RAM where it executes");
		return;
	}
	for (unsigned i = 0; i < n; i++)
		snprintf(text + 3 * i, 4, " %02x", bytes[i]);
	c->exits[HV_NATIVE_EXIT_DEAD]++;
	where(c, rip, place, sizeof(place));
	if (c->native->interpreted)
		hv_guest_kill(c->native->vm,
			      "KVM interprets ring 0 here and does not know the instruction %s, bytes%s; if it is one of SSE or AVX, compile the kernel with -mgeneral-regs-only",
			      place, text);
	else
		hv_guest_kill(c->native->vm,
			      "KVM cannot emulate the instruction %s, bytes%s",
			      place, text);
}

/* AMD-V forgets where it was, and KVM shows a vCPU after reset. */
static void triple_fault(struct hv_native_cpu *c)
{
	static const char what[] = "triple fault: an exception could not be delivered";

	if (rip_of(c) != RESET_VECTOR) {
		hv_native_dead(c, "%s", what);
		return;
	}
	c->exits[HV_NATIVE_EXIT_DEAD]++;
	hv_guest_kill(c->native->vm, "%s; this processor does not tell where, of vCPU %u",
		      what, c->vcpu->number);
}

/* ---- devices */

static void on_port(struct hv_native_cpu *c)
{
	struct kvm_run *run = c->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	c->exits[HV_NATIVE_EXIT_PORT]++;
	for (uint32_t i = 0; i < run->io.count; i++, data += run->io.size)
		hv_bus_access(&c->native->bus, c->vcpu, true, run->io.port, data,
			      run->io.size, run->io.direction == KVM_EXIT_IO_OUT);
}

static void on_mmio(struct hv_native_cpu *c)
{
	struct kvm_run *run = c->run;

	c->exits[HV_NATIVE_EXIT_MMIO]++;
	hv_bus_access(&c->native->bus, c->vcpu, false, run->mmio.phys_addr,
		      run->mmio.data, run->mmio.len, run->mmio.is_write);
}

void hv_native_exit(struct hv_native_cpu *c)
{
	switch (c->run->exit_reason) {
	case KVM_EXIT_IO:
		on_port(c);
		break;
	case KVM_EXIT_MMIO:
		on_mmio(c);
		break;
	case KVM_EXIT_INTR:
		c->exits[HV_NATIVE_EXIT_KICKED]++;
		break;
	case KVM_EXIT_SHUTDOWN:
		triple_fault(c);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		if (c->run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION)
			cannot_emulate(c);
		else
			hv_native_dead(c, "KVM cannot go on (suberror %u)",
				       c->run->internal.suberror);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		hv_native_dead(c, "the processor refuses the guest's state (0x%llx)",
			       (unsigned long long)c->run->fail_entry
				       .hardware_entry_failure_reason);
		break;
	default:
		hv_native_dead(c, "KVM exit %u", c->run->exit_reason);
	}
}
