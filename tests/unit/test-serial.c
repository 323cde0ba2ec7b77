/* SPDX-License-Identifier: MIT
 *
 * The serial port by its registers: causes of interrupts, and the way of bytes from
 * stdin and to stdout.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/serial_reg.h>
#include <unistd.h>

#include "fake-native.h"

#define COM 0x3f8

static struct fake_native fake;
static int input, output; /* the far ends of its stdin and stdout */

static void redirect(int fd, int to)
{
	dup2(fd, to);
	close(fd);
}

static void setup(void)
{
	int in[2], out[2];

	cr_assert_eq(pipe(in), 0);
	cr_assert_eq(pipe(out), 0);
	redirect(in[0], STDIN_FILENO);
	redirect(out[1], STDOUT_FILENO);
	input = in[1];
	output = out[0];
	cr_assert_eq(fake_native_make(&fake, NULL), 0);
}

static void teardown(void)
{
	fake_native_free(&fake);
}

TestSuite(serial, .init = setup, .fini = teardown, .timeout = 20);

static void out(unsigned number, uint8_t value)
{
	fake_out(&fake, (uint16_t)(COM + number), value);
}

static uint8_t in(unsigned number)
{
	return fake_in(&fake, (uint16_t)(COM + number));
}

static void await(unsigned number, uint8_t bit)
{
	while (!(in(number) & bit))
		fake_nap();
}

Test(serial, what_is_sent_is_on_stdout)
{
	char text[3] = "";

	cr_assert_eq(in(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	out(UART_TX, 'h');
	out(UART_TX, 'i');
	cr_assert_eq(read(output, text, 2), 2);
	cr_assert_str_eq(text, "hi");
}

Test(serial, the_divisor_has_its_own_registers)
{
	out(UART_LCR, UART_LCR_DLAB | 3);
	out(UART_DLL, 0x12);
	out(UART_DLM, 0x34);
	cr_assert(in(UART_DLL) == 0x12 && in(UART_DLM) == 0x34);
	out(UART_LCR, 3);
	cr_assert_eq(in(UART_IER), 0);
}

Test(serial, sending_interrupts_when_it_is_asked_to)
{
	cr_assert_eq(in(UART_IIR), UART_IIR_NO_INT);
	out(UART_IER, UART_IER_THRI);
	cr_assert_eq(in(UART_IIR), UART_IIR_THRI);
	cr_assert_eq(in(UART_IIR), UART_IIR_NO_INT); /* told once */
	out(UART_TX, 'x');
	cr_assert_eq(in(UART_IIR), UART_IIR_THRI);
}

Test(serial, fifos_are_told)
{
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	cr_assert_eq(in(UART_IIR), 0xc0 | UART_IIR_NO_INT);
}

Test(serial, input_is_left_alone_by_those_who_only_send)
{
	char byte;

	cr_assert_eq(write(input, "i", 1), 1);
	for (int i = 0; i < 200; i++) {
		in(UART_LSR);
		out(UART_TX, '.');
	}
	cr_assert_eq(read(STDIN_FILENO, &byte, 1), 1);
	cr_assert_eq(byte, 'i');
}

Test(serial, who_looks_again_and_again_gets_input)
{
	cr_assert_eq(write(input, "ab", 2), 2);
	await(UART_LSR, UART_LSR_DR);
	cr_assert_eq(in(UART_RX), 'a');
	await(UART_LSR, UART_LSR_DR);
	cr_assert_eq(in(UART_RX), 'b');
	cr_assert_eq(in(UART_LSR) & UART_LSR_DR, 0);
	cr_assert_eq(in(UART_RX), 0);
}

Test(serial, input_interrupts)
{
	out(UART_IER, UART_IER_RDI);
	cr_assert_eq(in(UART_IIR), UART_IIR_NO_INT);
	cr_assert_eq(write(input, "q", 1), 1);
	while (in(UART_IIR) != UART_IIR_RDI)
		fake_nap();
	cr_assert_eq(in(UART_RX), 'q');
	cr_assert_eq(in(UART_IIR), UART_IIR_NO_INT);
}

Test(serial, more_than_a_buffer_arrives_in_order)
{
	uint8_t bytes[1000];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	cr_assert_eq(write(input, bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		await(UART_LSR, UART_LSR_DR);
		cr_assert_eq(in(UART_RX), bytes[i]);
	}
}

Test(serial, the_carrier_is_lost_when_input_ends)
{
	cr_assert(in(UART_MSR) & UART_MSR_DCD);
	out(UART_IER, UART_IER_RDI | UART_IER_MSI);
	close(input);
	while (in(UART_IIR) != UART_IIR_MSI)
		fake_nap();
	cr_assert_eq(in(UART_LSR) & UART_LSR_DR, 0);
	cr_assert_eq(in(UART_MSR) & (UART_MSR_DCD | UART_MSR_DDCD), UART_MSR_DDCD);
	cr_assert_eq(in(UART_IIR), UART_IIR_NO_INT);
}

Test(serial, loopback_keeps_to_itself)
{
	char byte;

	out(UART_MCR, UART_MCR_LOOP | UART_MCR_RTS | UART_MCR_OUT2);
	cr_assert_eq(in(UART_MSR) & 0xf0, UART_MSR_CTS | UART_MSR_DCD);
	for (int i = 0; i < 40; i++)
		out(UART_TX, (uint8_t)('a' + i)); /* more than it keeps */
	for (int i = 0; i < 16; i++)
		cr_assert_eq(in(UART_RX), 'a' + i);
	cr_assert_eq(in(UART_LSR) & UART_LSR_DR, 0);
	fcntl(output, F_SETFL, O_NONBLOCK);
	cr_assert_lt(read(output, &byte, 1), 0);
}

Test(serial, the_scratch_register_is_there)
{
	out(UART_SCR, 0x5a);
	cr_assert_eq(in(UART_SCR), 0x5a);
}
