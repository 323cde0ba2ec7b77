/* SPDX-License-Identifier: MIT
 *
 * Whether a block request makes sense: pure functions of a copied request, a
 * disk's geometry and guest RAM. Nothing of a request is used before it passed
 * both.
 */
#ifndef HV_BLOCK_REQUEST_H
#define HV_BLOCK_REQUEST_H

#include <pvabi/block.h>
#include <sys/uio.h>

#include "disk.h"
#include "guest-memory.h"

/* Where requests may end: the size rounded up to a whole block. */
uint64_t hv_blk_disk_end(const struct hv_disk *disk);

/* Everything but the segments themselves. 0 or -PV_E*. */
int32_t hv_blk_request_check(const struct pv_blk_request *request,
			     const struct hv_disk *disk);

/* The segments of a READ or WRITE that passed the check, as host memory. An
 * indirect list is read from guest RAM here, once. iov has room
 * for request->segments. 0 or -PV_E*. */
int32_t hv_blk_request_map(const struct pv_blk_request *request,
			   const struct hv_disk *disk,
			   const struct hv_memory *memory, struct iovec *iov);

#endif
