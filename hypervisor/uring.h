/* SPDX-License-Identifier: MIT
 *
 * What the loop's io_uring and an alarm's have in common.
 */
#ifndef HV_URING_H
#define HV_URING_H

#include <errno.h>
#include <stdbool.h>

/* Whether what entering an io_uring said is no mistake: out of memory in the kernel, and
 * completions to be reaped first, pass by themselves. */
static inline bool hv_uring_passes(int result)
{
	return result >= 0 || result == -EINTR || result == -EAGAIN ||
	       result == -EBUSY;
}

#endif
