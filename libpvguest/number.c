/* SPDX-License-Identifier: MIT
 *
 * Numbers from text: the strto* functions. One parser of magnitude and sign,
 * and a limit for each type.
 */
#include <pvguest/libc.h>

#include <limits.h>

#include "internal.h"

struct number {
	unsigned long long magnitude;
	bool negative;
	bool overflow; /* the magnitude does not fit */
};

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* lower case */
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : INT_MAX;
}

static const char *skip_space(const char *s)
{
	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	return s;
}

/* Skip 0x where it is a prefix and not the digit 0, and settle the base. */
static const char *take_base(const char *s, int *base)
{
	bool hex = s[0] == '0' && (s[1] | 0x20) == 'x' &&
		   digit_value(s[2]) < 16;

	if ((*base == 0 || *base == 16) && hex) {
		*base = 16;
		return s + 2;
	}
	if (*base == 0)
		*base = s[0] == '0' ? 8 : 10;
	return s;
}

static struct number parse(const char *text, char **ret_end, int base)
{
	struct number number = { 0, false, false };
	const char *s = skip_space(text);
	const char *first;

	if (*s == '+' || *s == '-')
		number.negative = *s++ == '-';
	s = take_base(s, &base);
	first = s;
	for (; digit_value(*s) < base; s++) {
		number.overflow |= __builtin_mul_overflow(
			number.magnitude, (unsigned long long)base,
			&number.magnitude);
		number.overflow |= __builtin_add_overflow(
			number.magnitude, (unsigned long long)digit_value(*s),
			&number.magnitude);
	}
	if (ret_end)
		*ret_end = (char *)(uintptr_t)(s == first ? text : s);
	return number;
}

unsigned long long strtoull(const char *s, char **ret_end, int base)
{
	struct number number = parse(s, ret_end, base);

	if (number.overflow)
		return ULLONG_MAX;
	return number.negative ? -number.magnitude : number.magnitude;
}

long long strtoll(const char *s, char **ret_end, int base)
{
	struct number number = parse(s, ret_end, base);
	unsigned long long most = number.negative ? 1ULL << 63 : LLONG_MAX;

	if (number.overflow || number.magnitude > most)
		return number.negative ? LLONG_MIN : LLONG_MAX;
	return (long long)(number.negative ? -number.magnitude
					   : number.magnitude);
}

unsigned long strtoul(const char *s, char **ret_end, int base)
{
	return strtoull(s, ret_end, base);
}

long strtol(const char *s, char **ret_end, int base)
{
	return strtoll(s, ret_end, base);
}

int atoi(const char *s)
{
	return (int)strtol(s, NULL, 10);
}
