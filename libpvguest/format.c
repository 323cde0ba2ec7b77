/* SPDX-License-Identifier: MIT
 *
 * The engine of the printf family: one pass over the format, pieces to a sink.
 * No allocation, some 400 bytes of stack (1.5 KiB for a floating-point number).
 */
#include <pvguest/libc.h>

#include "internal.h"

struct spec {
	bool left, plus, space, alternate, zero;
	int width;
	int precision; /* -1: none given */
	char length;   /* h, l, q for ll, H for hh, z, t, j, or 0 */
	char conversion;
};

struct output {
	pvg_put *put;
	void *sink;
	size_t len;
};

static void emit(struct output *out, const char *piece, size_t len)
{
	if (len > 0)
		out->put(out->sink, piece, len);
	out->len += len;
}

static void emit_many(struct output *out, char byte, long count)
{
	char piece[32];

	if (count <= 0)
		return;
	memset(piece, byte, sizeof(piece));
	for (; count > (long)sizeof(piece); count -= (long)sizeof(piece))
		emit(out, piece, sizeof(piece));
	emit(out, piece, (size_t)count);
}

/* [spaces] prefix [zeroes] body [spaces], to at least the width. */
static void emit_field(struct output *out, const struct spec *spec,
		       const char *prefix, size_t zeroes, const char *body,
		       size_t len)
{
	size_t prefix_len = strlen(prefix);
	long pad = spec->width - (long)(prefix_len + zeroes + len);

	if (!spec->left)
		emit_many(out, ' ', pad);
	emit(out, prefix, prefix_len);
	emit_many(out, '0', (long)zeroes);
	emit(out, body, len);
	if (spec->left)
		emit_many(out, ' ', pad);
}

/* The `0` flag: zeroes that fill the width after the sign. */
static size_t zeroes_to_width(const struct spec *spec, const char *prefix,
			      size_t len)
{
	long zeroes = spec->width - (long)(strlen(prefix) + len);

	return spec->zero && !spec->left && zeroes > 0 ? (size_t)zeroes : 0;
}

static const char *sign(const struct spec *spec, bool negative)
{
	if (negative)
		return "-";
	if (spec->plus)
		return "+";
	return spec->space ? " " : "";
}

/* Digits of value from the end of a buffer backwards; where they start. */
static char *digits(char *end, uint64_t value, char conversion)
{
	const char *set = conversion == 'X' ? "0123456789ABCDEF"
					    : "0123456789abcdef";

	switch (conversion) {
	case 'x':
	case 'X':
		for (; value; value >>= 4)
			*--end = set[value & 15];
		break;
	case 'o':
		for (; value; value >>= 3)
			*--end = set[value & 7];
		break;
	default: /* by a constant: the compiler multiplies instead */
		for (; value; value /= 10)
			*--end = set[value % 10];
	}
	return end;
}

static const char *radix_prefix(const struct spec *spec, uint64_t value)
{
	if (spec->conversion == 'p')
		return "0x";
	if (!spec->alternate || value == 0)
		return "";
	if (spec->conversion == 'x')
		return "0x";
	return spec->conversion == 'X' ? "0X" : "";
}

static void emit_integer(struct output *out, const struct spec *spec,
			 const char *prefix, uint64_t value)
{
	char buffer[24];
	char *end = buffer + sizeof(buffer);
	char conversion = spec->conversion == 'p' ? 'x' : spec->conversion;
	char *first = digits(end, value, conversion);
	size_t len = (size_t)(end - first);
	/* Precision 0 prints no digit of a zero. */
	size_t least = spec->precision < 0 ? 1 : (size_t)spec->precision;
	size_t zeroes = len < least ? least - len : 0;

	if (spec->conversion == 'o' && spec->alternate && zeroes == 0)
		zeroes = len == 0 || *first != '0';
	if (spec->precision < 0)
		zeroes += zeroes_to_width(spec, prefix, zeroes + len);
	emit_field(out, spec, prefix, zeroes, first, len);
}

static int64_t signed_argument(char length, va_list *args)
{
	switch (length) {
	case 'H':
		return (signed char)va_arg(*args, int);
	case 'h':
		return (short)va_arg(*args, int);
	case 'l':
	case 'q':
	case 'j':
	case 't':
	case 'z': /* all 64 bits wide here */
		return va_arg(*args, long);
	default:
		return va_arg(*args, int);
	}
}

static uint64_t unsigned_argument(char length, va_list *args)
{
	switch (length) {
	case 'H':
		return (unsigned char)va_arg(*args, unsigned);
	case 'h':
		return (unsigned short)va_arg(*args, unsigned);
	case 'l':
	case 'q':
	case 'j':
	case 't':
	case 'z':
		return va_arg(*args, unsigned long);
	default:
		return va_arg(*args, unsigned);
	}
}

static void emit_string(struct output *out, const struct spec *spec,
			const char *string)
{
	size_t most = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;

	if (!string)
		string = "(null)";
	emit_field(out, spec, "", 0, string, strnlen(string, most));
}

