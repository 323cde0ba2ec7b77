/* SPDX-License-Identifier: MIT
 *
 * The interrupt controllers: where events come from, natively. Local APIC: SDM volume
 * 3, chapter 11 (11.4 registers, 11.6 interrupts between processors, 11.8.5 EOI). I/O
 * APIC: Intel 82093AA data sheet, chapter 3. The two 8259 are masked and forgotten.
 */
#include <pvguest/spinlock.h>

#include "../internal.h"
#include "apic.h"
#include "vectors.h"

#define PIC1_MASK 0x21
#define PIC2_MASK 0xa1

#define IO_APIC_SELECT 0
#define IO_APIC_DATA 4 /* in uint32_t */
#define IO_APIC_VERSION 1
#define IO_APIC_PIN(n) (0x10 + 2 * (n))
#define PIN_MASKED (1u << 16)

static struct source {
	pvg_irq_fn *fn;
	void *arg;
} source[PVG_GSIS];
static struct pvg_spinlock io_apic_lock;
static unsigned pins[PVG_IO_APICS_MAX];

static uint32_t io_apic_read(unsigned number, unsigned index)
{
	volatile uint32_t *io_apic =
		pvg_native_device(pvg_acpi.io_apic[number].address);

	io_apic[IO_APIC_SELECT] = index;
	return io_apic[IO_APIC_DATA];
}

static void io_apic_write(unsigned number, unsigned index, uint32_t value)
{
	volatile uint32_t *io_apic =
		pvg_native_device(pvg_acpi.io_apic[number].address);

	io_apic[IO_APIC_SELECT] = index;
	io_apic[IO_APIC_DATA] = value;
}

static void prepare_io_apic(unsigned number)
{
	pins[number] = (io_apic_read(number, IO_APIC_VERSION) >> 16 & 0xff) + 1;
	for (unsigned pin = 0; pin < pins[number]; pin++)
		io_apic_write(number, IO_APIC_PIN(pin), PIN_MASKED);
}

/* The pin of an I/O APIC that an interrupt arrives at. */
static bool find_pin(unsigned gsi, unsigned *ret_number, unsigned *ret_pin)
{
	if (gsi >= PVG_GSIS)
		return false;
	for (unsigned i = 0; i < pvg_acpi.io_apics; i++) {
		unsigned pin = gsi - pvg_acpi.io_apic[i].first_gsi;

		if (pin >= pins[i])
			continue;
		*ret_number = i;
		*ret_pin = pin;
		return true;
	}
	return false;
}

void pvg_interrupts_prepare(void)
{
	pvg_outb(PIC1_MASK, 0xff);
	pvg_outb(PIC2_MASK, 0xff);
	for (unsigned i = 0; i < pvg_acpi.io_apics; i++)
		prepare_io_apic(i);
}

void pvg_interrupts_start(void)
{
	pvg_apic_start();
	/* First: until it is on, nothing below can be unmasked (11.4.7.2). */
	pvg_apic_write(APIC_SPURIOUS,
		       APIC_SPURIOUS_ENABLE | PVG_INTERRUPT_SPURIOUS);
	pvg_apic_write(APIC_TASK_PRIORITY, 0);
	pvg_apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
	pvg_apic_write(APIC_LVT_LINT1, APIC_LVT_MASKED);
	pvg_apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED);
	pvg_apic_write(APIC_LVT_TIMER, PVG_INTERRUPT_TIMER);
	pvg_apic_write(APIC_TIMER_DIVIDE, APIC_TIMER_DIVIDE_BY_1);
}

int pvg_native_irq_route(unsigned gsi, pvg_irq_fn *fn, void *arg)
{
	bool was_masked;
	int answer = -PV_EBUSY;
	unsigned number, pin;

	if (!find_pin(gsi, &number, &pin))
		return -PV_EINVAL;
	was_masked = pvg_spin_lock_masked(&io_apic_lock);
	if (!source[gsi].fn) {
		source[gsi].arg = arg;
		__atomic_store_n(&source[gsi].fn, fn, __ATOMIC_RELEASE);
		io_apic_write(number, IO_APIC_PIN(pin) + 1,
			      pvg_cpu()->apic_id << 24);
		io_apic_write(number, IO_APIC_PIN(pin), PVG_INTERRUPT_GSI + gsi);
		answer = 0;
	}
	pvg_spin_unlock_masked(&io_apic_lock, was_masked);
	return answer;
}

void pvg_native_irq_unroute(unsigned gsi)
{
	bool was_masked;
	unsigned number, pin;

	if (!find_pin(gsi, &number, &pin))
		return;
	was_masked = pvg_spin_lock_masked(&io_apic_lock);
	io_apic_write(number, IO_APIC_PIN(pin), PIN_MASKED);
	__atomic_store_n(&source[gsi].fn, NULL, __ATOMIC_RELEASE);
	pvg_spin_unlock_masked(&io_apic_lock, was_masked);
}

void pvg_ipi_send(unsigned vcpu, unsigned vector)
{
	bool was_masked = pvg_mask_save();

	pvg_apic_command(pvg_cpu_of(vcpu)->apic_id, vector);
	pvg_mask_restore(was_masked);
}

static void serve_gsi(unsigned gsi)
{
	pvg_irq_fn *fn = __atomic_load_n(&source[gsi].fn, __ATOMIC_ACQUIRE);

	if (fn)
		fn(source[gsi].arg);
}

void pvg_interrupt_serve(unsigned vector)
{
	if (vector == PVG_INTERRUPT_SPURIOUS)
		return; /* not to be acknowledged */
	pvg_apic_write(APIC_EOI, 0);
	if (vector == PVG_INTERRUPT_TIMER)
		pvg_timer_fired();
	else if (vector - PVG_INTERRUPT_GSI < PVG_GSIS)
		serve_gsi(vector - PVG_INTERRUPT_GSI);
	/* What an event's says is in the vCPU's page, and a flush is served where
	 * it is known what was interrupted. */
}
