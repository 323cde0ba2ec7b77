/* SPDX-License-Identifier: MIT
 *
 * RANDOM: the processor's own numbers, RDRAND (SDM volume 1, 7.3.17: it fails now and
 * then, and ten tries are enough where it works at all).
 */
#include <pvguest/libc.h>
#include <pvguest/ops.h>

#include "../internal.h"

#define TRIES 10

static bool get(uint64_t *ret_number)
{
	bool done = false;

	for (int i = 0; i < TRIES && !done; i++)
		__asm__ volatile("rdrand %0" : "=r"(*ret_number), "=@ccc"(done));
	return done;
}

int64_t pvg_op_random(void *ret_bytes, uint64_t len_bytes)
{
	char *at = ret_bytes;
	uint64_t left;

	if (!pvg_has(PV_FEATURE_RANDOM))
		return -PV_ENOSYS;
	if (len_bytes > PV_RANDOM_MAX_BYTES)
		len_bytes = PV_RANDOM_MAX_BYTES;
	if (!pvg_memory_is_ram(pvg_gpa(ret_bytes), len_bytes))
		return -PV_EFAULT;
	for (left = len_bytes; left > 0;) {
		uint64_t number;
		size_t some = left < sizeof(number) ? left : sizeof(number);

		if (!get(&number))
			return -PV_EIO;
		memcpy(at, &number, some);
		at += some;
		left -= some;
	}
	return (int64_t)len_bytes;
}
