/* SPDX-License-Identifier: MIT
 *
 * The memory that a request names, checked as a hypervisor does: D10 of docs/abi.md.
 */
#include "../internal.h"
#include "queue.h"

static bool is_zero(const struct pv_segment *segment)
{
	return !segment->gpa && !segment->len_bytes && !segment->reserved;
}

bool pvg_segments_unused_is_zero(const struct pv_segment inline_segment[2],
				 unsigned segments)
{
	unsigned used = segments > 2 ? 1 : segments;

	for (; used < 2; used++)
		if (!is_zero(&inline_segment[used]))
			return false;
	return true;
}

static int32_t check_list(const struct pv_segment *where, unsigned segments)
{
	uint32_t bytes = segments * (uint32_t)sizeof(*where);

	if (segments <= 2)
		return 0;
	if (where->reserved || where->len_bytes != bytes ||
	    !pvg_is_multiple(where->gpa, 8))
		return -PV_EINVAL;
	return pvg_memory_is_ram(where->gpa, bytes) ? 0 : -PV_EFAULT;
}

static int32_t check_segment(const struct pv_segment *segment,
			     uint32_t align_bytes)
{
	if (segment->reserved || !segment->len_bytes ||
	    !pvg_is_multiple(segment->gpa, align_bytes) ||
	    !pvg_is_multiple(segment->len_bytes, align_bytes))
		return -PV_EINVAL;
	return pvg_memory_is_ram(segment->gpa, segment->len_bytes) ? 0
								   : -PV_EFAULT;
}

int32_t pvg_segments_check(const struct pv_segment inline_segment[2],
			   unsigned segments, uint32_t align_bytes,
			   uint64_t len_bytes)
{
	const struct pv_segment *segment =
		pvg_segments_at(inline_segment, segments);
	int32_t status = check_list(inline_segment, segments);
	uint64_t sum = 0;

	for (unsigned i = 0; !status && i < segments; i++) {
		status = check_segment(&segment[i], align_bytes);
		sum += segment[i].len_bytes;
	}
	if (!status && sum != len_bytes)
		status = -PV_EINVAL;
	return status;
}
