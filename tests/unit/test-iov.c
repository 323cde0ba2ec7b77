/* SPDX-License-Identifier: MIT
 *
 * Lists of pieces of memory, taken as one row of bytes.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "iov.h"

#define PIECES 256u

TestSuite(iov, .timeout = 20);

Test(iov, parts_are_cut_anywhere)
{
	uint8_t bytes[10] = "abcdefghi", back[10];
	const struct iovec list[] = { { bytes, 1 }, { bytes + 1, 4 },
				      { bytes + 5, 0 }, { bytes + 5, 5 } };
	struct iovec part[4];

	for (size_t at = 0; at <= 10; at++)
		for (size_t len = 0; at + len <= 10; len++) {
			unsigned parts = hv_iov_part(list, 4, at, len, part);

			cr_assert_eq(hv_iov_bytes(part, parts), len);
			cr_assert(!parts || part[0].iov_base == bytes + at);
			cr_assert_eq(hv_iov_read(list, 4, at, back, len), len);
			cr_assert(!memcmp(back, bytes + at, len));
		}
	cr_assert_eq(hv_iov_part(list, 4, 8, 100, part), 1);
	cr_assert_eq(part[0].iov_len, 2);
}

Test(iov, what_is_written_is_read_where_it_is)
{
	uint8_t bytes[10] = "abcdefghi";
	const struct iovec list[] = { { bytes, 1 }, { bytes + 1, 4 },
				      { bytes + 5, 5 } };

	cr_assert_eq(hv_iov_write(list, 3, 3, "XYZ", 3), 3);
	cr_assert_str_eq((char *)bytes, "abcXYZghi");
}

Test(iov, copies_end_with_the_list)
{
	uint8_t bytes[4] = "abc", back[8] = "-------";
	const struct iovec list[] = { { bytes, 1 }, { bytes + 1, 2 } };

	cr_assert_eq(hv_iov_read(list, 2, 1, back, 7), 2);
	cr_assert_str_eq((char *)back, "bc-----");
	cr_assert_eq(hv_iov_write(list, 2, 2, "XYZ", 3), 1);
	cr_assert_str_eq((char *)bytes, "abX");
	cr_assert_eq(hv_iov_write(list, 2, 3, "XYZ", 3), 0);
	cr_assert_eq(hv_iov_read(list, 0, 0, back, 7), 0);
}

Test(iov, there_may_be_as_many_pieces_as_bytes)
{
	uint8_t bytes[PIECES], back[PIECES] = { 0 };
	struct iovec list[PIECES], part[PIECES];

	for (unsigned i = 0; i < PIECES; i++) {
		bytes[i] = (uint8_t)~i;
		list[i] = (struct iovec){ &bytes[i], 1 };
	}
	cr_assert_eq(hv_iov_read(list, PIECES, 0, back, PIECES), PIECES);
	cr_assert(!memcmp(back, bytes, PIECES));
	cr_assert_eq(hv_iov_part(list, PIECES, 1, PIECES, part), PIECES - 1);
}