#ifdef __SSE__ /* code without vector registers cannot pass a double */
/* A double is mantissa * 2^exponent, with a mantissa below 2^53. */
struct parts {
	uint64_t mantissa;
	int exponent;
	bool negative;
	bool infinite, nan;
};

static struct parts take_apart(double value)
{
	struct parts parts = { 0 };
	uint64_t bits;
	int field;

	memcpy(&bits, &value, sizeof(bits));
	field = (int)(bits >> 52 & 0x7ff);
	parts.negative = bits >> 63;
	parts.mantissa = bits & ((UINT64_C(1) << 52) - 1);
	parts.nan = field == 0x7ff && parts.mantissa;
	parts.infinite = field == 0x7ff && !parts.mantissa;
	if (field > 0)
		parts.mantissa |= UINT64_C(1) << 52;
	else
		field = 1;
	parts.exponent = field - 1075;
	return parts;
}

/* The part before the point, if it fits. */
static uint64_t whole_part(const struct parts *parts)
{
	int exponent = parts->exponent;

	if (exponent >= 0)
		return exponent <= 11 ? parts->mantissa << exponent : 0;
	return exponent > -64 ? parts->mantissa >> -exponent : 0;
}

/* The part behind the point, in units of 2^-64, smaller bits cut off. */
static uint64_t fraction_part(const struct parts *parts)
{
	int shift = parts->exponent + 64;

	if (parts->exponent >= 0)
		return 0;
	if (shift >= 0)
		return parts->mantissa << shift;
	return shift > -64 ? parts->mantissa >> -shift : 0;
}

#define LARGEST_DOUBLE_DIGITS 309

/* Decimal digits of a number of any size, before the end of a buffer: numbers
 * from 2^64 on do not fit whole_part. Limbs hold nine digits each, lowest
 * first; one pass for every 29 bits of the exponent. */
static char *large_digits(char *end, const struct parts *parts)
{
	const uint32_t limb_size = 1000000000;
	uint32_t limb[LARGEST_DOUBLE_DIGITS / 9 + 2];
	size_t limbs = 0;

	for (uint64_t rest = parts->mantissa; rest; rest /= limb_size)
		limb[limbs++] = (uint32_t)(rest % limb_size);
	for (int left = parts->exponent; left > 0; left -= 29) {
		uint64_t carry = 0;

		for (size_t i = 0; i < limbs; i++) {
			carry += (uint64_t)limb[i] << (left < 29 ? left : 29);
			limb[i] = (uint32_t)(carry % limb_size);
			carry /= limb_size;
		}
		if (carry)
			limb[limbs++] = (uint32_t)carry;
	}
	for (size_t i = 0; i < limbs; i++) {
		char *first = digits(end, limb[i], 'u');

		while (i + 1 < limbs && end - first < 9)
			*--first = '0';
		end = first;
	}
	return end;
}

#define HALF (UINT64_C(1) << 63)

/* Digits of a fraction, rounded to the nearest, halves to an even last digit;
 * whether that carries into the whole part, which is odd or not. */
static bool fraction_digits(char *ret_digits, int count, uint64_t fraction,
			    bool odd)
{
	int i;

	for (i = 0; i < count; i++) {
		__extension__ unsigned __int128 scaled = fraction;

		scaled *= 10;
		ret_digits[i] = (char)('0' + (int)(scaled >> 64));
		fraction = (uint64_t)scaled;
		odd = (scaled >> 64) & 1;
	}
	if (fraction < HALF || (fraction == HALF && !odd))
		return false;
	while (i > 0 && ret_digits[i - 1] == '9')
		ret_digits[--i] = '0';
	if (i > 0)
		ret_digits[i - 1]++;
	return i == 0;
}

/* 2^-64 has 64 digits behind the point: further ones are zeroes. */
#define FRACTION_DIGITS 64

static void emit_finite(struct output *out, const struct spec *spec,
			const struct parts *parts)
{
	char text[LARGEST_DOUBLE_DIGITS + 1 + FRACTION_DIGITS];
	char *point = text + LARGEST_DOUBLE_DIGITS;
	const char *prefix = sign(spec, parts->negative);
	int wanted = spec->precision < 0 ? 6 : spec->precision;
	int count = wanted < FRACTION_DIGITS ? wanted : FRACTION_DIGITS;
	uint64_t whole = whole_part(parts);
	bool carry = fraction_digits(point + 1, count, fraction_part(parts),
				     whole & 1);
	char *first = point;
	size_t len;
	struct spec body = *spec;

	if (parts->exponent > 11)
		first = large_digits(point, parts);
	else
		first = digits(point, whole + carry, 'u');
	if (first == point)
		*--first = '0';
	*point = '.';
	len = (size_t)(point - first);
	if (wanted > 0 || spec->alternate)
		len += 1 + (size_t)count;
	/* Zeroes past the exact digits trail: the field is emitted in two. */
	body.width = spec->width - (wanted - count);
	if (body.left)
		body.width = 0;
	emit_field(out, &body, prefix, zeroes_to_width(&body, prefix, len),
		   first, len);
	emit_many(out, '0', wanted - count);
	if (spec->left)
		emit_many(out, ' ', spec->width - (long)(strlen(prefix) + len) -
					    (wanted - count));
}

