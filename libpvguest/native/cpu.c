/* SPDX-License-Identifier: MIT
 *
 * A processor as the kernel wants it: segments, the task-state segment, control
 * registers, SYSCALL, and the interrupt table. What a paravirtual guest is given at
 * its entry (<pvabi/boot.h>).
 *
 * SDM volume 3: 3.4 and 3.5 (segments), 8.7 (TSS), 6.10 and 6.14 (IDT, IST), 2.5
 * (control registers), 13.3 (XCR0), 5.8.8 (SYSCALL).
 */
#include <pvguest/libc.h>
#include <pvguest/upcall.h>

#include "../internal.h"

#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_FSGSBASE (1u << 16)
#define CR4_OSXSAVE (1u << 18)
#define EFER_SCE (1u << 0)

#define XCR0_MOST 7u /* x87, SSE, AVX */

bool pvg_cpu_has_fsgsbase;

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};
PV_SIZE_IS(struct gate, 16);

#define GATES 256
#define GATE_BYTES 16 /* entry.S */
#define INTERRUPT_GATE 0x8e
#define GATE_FOR_ALL 0x60
static struct gate idt[GATES] PV_ALIGNED(16);

struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct pvg_cpuid pvg_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct pvg_cpuid id = { leaf & 0x80000000u, 0, 0, 0 };

	__asm__ volatile("cpuid"
			 : "+a"(id.a), "=b"(id.b), "+c"(id.c), "=d"(id.d));
	if (leaf > id.a)
		return (struct pvg_cpuid){ 0, 0, 0, 0 };
	id.a = leaf;
	id.c = subleaf;
	__asm__ volatile("cpuid"
			 : "+a"(id.a), "=b"(id.b), "+c"(id.c), "=d"(id.d));
	return id;
}

void pvg_cpu_features_find(void)
{
	pvg_cpu_has_fsgsbase = pvg_cpuid(7, 0).b & 1;
	if (pvg_cpuid(1, 0).c >> 26 & 1)
		pvg_boot.xcr0 = pvg_cpuid(0xd, 0).a & XCR0_MOST;
	if (pvg_cpuid(1, 0).c >> 30 & 1)
		pvg_boot.features |= PV_FEATURE_RANDOM;
	if (pvg_cpuid(0x80000001, 0).d >> 26 & 1)
		pvg_boot.features |= PV_FEATURE_HUGE_PAGES;
}

void pvg_idt_prepare(void)
{
	for (unsigned vector = 0; vector < GATES; vector++) {
		uint64_t at = (uint64_t)(uintptr_t)pvg_gates +
			      (uint64_t)vector * GATE_BYTES;
		/* NMI, double fault, machine check: the stack may be bad. */
		bool own_stack = vector == 2 || vector == 8 || vector == 18;
		/* INT3 and INTO are user mode's, too. */
		bool for_all = vector == PVG_VECTOR_BP ||
			       vector == PVG_VECTOR_OF;

		idt[vector] = (struct gate){
			.offset_low = (uint16_t)at,
			.offset_middle = (uint16_t)(at >> 16),
			.offset_high = (uint32_t)(at >> 32),
			.selector = PVG_KERNEL_CS,
			.ist = own_stack ? 1 : 0,
			.type = INTERRUPT_GATE | (for_all ? GATE_FOR_ALL : 0),
		};
	}
}

static void make_gdt(struct pvg_cpu *cpu)
{
	uint64_t tss = (uint64_t)(uintptr_t)&cpu->tss;

	cpu->gdt[0] = 0;
	cpu->gdt[PVG_KERNEL_CS / 8] = 0x00af9b000000ffff;
	cpu->gdt[PVG_KERNEL_DS / 8] = 0x00cf93000000ffff;
	cpu->gdt[PVG_USER_CS32 / 8] = 0; /* SYSRET counts from it */
	cpu->gdt[PVG_USER_DS / 8] = 0x00cff3000000ffff;
	cpu->gdt[PVG_USER_CS / 8] = 0x00affb000000ffff;
	cpu->gdt[PVG_TSS / 8] = (sizeof(cpu->tss) - 1) | (tss & 0xffffff) << 16 |
				UINT64_C(0x89) << 40 |
				(tss >> 24 & 0xff) << 56;
	cpu->gdt[PVG_TSS / 8 + 1] = tss >> 32;
}

