/* SPDX-License-Identifier: MIT
 *
 * Numbers, names and lists as users write them.
 */
#ifndef HV_PARSE_H
#define HV_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "4096", "64K", "2M", "1G", "1T", either case, binary units. 0, or -EINVAL for
 * anything else, or -ERANGE past 64 bits. */
int hv_parse_size(const char *text, uint64_t *ret_bytes);
/* "10", "0.5": seconds, more than 0, at most 1,000,000,000, as nanoseconds.
 * 0, -EINVAL or -ERANGE. */
int hv_parse_seconds(const char *text, uint64_t *ret_ns);
/* "10": from 1 to the most; 0 for anything else. */
unsigned hv_parse_count(const char *text, unsigned most);

/* Whether it is 1 to bytes - 1 letters, digits, dots, dashes or underscores. */
bool hv_parse_is_name(const char *text, size_t bytes);
/* End the text at a comma that stands alone, making one of every two before it. What
 * follows, or NULL. */
char *hv_parse_cut(char *text);

#endif
