/* SPDX-License-Identifier: MIT
 *
 * A 16550 whose line is the console: what is sent is on stdout at once, and what
 * arrives on stdin is received. Speed and format mean nothing. When input has ended
 * the carrier is lost (DCD), as when somebody hangs up.
 *
 * The lock is never held while the console is at work, which may wait for a reader of
 * stdout, or for the loop thread, which tells of input.
 */
#include <linux/serial_reg.h>
#include <stdlib.h>

#include "../console.h"
#include "native.h"

#define FIFO_BYTES 16u
/* A guest that looks so often whether something has arrived, without sending
 * anything, waits for input: before it does stdin is left alone, which may be meant
 * for another program. */
#define LOOKS_FOR_INPUT 16u

#define IIR_FIFOS 0xc0u
#define IER_USED 0x0fu
#define MSR_READY (UART_MSR_CTS | UART_MSR_DSR)

struct hv_serial {
	struct hv_device device;
	struct hv_native *native;
	pthread_mutex_t lock;
	uint8_t ier, lcr, mcr, scratch;
	uint8_t divisor[2];
	bool fifos;
	bool sent;            /* since the guest last asked: an interrupt */
	bool carrier_changed; /* the same */
	bool line;            /* of the interrupt */

	uint8_t fifo[FIFO_BYTES];
	unsigned first, filled;
	unsigned looks;
	bool wanted;  /* the guest is after input */
	bool reading; /* the console reads, and will tell */
	bool there;   /* it has told */
	bool filling; /* a vCPU is at it, without the lock */
	bool ended;
};

/* ---- interrupts */

static bool has_data(const struct hv_serial *s)
{
	return s->filled || s->there;
}

/* By priority. */
static uint8_t cause(const struct hv_serial *s)
{
	if ((s->ier & UART_IER_RDI) && has_data(s))
		return UART_IIR_RDI;
	if ((s->ier & UART_IER_THRI) && s->sent)
		return UART_IIR_THRI;
	if ((s->ier & UART_IER_MSI) && s->carrier_changed)
		return UART_IIR_MSI;
	return UART_IIR_NO_INT;
}

static void update_line(struct hv_serial *s)
{
	bool line = cause(s) != UART_IIR_NO_INT;

	if (line != s->line)
		hv_irq_set(s->native, HV_NATIVE_SERIAL_GSI, line);
	s->line = line;
}

/* ---- input */

static void put_byte(struct hv_serial *s, uint8_t byte)
{
	if (s->filled < FIFO_BYTES)
		s->fifo[(s->first + s->filled++) % FIFO_BYTES] = byte;
}

static uint8_t take_byte(struct hv_serial *s)
{
	uint8_t byte = 0;

	s->wanted = true;
	if (s->filled) {
		byte = s->fifo[s->first];
		s->first = (s->first + 1) % FIFO_BYTES;
		s->filled--;
	}
	return byte;
}

static void lose_carrier(struct hv_serial *s)
{
	s->carrier_changed |= !s->ended;
	s->ended = true;
}

/* On the loop thread. */
static void on_input(struct hv_vcpu *vcpu, bool ended)
{
	struct hv_serial *s = vcpu->vm->native->serial;

	pthread_mutex_lock(&s->lock);
	s->reading = false;
	if (ended)
		lose_carrier(s);
	else
		s->there = true;
	update_line(s);
	pthread_mutex_unlock(&s->lock);
}

static bool may_fill(const struct hv_serial *s)
{
	return !s->filled && !s->filling && !s->ended &&
	       (s->there || (s->wanted && !s->reading));
}

/* From the console, or have it tell. */
static void fill(struct hv_serial *s, struct hv_vcpu *vcpu)
{
	uint8_t some[FIFO_BYTES];
	int64_t n;

	s->filling = s->reading = true;
	s->there = false;
	pthread_mutex_unlock(&s->lock);
	n = hv_console_take(vcpu, some, sizeof(some), on_input);
	pthread_mutex_lock(&s->lock);
	s->filling = false;
	if (n > 0)
		s->reading = false;
	else if (n == 0)
		lose_carrier(s);
	for (int64_t i = 0; i < n; i++)
		put_byte(s, some[i]);
}

/* ---- registers */

static uint8_t line_status(struct hv_serial *s)
{
	if (++s->looks >= LOOKS_FOR_INPUT)
		s->wanted = true;
	return UART_LSR_TEMT | UART_LSR_THRE | (has_data(s) ? UART_LSR_DR : 0);
}

