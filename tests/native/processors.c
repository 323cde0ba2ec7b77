/* SPDX-License-Identifier: MIT
 *
 * What if processors are started, started again, reset, or never there?
 */
#include "bare.h"

static uint32_t arrived;
static bool others_spin, others_fault;

void bare_other(void)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
	if (others_fault)
		__asm__ volatile("ud2");
	while (others_spin)
		__asm__ volatile("pause");
}

static void wait_for(uint32_t count)
{
	while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < count)
		__asm__ volatile("pause");
}

static void all_start(void)
{
	place_other_code();
	for (uint32_t i = 1; i < 4; i++)
		start_other(i);
	wait_for(3);
}

static void exit_while_others_spin(void)
{
	others_spin = true;
	all_start();
	bare_exit(7);
}

static void start_again_and_again(void)
{
	place_other_code();
	for (uint32_t i = 1; i <= 20; i++) {
		start_other(1);
		wait_for(i);
	}
}

static void start_those_that_run(void)
{
	others_spin = true;
	all_start();
	for (uint32_t i = 0; i < 20; i++)
		send(1 + i % 3, COMMAND_STARTUP | OTHER_PAGE >> 12);
	for (uint32_t i = 0; i < 20; i++)
		send(1 + i % 3, COMMAND_INIT);
}

static void start_none(void)
{
	place_other_code();
	for (uint32_t i = 4; i < 256; i += 50)
		start_other(i);
}

/* Where there is no code, in ROM or beyond RAM. It fails alone, or ends the machine. */
static void start_at_nothing(void)
{
	place_other_code();
	send(1, COMMAND_INIT);
	send(1, COMMAND_STARTUP | 0xc0);
	send(2, COMMAND_INIT);
	send(2, COMMAND_STARTUP | 0xff);
	for (volatile uint32_t i = 0; i < 20000; i++)
		;
}

static void another_faults(void)
{
	others_fault = true;
	all_start();
	for (;;)
		;
}

static void reset_itself(void)
{
	place_other_code();
	send(0, COMMAND_INIT);
	for (;;)
		;
}

/* Its own interrupt controller over RAM, over a disk, and away. */
static void apic_elsewhere(void)
{
	static const uint32_t bases[] = { 0x100900, 0xfeb00900, 0x900, 0x100,
					  0xfee00900 };

	for (unsigned i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		__asm__ volatile("wrmsr" : : "c"(0x1b), "a"(bases[i]), "d"(0));
		read32((bases[i] & ~0xfffu) + 0x300);
		read32(0xfeb00000);
	}
	others_spin = true;
	all_start();
}

const struct bare_case bare_cases[] = {
	{ "all-start", all_start, "0", "any" },
	{ "exit-while-others-spin", exit_while_others_spin, "7", "any" },
	{ "start-again-and-again", start_again_and_again, "0", "any" },
	{ "start-those-that-run", start_those_that_run, "0", "any" },
	{ "start-none", start_none, "0", "any" },
	{ "start-at-nothing", start_at_nothing, "0|123", "guest stopped" },
	{ "apic-elsewhere", apic_elsewhere, "0", "any" },
	{ "another-faults", another_faults, "123", "triple fault.*of vCPU [123]" },
	{ "reset-itself", reset_itself, "123", "no RAM.*at 0xfffffff0" },
	{ NULL, NULL, NULL, NULL },
};
