/* SPDX-License-Identifier: MIT
 *
 * VCPU_UP, VCPU_DOWN, and where a vCPU's time goes. Up the first time: INIT and SIPI
 * (SDM volume 3, 9.4.4), by way of boot.S's trampoline. Down: HLT, until it is told to
 * begin anew.
 */
#include <pvguest/clock.h>
#include <pvguest/spinlock.h>

#include "../internal.h"
#include "apic.h"
#include "vectors.h"

#define SIPI_AGAIN_NS UINT64_C(10000000)
#define START_MAX_NS UINT64_C(2000000000)

struct pvg_cpu *pvg_trampoline_cpu;
static struct pvg_spinlock start_lock;
static uint32_t vcpus_up = 1;

__attribute__((noreturn)) void pvg_native_begin(struct pvg_cpu *cpu);

/* As at boot, with what VCPU_UP said. */
__attribute__((noreturn)) static void begin(struct pvg_cpu *cpu)
{
	cpu->kernel_root = cpu->begin_root;
	pvg_root_use(cpu->kernel_root);
	cpu->trap_vectors = 0;
	cpu->timer_ns = PV_FOREVER;
	pvg_fs_base_set(NULL);
	__atomic_store_n(&cpu->begin, false, __ATOMIC_SEQ_CST);
	__atomic_store_n(&cpu->started, true, __ATOMIC_SEQ_CST);
	pvg_flush_serve(false);
	pvg_run_state_set(PV_RUN_RUNNING);
	__asm__ volatile("movq %0, %%rsp\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "jmp *%1"
			 :
			 : "r"(cpu->begin_rsp), "r"(cpu->begin_rip),
			   "D"(cpu->begin_arg)
			 : "memory");
	__builtin_unreachable();
}

void pvg_native_begin(struct pvg_cpu *cpu)
{
	pvg_cpu_start(cpu->number);
	pvg_root_use(pvg_root_initial());
	pvg_interrupts_start();
	begin(cpu);
}

static bool wait_for_start(const struct pvg_cpu *cpu, uint64_t ns)
{
	uint64_t deadline_ns = pvg_deadline_in(ns);

	while (!__atomic_load_n(&cpu->started, __ATOMIC_SEQ_CST)) {
		if (pvg_clock_ns() >= deadline_ns)
			return false;
		pvg_flush_serve(false);
		__builtin_ia32_pause();
	}
	return true;
}

/* One after another: there is one trampoline. */
static bool start(struct pvg_cpu *cpu)
{
	uint32_t page = (uint32_t)(pvg_trampoline_page / PV_PAGE_BYTES);
	bool was_masked = pvg_spin_lock_masked(&start_lock);
	bool started;

	__atomic_store_n(&pvg_trampoline_cpu, cpu, __ATOMIC_SEQ_CST);
	pvg_apic_command(cpu->apic_id, APIC_COMMAND_INIT);
	pvg_apic_command(cpu->apic_id, APIC_COMMAND_SIPI | page);
	started = wait_for_start(cpu, SIPI_AGAIN_NS);
	if (!started) {
		pvg_apic_command(cpu->apic_id, APIC_COMMAND_SIPI | page);
		started = wait_for_start(cpu, START_MAX_NS);
	}
	pvg_spin_unlock_masked(&start_lock, was_masked);
	return started;
}

int64_t pvg_op_vcpu_up(uint64_t vcpu, uint64_t entry, uint64_t stack,
		       uint64_t arg)
{
	struct pvg_cpu *cpu;
	bool down = false;

	if (vcpu >= pvg_vcpus())
		return -PV_ENODEV;
	if (!pvg_is_canonical(entry) || !pvg_is_canonical(stack))
		return -PV_EINVAL;
	cpu = pvg_cpu_of((unsigned)vcpu);
	if (!__atomic_compare_exchange_n(&cpu->up, &down, true, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return -PV_EBUSY;
	__atomic_add_fetch(&vcpus_up, 1, __ATOMIC_SEQ_CST);
	cpu->begin_rip = entry;
	cpu->begin_rsp = stack;
	cpu->begin_arg = arg;
	cpu->begin_root = pvg_cpu()->kernel_root;
	if (cpu->started) {
		__atomic_store_n(&cpu->begin, true, __ATOMIC_SEQ_CST);
		pvg_ipi_send((unsigned)vcpu, PVG_INTERRUPT_EVENT);
	} else if (!start(cpu)) {
		__atomic_sub_fetch(&vcpus_up, 1, __ATOMIC_SEQ_CST);
		__atomic_store_n(&cpu->up, false, __ATOMIC_SEQ_CST);
		return -PV_ENOMEM;
	}
	return 0;
}

static bool is_last(void)
{
	uint32_t up = __atomic_load_n(&vcpus_up, __ATOMIC_SEQ_CST);

	while (up > 1)
		if (__atomic_compare_exchange_n(&vcpus_up, &up, up - 1, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return false;
	return true;
}

int64_t pvg_op_vcpu_down(void)
{
	struct pvg_cpu *cpu;

	pvg_mask();
	if (is_last())
		return -PV_EBUSY;
	cpu = pvg_cpu();
	/* Interrupts make ports pending from now on, and nothing else. */
	pvg_percpu()->upcalls = false;
	cpu->timer_ns = PV_FOREVER;
	cpu->kernel_root = pvg_root_initial();
	pvg_root_use(cpu->kernel_root);
	pvg_run_state_set(PV_RUN_DOWN);
	__atomic_store_n(&cpu->up, false, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&cpu->begin, __ATOMIC_SEQ_CST))
		__asm__ volatile("sti\n\t"
				 "hlt\n\t"
				 "cli"
				 :
				 :
				 : "memory");
	begin(cpu);
}

static void add_time(struct pv_run *run, uint64_t now)
{
	uint64_t ns = now - run->renewed_ns;

	if (run->state == PV_RUN_RUNNING)
		__atomic_store_n(&run->running_ns, run->running_ns + ns,
				 __ATOMIC_RELAXED);
	else if (run->state == PV_RUN_BLOCKED)
		__atomic_store_n(&run->blocked_ns, run->blocked_ns + ns,
				 __ATOMIC_RELAXED);
	__atomic_store_n(&run->renewed_ns, now, __ATOMIC_RELAXED);
}

void pvg_run_state_set(enum pv_run_state state)
{
	struct pv_run *run = &pvg_vcpu()->run;
	uint64_t now = pvg_clock_ns();

	__atomic_store_n(&run->seq, run->seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	add_time(run, now);
	if (run->state != state) {
		__atomic_store_n(&run->state, state, __ATOMIC_RELAXED);
		__atomic_store_n(&run->since_ns, now, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&run->seq, run->seq + 1, __ATOMIC_RELEASE);
}

void pvg_run_state_renew(void)
{
	pvg_run_state_set((enum pv_run_state)pvg_vcpu()->run.state);
}