static void emit_double(struct output *out, const struct spec *spec,
			double value)
{
	struct parts parts = take_apart(value);
	bool upper = spec->conversion == 'F';

	if (parts.nan)
		emit_field(out, spec, sign(spec, parts.negative), 0,
			   upper ? "NAN" : "nan", 3);
	else if (parts.infinite)
		emit_field(out, spec, sign(spec, parts.negative), 0,
			   upper ? "INF" : "inf", 3);
	else
		emit_finite(out, spec, &parts);
}

#endif

static const char *parse_flags(const char *at, struct spec *ret_spec)
{
	for (;; at++) {
		switch (*at) {
		case '-':
			ret_spec->left = true;
			break;
		case '+':
			ret_spec->plus = true;
			break;
		case ' ':
			ret_spec->space = true;
			break;
		case '#':
			ret_spec->alternate = true;
			break;
		case '0':
			ret_spec->zero = true;
			break;
		default:
			return at;
		}
	}
}

/* Digits or *; at most 2^20, so that no format can run for long or overflow. */
static const char *parse_number(const char *at, int *ret_number, va_list *args)
{
	int number = 0;

	if (*at == '*') {
		number = va_arg(*args, int);
		at++;
	}
	for (; *at >= '0' && *at <= '9'; at++)
		if (number < 1 << 20)
			number = number * 10 + (*at - '0');
	if (number > 1 << 20)
		number = 1 << 20;
	*ret_number = number < -(1 << 20) ? -(1 << 20) : number;
	return at;
}

static const char *parse_length(const char *at, char *ret_length)
{
	switch (*at) {
	case 'h':
	case 'l':
		*ret_length = *at;
		if (at[1] != *at)
			return at + 1;
		*ret_length = *at == 'h' ? 'H' : 'q';
		return at + 2;
	case 'z':
	case 't':
	case 'j':
		*ret_length = *at;
		return at + 1;
	default:
		return at;
	}
}

/* What follows a %. */
static const char *parse(const char *at, struct spec *ret_spec, va_list *args)
{
	*ret_spec = (struct spec){ .precision = -1 };
	at = parse_flags(at, ret_spec);
	at = parse_number(at, &ret_spec->width, args);
	if (ret_spec->width < 0) {
		ret_spec->left = true;
		ret_spec->width = -ret_spec->width;
	}
	if (*at == '.') {
		at = parse_number(at + 1, &ret_spec->precision, args);
		if (ret_spec->precision < 0)
			ret_spec->precision = -1;
	}
	at = parse_length(at, &ret_spec->length);
	ret_spec->conversion = *at;
	return *at ? at + 1 : at;
}

/* False if there is no such conversion. */
static bool convert(struct output *out, const struct spec *spec, va_list *args)
{
	int64_t number;
	uint64_t value;
	char byte;

	switch (spec->conversion) {
	case 'd':
	case 'i':
		number = signed_argument(spec->length, args);
		value = (uint64_t)number;
		emit_integer(out, spec, sign(spec, number < 0),
			     number < 0 ? -value : value);
		return true;
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		value = unsigned_argument(spec->length, args);
		emit_integer(out, spec, radix_prefix(spec, value), value);
		return true;
	case 'p':
		value = (uint64_t)(uintptr_t)va_arg(*args, void *);
		emit_integer(out, spec, radix_prefix(spec, value), value);
		return true;
	case 'c':
		byte = (char)va_arg(*args, int);
		emit_field(out, spec, "", 0, &byte, 1);
		return true;
	case 's':
		emit_string(out, spec, va_arg(*args, const char *));
		return true;
#ifdef __SSE__
	case 'f':
	case 'F':
		emit_double(out, spec, va_arg(*args, double));
		return true;
#endif
	case '%':
		emit(out, "%", 1);
		return true;
	default:
		return false;
	}
}

size_t pvg_format(pvg_put *put, void *sink, const char *format, va_list args)
{
	struct output out = { put, sink, 0 };
	va_list rest;

	/* A va_list parameter decays to a pointer; its copy can be passed by
	 * address. */
	va_copy(rest, args);
	while (*format) {
		const char *start = format;
		struct spec spec;

		while (*format && *format != '%')
			format++;
		emit(&out, start, (size_t)(format - start));
		if (!*format)
			break;
		start = format;
		format = parse(format + 1, &spec, &rest);
		if (!convert(&out, &spec, &rest))
			emit(&out, start, (size_t)(format - start));
	}
	va_end(rest);
	return out.len;
}
