/* SPDX-License-Identifier: MIT
 *
 * Are privileged instructions named, with whatever prefixes, and others not?
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "privileged.h"

struct instruction {
	uint8_t code[HV_INSTRUCTION_BYTES];
	char name[40]; /* "": none */
};

ParameterizedTestParameters(privileged, names)
{
	static struct instruction list[] = {
		{ { 0xfa }, "cli" },
		{ { 0xee }, "out" },
		{ { 0x66, 0xef }, "out" },             /* outw */
		{ { 0x66, 0xed }, "in" },              /* inw */
		{ { 0x6c }, "ins" },                   /* insb */
		{ { 0xf3, 0x66, 0x6d }, "ins" },       /* rep insw */
		{ { 0xf3, 0x6e }, "outs" },            /* rep outsb */
		{ { 0xcd, 0x80 }, "int n" },
		{ { 0x0f, 0x01, 0x3f }, "invlpg" },    /* (%rdi) */
		{ { 0x67, 0x0f, 0x01, 0x38 }, "invlpg" }, /* (%eax) */
		{ { 0x65, 0x41, 0x0f, 0x01, 0x38 }, "invlpg" }, /* %gs:(%r8) */
		{ { 0x0f, 0x01, 0xf8 }, "swapgs" },
		{ { 0x0f, 0x01, 0xf0 }, "lmsw" },      /* %ax */
		{ { 0x0f, 0x01, 0x37 }, "lmsw" },      /* (%rdi) */
		{ { 0x0f, 0x01, 0x17 }, "lgdt" },
		{ { 0x0f, 0x01, 0xd1 }, "xsetbv" },
		{ { 0x0f, 0x00, 0xd8 }, "ltr" },
		{ { 0x0f, 0x00, 0x1f }, "ltr" },       /* (%rdi) */
		{ { 0x0f, 0x01, 0xc8 }, "monitor" },
		{ { 0x0f, 0x01, 0xc9 }, "mwait" },
		{ { 0x0f, 0x01, 0xca }, "clac" },
		{ { 0x0f, 0x01, 0xcb }, "stac" },
		{ { 0x0f, 0x01, 0xc2 }, "vmlaunch" },
		{ { 0x66, 0x0f, 0x38, 0x82, 0x07 }, "invpcid" },
		{ { 0x0f, 0x35 }, "sysexit" },
		{ { 0x48, 0x0f, 0x35 }, "sysexit" },   /* sysexitq */
		{ { 0x48, 0x0f, 0x07 }, "sysret" },
		{ { 0x0f, 0x22, 0xd8 }, "mov to or from a control register" },
		{ { 0x90 }, "" },                      /* nop */
		{ { 0xf3, 0x90 }, "" },                /* pause */
		{ { 0x0f, 0x0b }, "" },                /* ud2 */
		{ { 0x0f, 0x01, 0xd0 }, "" },          /* xgetbv */
		{ { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		    0x66, 0x66, 0x66, 0x66, 0x66 }, "" },
	};

	return cr_make_param_array(struct instruction, list,
				   sizeof(list) / sizeof(list[0]));
}

ParameterizedTest(struct instruction *instruction, privileged, names)
{
	const char *name = hv_privileged_name(instruction->code);

	cr_assert_str_eq(name ? name : "", instruction->name);
}
