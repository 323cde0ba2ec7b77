/* SPDX-License-Identifier: MIT
 *
 * The local APIC's registers: SDM volume 3, 11.4.1 (xAPIC mode, in memory).
 */
#ifndef PVG_NATIVE_APIC_H
#define PVG_NATIVE_APIC_H

#define APIC_ADDRESS 0xfee00000u

#define APIC_TASK_PRIORITY 0x80
#define APIC_EOI 0xb0
#define APIC_SPURIOUS 0xf0
#define APIC_SPURIOUS_ENABLE 0x100u
#define APIC_COMMAND 0x300
#define APIC_COMMAND_TO 0x310
#define APIC_COMMAND_INIT 0x4500u
#define APIC_COMMAND_SIPI 0x4600u
#define APIC_COMMAND_PENDING 0x1000u
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_LVT_ERROR 0x370
#define APIC_LVT_MASKED 0x10000u
#define APIC_TIMER_COUNT 0x380
#define APIC_TIMER_NOW 0x390
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_TIMER_DIVIDE_BY_1 0xbu

#define APIC_BASE_ENABLE (1u << 11)

static inline volatile uint32_t *pvg_apic(unsigned offset)
{
	return pvg_native_device(APIC_ADDRESS + offset);
}

static inline void pvg_apic_write(unsigned offset, uint32_t value)
{
	*pvg_apic(offset) = value;
}

static inline uint32_t pvg_apic_read(unsigned offset)
{
	return *pvg_apic(offset);
}

static inline void pvg_apic_start(void)
{
	pvg_wrmsr(PVG_MSR_APIC_BASE,
		  pvg_rdmsr(PVG_MSR_APIC_BASE) | APIC_BASE_ENABLE);
}

/* Two stores: upcalls are masked. */
static inline void pvg_apic_command(uint32_t to, uint32_t command)
{
	while (pvg_apic_read(APIC_COMMAND) & APIC_COMMAND_PENDING)
		__builtin_ia32_pause();
	pvg_apic_write(APIC_COMMAND_TO, to << 24);
	pvg_apic_write(APIC_COMMAND, command);
}

#endif
