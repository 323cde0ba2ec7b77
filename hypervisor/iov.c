/* SPDX-License-Identifier: MIT
 *
 * See iov.h.
 */
#include "iov.h"

#include <stdint.h>
#include <string.h>

#include "guest-memory.h"

size_t hv_iov_bytes(const struct iovec *iov, unsigned iovs)
{
	size_t sum = 0;

	for (unsigned i = 0; i < iovs; i++)
		sum += iov[i].iov_len;
	return sum;
}

/* What of one piece lies from `at` on, `bytes` at most; *at is taken along. */
static struct iovec part_of(const struct iovec *piece, size_t *at, size_t bytes)
{
	size_t skip = *at < piece->iov_len ? *at : piece->iov_len;
	size_t len = piece->iov_len - skip;

	*at -= skip;
	return (struct iovec){ (uint8_t *)piece->iov_base + skip,
			       len < bytes ? len : bytes };
}

size_t hv_iov_read(const struct iovec *iov, unsigned iovs, size_t at, void *ret,
		   size_t bytes)
{
	size_t done = 0;

	for (; iovs && done < bytes; iov++, iovs--) {
		struct iovec part = part_of(iov, &at, bytes - done);

		hv_copy_once((uint8_t *)ret + done, part.iov_base, part.iov_len);
		done += part.iov_len;
	}
	return done;
}

size_t hv_iov_write(const struct iovec *iov, unsigned iovs, size_t at,
		    const void *from, size_t bytes)
{
	size_t done = 0;

	for (; iovs && done < bytes; iov++, iovs--) {
		struct iovec part = part_of(iov, &at, bytes - done);

		memcpy(part.iov_base, (const uint8_t *)from + done, part.iov_len);
		done += part.iov_len;
	}
	return done;
}

unsigned hv_iov_part(const struct iovec *iov, unsigned iovs, size_t at,
		     size_t bytes, struct iovec *ret_iov)
{
	unsigned parts = 0;

	for (; iovs && bytes; iov++, iovs--) {
		struct iovec part = part_of(iov, &at, bytes);

		bytes -= part.iov_len;
		if (part.iov_len)
			ret_iov[parts++] = part;
	}
	return parts;
}
