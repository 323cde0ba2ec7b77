/* SPDX-License-Identifier: MIT
 *
 * An input of a fuzz target that is a program of small steps.
 */
#ifndef TESTS_STEPS_H
#define TESTS_STEPS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define STEPS_MAX 256u

struct step {
	uint8_t what, where, value, more;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* How many steps the input has, as far as they are taken. */
static inline size_t steps_in(size_t bytes)
{
	size_t steps = bytes / sizeof(struct step);

	return steps < STEPS_MAX ? steps : STEPS_MAX;
}

static inline struct step step_at(const uint8_t *data, size_t i)
{
	struct step s;

	memcpy(&s, data + i * sizeof(s), sizeof(s));
	return s;
}

#endif
