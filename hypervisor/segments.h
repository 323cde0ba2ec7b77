/* SPDX-License-Identifier: MIT
 *
 * The segments of a request (struct pv_segment), in place or in a list of their own:
 * pure functions of a copied request and guest RAM.
 */
#ifndef HV_SEGMENTS_H
#define HV_SEGMENTS_H

#include <pvabi/ring.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "guest-memory.h"

#define HV_SEGMENTS_INLINE 2
#define HV_SEGMENTS_MAX 256 /* of any request */

/* Whether what `segments` of them leave unused of a request's seg[] is 0, so that a
 * later version can use it. */
bool hv_segments_rest_is_zero(const struct pv_segment seg[HV_SEGMENTS_INLINE],
			      unsigned segments);
/* Segments that are len_bytes long together, as host memory: from 1 to HV_SEGMENTS_MAX
 * of them, for which iov has room; addresses and lengths are multiples of `align`, a
 * power of two. A list is read from guest RAM here, once. 0 or -PV_E*. */
int32_t hv_segments_map(const struct pv_segment seg[HV_SEGMENTS_INLINE],
			unsigned segments, uint32_t align, uint64_t len_bytes,
			const struct hv_memory *memory, struct iovec *iov);

#endif
