/* SPDX-License-Identifier: MIT
 *
 * See segments.h; what is legal is said in pvabi/block.h and docs/abi.md.
 */
#include "segments.h"

#include <pvabi/error.h>

static bool is_zero(const struct pv_segment *segment)
{
	return !segment->gpa && !segment->len_bytes && !segment->reserved;
}

bool hv_segments_rest_is_zero(const struct pv_segment seg[HV_SEGMENTS_INLINE],
			      unsigned segments)
{
	unsigned used = segments > HV_SEGMENTS_INLINE ? 1 : segments;

	for (; used < HV_SEGMENTS_INLINE; used++)
		if (!is_zero(&seg[used]))
			return false;
	return true;
}

static bool is_multiple(uint64_t value, uint32_t power_of_two)
{
	return !(value & (power_of_two - 1));
}

static int32_t map_segment(const struct pv_segment *segment, uint32_t align,
			   const struct hv_memory *memory, struct iovec *iov)
{
	if (segment->reserved || !segment->len_bytes ||
	    !is_multiple(segment->gpa, align) ||
	    !is_multiple(segment->len_bytes, align))
		return -PV_EINVAL;
	iov->iov_base = hv_memory_at(memory, segment->gpa, segment->len_bytes);
	iov->iov_len = segment->len_bytes;
	return iov->iov_base ? 0 : -PV_EFAULT;
}

/* A list may lie anywhere in RAM, also in the ring or in its own buffers: it is only
 * ever read, before the I/O. */
static int32_t read_list(const struct pv_segment *where, unsigned segments,
			 const struct hv_memory *memory,
			 struct pv_segment *ret_list)
{
	uint32_t bytes = segments * (uint32_t)sizeof(*where);

	if (where->reserved || where->len_bytes != bytes ||
	    !is_multiple(where->gpa, 8))
		return -PV_EINVAL;
	return hv_memory_read(memory, where->gpa, ret_list, bytes) ? 0
								   : -PV_EFAULT;
}

int32_t hv_segments_map(const struct pv_segment seg[HV_SEGMENTS_INLINE],
			unsigned segments, uint32_t align, uint64_t len_bytes,
			const struct hv_memory *memory, struct iovec *iov)
{
	struct pv_segment list[HV_SEGMENTS_MAX];
	uint64_t sum = 0;
	int32_t status = 0;

	if (segments > HV_SEGMENTS_INLINE) {
		status = read_list(&seg[0], segments, memory, list);
		seg = list;
	}
	for (unsigned i = 0; !status && i < segments; i++) {
		status = map_segment(&seg[i], align, memory, &iov[i]);
		sum += seg[i].len_bytes;
	}
	if (!status && sum != len_bytes)
		status = -PV_EINVAL;
	return status;
}
