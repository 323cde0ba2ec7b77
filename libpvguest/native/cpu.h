/* SPDX-License-Identifier: MIT
 *
 * A vCPU's record behind its page, and the privileged instructions as functions.
 *
 * Three pages for each vCPU, one after another: struct pv_vcpu, to which GS base
 * leads; struct pvg_cpu; the stack for double faults.
 */
#ifndef PVG_NATIVE_CPU_H
#define PVG_NATIVE_CPU_H

#include <pvabi/pvabi.h>
#include <pvguest/vcpu.h>

/* Segment selectors; SYSCALL and SYSRET want them in this order. */
#define PVG_KERNEL_CS 0x08
#define PVG_KERNEL_DS 0x10
#define PVG_USER_CS32 0x18
#define PVG_USER_DS (0x20 | 3)
#define PVG_USER_CS (0x28 | 3)
#define PVG_TSS 0x30

/* SDM volume 3, 8.7. */
struct pvg_tss {
	uint32_t reserved0;
	uint64_t rsp[3]; /* rsp[0]: for what comes from user mode */
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} __attribute__((packed));
PV_SIZE_IS(struct pvg_tss, 104);

struct pvg_cpu {
	/* entry.S knows these, by offsets from GS base. */
	uint64_t user_sp;     /* user mode's rsp, on the way in by SYSCALL */
	uint64_t kernel_sp;   /* where pvg_user_enter goes on */
	struct pv_user *user; /* whom user mode is run for */
	uint32_t reserved;
	struct pvg_tss tss;
	/* Not these. */
	uint64_t gdt[8];
	uint32_t number, apic_id;
	bool started; /* has been up: when it is down it waits to be told to begin */
	bool up;
	bool begin;   /* it is told */
	bool woken;   /* an upcall since BLOCK looked */
	uint32_t trap_vectors;
	pv_gpa_t root;        /* in CR3 */
	pv_gpa_t kernel_root; /* MMU_ROOT's */
	uint64_t timer_ns;    /* SET_TIMER's, PV_FOREVER: none */
	uint64_t armed_ns;    /* what the local APIC's timer was set for */
	uint64_t flush_asked; /* how often others asked; how often it was done */
	uint64_t flush_done;
	/* VCPU_UP's arguments */
	uint64_t begin_rip, begin_rsp, begin_arg;
	pv_gpa_t begin_root;
};
PV_FIELD_AT(struct pvg_cpu, tss, 28);
#define PVG_CPU_OFFSET PV_PAGE_BYTES
#define PVG_CPU_STRIDE (3 * PV_PAGE_BYTES)

static inline struct pvg_cpu *pvg_cpu_of(unsigned vcpu)
{
	return (struct pvg_cpu *)(void *)((char *)pvg_vcpu_page(vcpu) +
					  PVG_CPU_OFFSET);
}

static inline struct pvg_cpu *pvg_cpu(void)
{
	return (struct pvg_cpu *)(void *)((char *)pvg_vcpu() + PVG_CPU_OFFSET);
}

/* cpu.c: what this processor can do, and switching it on. */
extern bool pvg_cpu_has_fsgsbase;
void pvg_cpu_features_find(void);
void pvg_cpu_prepare(unsigned vcpu, uint32_t apic_id); /* its record */
void pvg_cpu_start(unsigned vcpu);                     /* this processor as it */
void pvg_idt_prepare(void);

#define PVG_MSR_APIC_BASE 0x1bu
#define PVG_MSR_EFER 0xc0000080u
#define PVG_MSR_STAR 0xc0000081u
#define PVG_MSR_LSTAR 0xc0000082u
#define PVG_MSR_FMASK 0xc0000084u
#define PVG_MSR_FS_BASE 0xc0000100u
#define PVG_MSR_GS_BASE 0xc0000101u
#define PVG_MSR_KERNEL_GS_BASE 0xc0000102u

#define PVG_RFLAGS_TF (1u << 8)
#define PVG_RFLAGS_IF (1u << 9)
#define PVG_RFLAGS_DF (1u << 10)
#define PVG_RFLAGS_NT (1u << 14)
#define PVG_RFLAGS_AC (1u << 18)

static inline uint64_t pvg_rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void pvg_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value),
			   "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t pvg_cr2(void)
{
	uint64_t value;

	__asm__ volatile("movq %%cr2, %0" : "=r"(value));
	return value;
}

static inline void pvg_cr3_set(uint64_t value)
{
	__asm__ volatile("movq %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint8_t pvg_inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void pvg_outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void pvg_outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

struct pvg_cpuid {
	uint32_t a, b, c, d;
};

/* All zero for a leaf that there is not. */
struct pvg_cpuid pvg_cpuid(uint32_t leaf, uint32_t subleaf);

/* FS base: WRFSBASE where there is, else the MSR (SDM volume 3, 2.5 CR4.FSGSBASE). */
static inline void pvg_fs_base_set(const volatile void *base)
{
	if (pvg_cpu_has_fsgsbase)
		__asm__ volatile("wrfsbase %0" : : "r"(base) : "memory");
	else
		pvg_wrmsr(PVG_MSR_FS_BASE, (uint64_t)(uintptr_t)base);
}

static inline uint64_t pvg_fs_base(void)
{
	uint64_t base;

	if (!pvg_cpu_has_fsgsbase)
		return pvg_rdmsr(PVG_MSR_FS_BASE);
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

/* The GS base that is not in force: user mode's, while the kernel runs. */
static inline void pvg_user_gs_base_set(uint64_t base)
{
	if (pvg_cpu_has_fsgsbase)
		__asm__ volatile("swapgs\n\t"
				 "wrgsbase %0\n\t"
				 "swapgs"
				 :
				 : "r"(base)
				 : "memory");
	else
		pvg_wrmsr(PVG_MSR_KERNEL_GS_BASE, base);
}

static inline uint64_t pvg_user_gs_base(void)
{
	uint64_t base;

	if (!pvg_cpu_has_fsgsbase)
		return pvg_rdmsr(PVG_MSR_KERNEL_GS_BASE);
	__asm__ volatile("swapgs\n\t"
			 "rdgsbase %0\n\t"
			 "swapgs"
			 : "=r"(base));
	return base;
}

#endif
