/* SPDX-License-Identifier: MIT
 *
 * Random numbers: RANDOM, and 64 numbers fetched ahead.
 */
#include <pvguest/ops.h>
#include <pvguest/panic.h>
#include <pvguest/random.h>
#include <pvguest/spinlock.h>

int pvg_random_fill(void *ret_bytes, size_t len_bytes)
{
	char *at = ret_bytes;

	if (!pvg_has(PV_FEATURE_RANDOM))
		return -PV_EOPNOTSUPP;
	while (len_bytes > 0) {
		int64_t filled = pvg_op_random(at, len_bytes);

		if (filled < 0)
			return (int)filled;
		at += filled;
		len_bytes -= (size_t)filled;
	}
	return 0;
}

uint64_t pvg_random_u64(void)
{
	static struct pvg_spinlock lock;
	static uint64_t ahead[64];
	static unsigned left;
	bool was_masked = pvg_spin_lock_masked(&lock);
	uint64_t number;

	if (left == 0) {
		if (pvg_random_fill(ahead, sizeof(ahead)) != 0)
			pvg_panic("this hypervisor granted no random numbers: "
				  "require PV_FEATURE_RANDOM in the note");
		left = sizeof(ahead) / sizeof(ahead[0]);
	}
	number = ahead[--left];
	ahead[left] = 0; /* a later leak of memory tells nothing of it */
	pvg_spin_unlock_masked(&lock, was_masked);
	return number;
}
