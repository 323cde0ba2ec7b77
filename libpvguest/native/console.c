/* SPDX-License-Identifier: MIT
 *
 * CONSOLE_WRITE and CONSOLE_READ: the first serial port, a 16550 (National
 * Semiconductor's PC16550D data sheet). Output waits for room in its FIFO; input is
 * told by its interrupt, which becomes PV_PORT_CONSOLE of the vCPU that asked last.
 * Input has ended when the carrier is lost that was there; QEMU never drops it, so that
 * a terminal there says Ctrl-D.
 */
#include <pvguest/ops.h>
#include <pvguest/spinlock.h>

#include "../internal.h"

#define DATA 0x3f8
#define INTERRUPTS 0x3f9 /* and the divisor's upper half */
#define FIFO 0x3fa
#define LINE 0x3fb
#define MODEM 0x3fc
#define STATUS 0x3fd
#define MODEM_STATUS 0x3fe

#define INTERRUPT_INPUT 1
#define INTERRUPT_MODEM 8 /* a change of its status */
#define FIFO_ON 7 /* and empty */
#define LINE_DIVISOR 0x80
#define LINE_8N1 3
#define MODEM_ON 0xb /* DTR, RTS, OUT2: the interrupt's way out */
#define STATUS_INPUT 1
#define STATUS_ROOM 0x20
#define CARRIER 0x80
#define FIFO_BYTES 16
#define SERIAL_GSI 4

static struct pvg_spinlock input_lock;
static unsigned reader; /* the vCPU that asked last */
static bool input_started;
static bool had_carrier; /* a line without any has none to lose */

void pvg_serial_start(void)
{
	pvg_outb(INTERRUPTS, 0);
	pvg_outb(LINE, LINE_DIVISOR);
	pvg_outb(DATA, 1); /* 115200 bit/s */
	pvg_outb(INTERRUPTS, 0);
	pvg_outb(LINE, LINE_8N1);
	pvg_outb(FIFO, FIFO_ON);
	pvg_outb(MODEM, MODEM_ON);
	had_carrier = pvg_inb(MODEM_STATUS) & CARRIER;
}

void pvg_serial_write(const char *bytes, size_t len)
{
	while (len > 0) {
		/* Nobody there: all ones, so that nothing waits for it. */
		while (!(pvg_inb(STATUS) & STATUS_ROOM))
			__builtin_ia32_pause();
		for (int i = 0; i < FIFO_BYTES && len > 0; i++, len--)
			pvg_outb(DATA, (uint8_t)*bytes++);
	}
}

static void put(void *sink, const char *piece, size_t len)
{
	(void)sink;
	pvg_serial_write(piece, len);
}

void pvg_serial_printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pvg_format(put, NULL, format, args);
	va_end(args);
}

int64_t pvg_op_console_write(const void *bytes, uint64_t len_bytes)
{
	if (!pvg_memory_is_ram(pvg_gpa(bytes), len_bytes))
		return -PV_EFAULT;
	pvg_serial_write(bytes, len_bytes);
	return (int64_t)len_bytes;
}

static void input_came(void *arg)
{
	(void)arg;
	pvg_native_port_raise(__atomic_load_n(&reader, __ATOMIC_ACQUIRE),
			      PV_PORT_CONSOLE);
}

static void start_input(void)
{
	if (input_started)
		return;
	input_started = true;
	pvg_native_irq_route(SERIAL_GSI, input_came, NULL);
	pvg_outb(INTERRUPTS, INTERRUPT_INPUT | INTERRUPT_MODEM);
}

/* Which takes its interrupt back. */
static bool is_over(void)
{
	return !(pvg_inb(MODEM_STATUS) & CARRIER) && had_carrier;
}

static int64_t take(uint8_t *to, uint64_t len)
{
	uint64_t done = 0;

	while (done < len && pvg_inb(STATUS) & STATUS_INPUT)
		to[done++] = pvg_inb(DATA);
	return (int64_t)done;
}

/* The interrupt tells of the first byte after none: all are taken before anybody
 * waits. */
int64_t pvg_op_console_read(void *ret_bytes, uint64_t len_bytes)
{
	bool was_masked, over;
	int64_t done;

	if (!pvg_memory_is_ram(pvg_gpa(ret_bytes), len_bytes))
		return -PV_EFAULT;
	if (len_bytes == 0)
		return 0;
	was_masked = pvg_spin_lock_masked(&input_lock);
	__atomic_store_n(&reader, pvg_vcpu_number(), __ATOMIC_RELEASE);
	start_input();
	/* First: bytes may come after a look at them, and before the end. */
	over = is_over();
	done = take(ret_bytes, len_bytes);
	if (!done && !over)
		done = -PV_EAGAIN;
	pvg_spin_unlock_masked(&input_lock, was_masked);
	return done;
}
