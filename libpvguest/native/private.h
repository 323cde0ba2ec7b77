/* SPDX-License-Identifier: MIT
 *
 * What the library needs to know of the native backend, and its map: the files and
 * what each answers for. Included by internal.h.
 *
 * The machine is a PC as QEMU's microvm is one: a PVH loader, local and I/O APICs, a
 * timer to calibrate by, a serial port, a real-time clock. "SDM" in these files is
 * Intel's Software Developer's Manual, "APM" AMD's Architecture Programmer's Manual.
 */
#ifndef PVG_NATIVE_PRIVATE_H
#define PVG_NATIVE_PRIVATE_H

#include "cpu.h"

/* boot.S: the PVH entry, and the first instructions of other vCPUs; on page tables
 * that map the lowest 4 GiB to themselves. */
extern const char pvg_trampoline_start[], pvg_trampoline_end[];
extern struct pvg_cpu *pvg_trampoline_cpu; /* the vCPU to begin as */

/* memory.c: what RAM is made of, from the loader's map; the boot stack and the page
 * for the trampoline are taken from it. */
struct pvh_start_info;
void pvg_memory_find(const struct pvh_start_info *info);
bool pvg_memory_is_ram(pv_gpa_t gpa, uint64_t bytes);
extern uint64_t pvg_boot_stack_top;
extern pv_gpa_t pvg_trampoline_page;

/* arguments.c: the command line as main's arguments. Words that announce a device
 * go to pvg_device_announced, which keeps them or does not. */
void pvg_arguments_take(const char *line);

/* devices.c: whether a word of the command line announces a device; it is taken then.
 * Which of those are disks and networks, once time passes. To give the disks' queues
 * back, when what was written must be on the disk. */
bool pvg_device_announced(const char *word);
void pvg_device_found(uint64_t address, uint32_t gsi); /* by acpi.c */
void pvg_devices_find(void);
void pvg_devices_close(void);

/* queue.c: answers that have come while their interrupt could not: whether there were
 * any, which are in the ring now. */
bool pvg_ring_is_unheard(uint32_t doorbell);

/* acpi.c: which processors there are, and devices, as the firmware's tables have it. */
#define PVG_IO_APICS_MAX 4
struct pvg_acpi {
	uint32_t cpus;
	uint8_t apic_id[PV_VCPUS_MAX]; /* of vCPU n; 0's is that of the caller */
	struct {
		uint32_t address; /* physical */
		uint32_t first_gsi;
	} io_apic[PVG_IO_APICS_MAX];
	uint32_t io_apics;
};
extern struct pvg_acpi pvg_acpi;
void pvg_acpi_read(pv_gpa_t rsdp);

/* entry.S: gates for all vectors, 16 bytes each; and the way into user mode, which
 * answers the vector that ended it or PVG_SYSCALL. */
#define PVG_SYSCALL 256
extern const char pvg_gates[];
void pvg_syscall_entry(void);
int pvg_user_enter(struct pv_user *user, bool by_sysret);
extern const char pvg_sysret[], pvg_user_left[];

/* interrupt.c: the interrupt controllers. An interrupt is acknowledged and its
 * source's function called, with interrupts off; if that left something pending, an
 * upcall follows. */
void pvg_interrupts_prepare(void); /* of the machine */
void pvg_interrupts_start(void);   /* of this vCPU */
void pvg_interrupt_serve(unsigned vector);
/* Have global system interrupt number gsi (edge-triggered, active high) call fn(arg)
 * on this vCPU from now on. 0; -PV_EINVAL (no such pin), -PV_EBUSY (taken). */
typedef void pvg_irq_fn(void *arg);
int pvg_native_irq_route(unsigned gsi, pvg_irq_fn *fn, void *arg);
/* Take it off again. */
void pvg_native_irq_unroute(unsigned gsi);
void pvg_ipi_send(unsigned vcpu, unsigned vector);

/* event.c: make a port pending, from any context with upcalls masked. An upcall
 * follows at the unmasking, or now on another vCPU. */
void pvg_native_port_raise(unsigned vcpu, unsigned port);

/* pvg_mask_restore for operations: handlers run only where upcalls were started. */
void pvg_native_unmask(bool was_masked);

/* clock.c, timer.c */
void pvg_clock_calibrate(void);
uint64_t pvg_wall_clock_read(void); /* ns since 1970, 0: there is none */
extern uint64_t pvg_apic_timer_hz;
/* An interrupt of this vCPU at the deadline, or somewhat earlier: who waits for it
 * looks at the clock, and arms again. Upcalls are masked. */
void pvg_timer_arm(uint64_t deadline_ns);
void pvg_timer_fired(void);

/* console.c */
void pvg_serial_start(void);
void pvg_serial_write(const char *bytes, size_t len);
/* At once, without the buffer that console.c of the library has, nor one of its own. */
__attribute__((format(printf, 1, 2))) void pvg_serial_printf(const char *format, ...);

/* panic.c: an exception that nobody handles. */
__attribute__((noreturn)) void pvg_trap_panic(const struct pvg_trap *trap);

/* exit.c */
__attribute__((noreturn)) void pvg_machine_end(uint32_t status);
#define PVG_STATUS_PANIC 123

/* mmu.c: the page tables of the start, and the window, by which devices are reached
 * in all spaces. Physical addresses of devices are in the last GiB below 4 GiB. */
void pvg_mmu_start(void);
#define PVG_DEVICES_START 0xc0000000u
static inline volatile void *pvg_native_device(uint64_t physical)
{
	return (volatile void *)(uintptr_t)(PV_WINDOW_BASE + physical);
}
/* CR3 of this vCPU; upcalls are masked. */
void pvg_root_use(pv_gpa_t root);
pv_gpa_t pvg_root_initial(void);
/* Make a root usable for user mode. 0, or as USER_RUN. */
int pvg_root_complete(pv_gpa_t root);
/* What other vCPUs asked for while this one could not be interrupted. */
void pvg_flush_serve(bool in_user_mode);
extern uint64_t pvg_root_kernel_entry, pvg_root_window_entry;

/* vcpu.c; upcalls are masked. */
void pvg_run_state_set(enum pv_run_state state);
void pvg_run_state_renew(void);

/* entry.c: where all gates but those from user mode lead. */
void pvg_native_enter(struct pvg_trap *trap);

static inline bool pvg_is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

/* Every entry below 512 GiB is the kernel's, and user mode keeps out of it. */
static inline uint64_t pvg_pte_user(uint64_t gva)
{
	return gva >> 39 ? PVG_PTE_USER : 0;
}

/* Whether an entry of a root is not its owner's but put there for all spaces. */
static inline bool pvg_root_entry_is_shared(unsigned number, uint64_t entry)
{
	return number == PV_WINDOW_ROOT_ENTRY ||
	       (number == 0 && entry && entry == pvg_root_kernel_entry);
}

/* A root is about to be freed: no vCPU may have it in CR3, though none needs it. */
void pvg_root_forget(pv_gpa_t root);

#endif
