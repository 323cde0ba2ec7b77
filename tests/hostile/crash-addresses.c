/* SPDX-License-Identifier: MIT
 *
 * What if a guest that crashes points at no message, or its stack and frame
 * pointers point anywhere? The report believes none of them.
 *
 * Clauses: O8.
 */
#include "../guest/cases.h"
#include "raw.h"

static void past_ram(void)
{
	raw_op(PV_OP_CRASH, pvg_boot.ram_bytes - 1, 100, 0, 0, 0, 0);
}

static void wrapping(void)
{
	raw_op(PV_OP_CRASH, UINT64_MAX, 100, 0, 0, 0, 0);
}

static void endless(void)
{
	raw_op(PV_OP_CRASH, 0x10000, UINT64_MAX, 0, 0, 0, 0);
}

/* Not to be taken for a terminal's commands. */
static void control_characters(void)
{
	static const char message[] = "\x1b[2J\x1b[31mred\r\n\nlines %s%n\x07";

	pvg_op_crash(message, sizeof(message));
}

static void crash_with_frame(uint64_t frame)
{
	__asm__ volatile("movq %0, %%rbp\n\tud2" : : "r"(frame));
}

static void frame_past_ram(void)
{
	crash_with_frame(pvg_boot.ram_bytes - 8);
}

static void frame_wrapping(void)
{
	crash_with_frame(UINT64_MAX - 7);
}

static void frame_of_itself(void)
{
	static uint64_t loop[2];

	loop[0] = (uintptr_t)loop;
	loop[1] = (uintptr_t)&frame_of_itself;
	crash_with_frame((uintptr_t)loop);
}

static void frames_without_end(void)
{
	static uint64_t chain[20000];

	for (size_t i = 0; i + 2 < 20000; i += 2) {
		chain[i] = (uintptr_t)&chain[i + 2];
		chain[i + 1] = (uintptr_t)&frames_without_end;
	}
	crash_with_frame((uintptr_t)chain);
}

static const struct test_case cases[] = {
	{ "past-ram", past_ram, "123", "it crashed itself" },
	{ "wrapping", wrapping, "123", "it crashed itself" },
	{ "endless", endless, "123", "it crashed itself" },
	{ "control-characters", control_characters, "123", "\\[31mred.*lines %s%n" },
	{ "frame-past-ram", frame_past_ram, "123", "undefined instruction" },
	{ "frame-wrapping", frame_wrapping, "123", "undefined instruction" },
	{ "frame-of-itself", frame_of_itself, "123", "in frame_of_itself" },
	{ "frames-without-end", frames_without_end, "123", "in frames_without_end" },
};

CASES_MAIN(cases)