/* In loopback the outputs are the inputs. */
static uint8_t modem_status(struct hv_serial *s)
{
	uint8_t status = MSR_READY | (s->ended ? 0 : UART_MSR_DCD);

	if (s->mcr & UART_MCR_LOOP)
		return (uint8_t)((s->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
				 (s->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
				 (s->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
				 (s->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0));
	if (s->carrier_changed)
		status |= UART_MSR_DDCD;
	s->carrier_changed = false;
	return status;
}

static uint8_t identify_interrupt(struct hv_serial *s)
{
	uint8_t number = cause(s);

	if (number == UART_IIR_THRI)
		s->sent = false;
	return (uint8_t)(number | (s->fifos ? IIR_FIFOS : 0));
}

static uint8_t read_register(struct hv_serial *s, unsigned number)
{
	bool divisor = s->lcr & UART_LCR_DLAB;

	switch (number) {
	case UART_RX:
		return divisor ? s->divisor[0] : take_byte(s);
	case UART_IER:
		return divisor ? s->divisor[1] : s->ier;
	case UART_IIR:
		return identify_interrupt(s);
	case UART_LCR:
		return s->lcr;
	case UART_MCR:
		return s->mcr;
	case UART_LSR:
		return line_status(s);
	case UART_MSR:
		return modem_status(s);
	default:
		return s->scratch;
	}
}

static void send(struct hv_serial *s, struct hv_vcpu *vcpu, uint8_t byte)
{
	s->looks = 0;
	s->sent = false;
	if (s->mcr & UART_MCR_LOOP) {
		put_byte(s, byte);
	} else {
		pthread_mutex_unlock(&s->lock);
		hv_console_put(vcpu, &byte, 1);
		pthread_mutex_lock(&s->lock);
	}
	s->sent = true;
}

static void enable_interrupts(struct hv_serial *s, uint8_t ier)
{
	if (ier & ~s->ier & UART_IER_THRI)
		s->sent = true;
	if (ier & UART_IER_RDI)
		s->wanted = true;
	s->ier = ier & IER_USED;
}

static void control_fifos(struct hv_serial *s, uint8_t fcr)
{
	s->fifos = fcr & UART_FCR_ENABLE_FIFO;
	if (fcr & UART_FCR_CLEAR_RCVR)
		s->filled = 0;
}

static void write_register(struct hv_serial *s, struct hv_vcpu *vcpu,
			   unsigned number, uint8_t value)
{
	bool divisor = s->lcr & UART_LCR_DLAB;

	switch (number) {
	case UART_TX:
		if (divisor)
			s->divisor[0] = value;
		else
			send(s, vcpu, value);
		break;
	case UART_IER:
		if (divisor)
			s->divisor[1] = value;
		else
			enable_interrupts(s, value);
		break;
	case UART_FCR:
		control_fifos(s, value);
		break;
	case UART_LCR:
		s->lcr = value;
		break;
	case UART_MCR:
		s->mcr = value & 0x1f;
		break;
	case UART_SCR:
		s->scratch = value;
		break;
	default:
		break; /* line and modem status are read-only */
	}
}

/* ---- the device */

static struct hv_serial *serial_of(struct hv_device *device)
{
	return (struct hv_serial *)(void *)device;
}

static uint64_t serial_read(struct hv_device *device, struct hv_vcpu *vcpu,
			    uint64_t offset, unsigned bytes)
{
	struct hv_serial *s = serial_of(device);
	uint8_t value;

	(void)bytes;
	pthread_mutex_lock(&s->lock);
	if (may_fill(s))
		fill(s, vcpu);
	value = read_register(s, (unsigned)offset);
	if (may_fill(s))
		fill(s, vcpu);
	update_line(s);
	pthread_mutex_unlock(&s->lock);
	return value;
}

static void serial_write(struct hv_device *device, struct hv_vcpu *vcpu,
			 uint64_t offset, uint64_t value, unsigned bytes)
{
	struct hv_serial *s = serial_of(device);

	(void)bytes;
	pthread_mutex_lock(&s->lock);
	write_register(s, vcpu, (unsigned)offset, (uint8_t)value);
	if (may_fill(s))
		fill(s, vcpu);
	update_line(s);
	pthread_mutex_unlock(&s->lock);
}

struct hv_serial *hv_serial_create(struct hv_native *native)
{
	struct hv_serial *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->device = (struct hv_device){
		.name = "serial",
		.port = true, .base = 0x3f8, .bytes = 8, .width = 1,
		.read = serial_read, .write = serial_write,
	};
	s->native = native;
	pthread_mutex_init(&s->lock, NULL);
	hv_bus_add(&native->bus, &s->device);
	return s;
}

void hv_serial_free(struct hv_serial *serial)
{
	free(serial);
}