void pvg_cpu_prepare(unsigned vcpu, uint32_t apic_id)
{
	struct pvg_cpu *cpu = pvg_cpu_of(vcpu);

	memset(pvg_vcpu_page(vcpu), 0, PVG_CPU_STRIDE);
	pvg_vcpu_page(vcpu)->number = vcpu;
	pvg_vcpu_page(vcpu)->own[PVG_OWN_SELF] =
		(uint64_t)(uintptr_t)pvg_vcpu_page(vcpu);
	pvg_vcpu_page(vcpu)->run.state = PV_RUN_DOWN;
	cpu->number = vcpu;
	cpu->apic_id = apic_id;
	cpu->timer_ns = cpu->armed_ns = PV_FOREVER;
	cpu->tss.ist[0] = (uint64_t)(uintptr_t)cpu + 2 * PV_PAGE_BYTES;
	cpu->tss.io_map = sizeof(cpu->tss); /* user mode has no ports */
	make_gdt(cpu);
}

/* Reset leaves a table of local descriptors at address 0, where user mode may have
 * pages, and call gates in them: selector 0 takes it away. */
static void load_tables(const struct pvg_cpu *cpu)
{
	struct table_register gdt = { sizeof(cpu->gdt) - 1,
				      (uint64_t)(uintptr_t)cpu->gdt };
	struct table_register interrupts = { sizeof(idt) - 1,
					     (uint64_t)(uintptr_t)idt };

	__asm__ volatile("lgdt %0\n\t"
			 "lidt %1\n\t"
			 "movl %2, %%ss\n\t"
			 "movl %3, %%ds\n\t"
			 "movl %3, %%es\n\t"
			 "lldt %w3\n\t"
			 "pushq %4\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tltr %w5"
			 :
			 : "m"(gdt), "m"(interrupts), "r"(PVG_KERNEL_DS),
			   "r"(0), "i"(PVG_KERNEL_CS), "r"(PVG_TSS)
			 : "rax", "memory");
}

static void set_control_registers(void)
{
	uint64_t cr0, cr4;

	__asm__ volatile("movq %%cr0, %0" : "=r"(cr0));
	cr0 = (cr0 & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP;
	__asm__ volatile("movq %0, %%cr0" : : "r"(cr0));
	__asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
	cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	if (pvg_cpu_has_fsgsbase)
		cr4 |= CR4_FSGSBASE;
	if (pvg_boot.xcr0)
		cr4 |= CR4_OSXSAVE;
	__asm__ volatile("movq %0, %%cr4" : : "r"(cr4));
	if (pvg_boot.xcr0)
		__asm__ volatile("xsetbv"
				 :
				 : "c"(0), "a"((uint32_t)pvg_boot.xcr0), "d"(0));
	__asm__ volatile("fninit");
}

static void set_syscall(void)
{
	pvg_wrmsr(PVG_MSR_EFER, pvg_rdmsr(PVG_MSR_EFER) | EFER_SCE);
	pvg_wrmsr(PVG_MSR_STAR, (uint64_t)(PVG_USER_CS32 | 3) << 48 |
					(uint64_t)PVG_KERNEL_CS << 32);
	pvg_wrmsr(PVG_MSR_LSTAR, (uint64_t)(uintptr_t)pvg_syscall_entry);
	pvg_wrmsr(PVG_MSR_FMASK, PVG_RFLAGS_TF | PVG_RFLAGS_IF | PVG_RFLAGS_DF |
					 PVG_RFLAGS_NT | PVG_RFLAGS_AC);
}

void pvg_cpu_start(unsigned vcpu)
{
	load_tables(pvg_cpu_of(vcpu));
	set_control_registers();
	pvg_wrmsr(PVG_MSR_GS_BASE, (uint64_t)(uintptr_t)pvg_vcpu_page(vcpu));
	pvg_wrmsr(PVG_MSR_KERNEL_GS_BASE, 0);
	pvg_fs_base_set(NULL);
	set_syscall();
}
