/* SPDX-License-Identifier: MIT
 *
 * Lists of pieces of host memory (struct iovec), most often a guest's, taken as one row
 * of bytes. A guest may change what is there at any moment.
 */
#ifndef HV_IOV_H
#define HV_IOV_H

#include <stddef.h>
#include <sys/uio.h>

/* How many bytes they are. */
size_t hv_iov_bytes(const struct iovec *iov, unsigned iovs);
/* Copy from or to `at` bytes behind the start, as far as the list goes: how many bytes
 * that were. What is read is read once (hv_copy_once). */
size_t hv_iov_read(const struct iovec *iov, unsigned iovs, size_t at, void *ret,
		   size_t bytes);
size_t hv_iov_write(const struct iovec *iov, unsigned iovs, size_t at,
		    const void *from, size_t bytes);
/* The part of it from `at`, `bytes` long, as a list of its own, for which there is room
 * for as many: how many it has. */
unsigned hv_iov_part(const struct iovec *iov, unsigned iovs, size_t at,
		     size_t bytes, struct iovec *ret_iov);

#endif
