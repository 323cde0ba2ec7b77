/* SPDX-License-Identifier: MIT
 *
 * See parse.h.
 */
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int unit_shift(const char *suffix)
{
	static const char units[] = "KMGT";
	const char *unit;

	if (suffix[0] == '\0')
		return 0;
	unit = strchr(units, toupper((unsigned char)suffix[0]));
	if (!unit || suffix[1] != '\0')
		return -1;
	return 10 * (int)(unit - units + 1);
}

int hv_parse_size(const char *text, uint64_t *ret_bytes)
{
	unsigned long long count;
	char *end;
	int shift;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	count = strtoull(text, &end, 10);
	if (errno == ERANGE)
		return -ERANGE;
	shift = unit_shift(end);
	if (shift < 0)
		return -EINVAL;
	if (count > UINT64_MAX >> shift)
		return -ERANGE;
	*ret_bytes = (uint64_t)count << shift;
	return 0;
}

int hv_parse_seconds(const char *text, uint64_t *ret_ns)
{
	double seconds;
	char *end;

	if (!isdigit((unsigned char)text[0]) && text[0] != '.')
		return -EINVAL;
	if (strspn(text, "0123456789.") != strlen(text))
		return -EINVAL;
	seconds = strtod(text, &end);
	if (end == text || *end)
		return -EINVAL;
	if (!(seconds > 0) || seconds > 1e9)
		return -ERANGE;
	*ret_ns = (uint64_t)(seconds * 1e9);
	return *ret_ns ? 0 : -ERANGE;
}

unsigned hv_parse_count(const char *text, unsigned most)
{
	unsigned long count;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return 0;
	count = strtoul(text, &end, 10);
	return *end == '\0' && count <= most ? (unsigned)count : 0;
}

bool hv_parse_is_name(const char *text, size_t bytes)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(text);

	return len && len < bytes && strspn(text, allowed) == len;
}

char *hv_parse_cut(char *text)
{
	char *to = text, *rest;

	for (; *text && (*text != ',' || text[1] == ','); text++) {
		*to++ = *text;
		if (*text == ',')
			text++;
	}
	rest = *text ? text + 1 : NULL;
	*to = '\0';
	return rest;
}
