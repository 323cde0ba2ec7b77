/* SPDX-License-Identifier: MIT
 *
 * The first half of a compiler: from text to tokens. The text is made up here, in place
 * of a file that is read: functions of assignments of expressions.
 *
 * Tokens are bytes: a character for itself; 0x80 | high, low for a name; '#', high,
 * low for a number.
 */
#include "compile.h"

#define TEXT_BYTES (32u << 10)
#define NAMES 600
#define BUCKETS 256u

/* ---- the text */

struct text {
	char *bytes;
	size_t len;
	uint64_t state;
};

static void put(struct text *text, char c)
{
	text->bytes[text->len++] = c;
}

static void put_name(struct text *text, unsigned n)
{
	do {
		put(text, "bdfgklmnprstvwxz"[n % 16]);
		put(text, "aeiou"[n % 5]);
		n /= 16;
	} while (n > 0);
}

static void put_number(struct text *text, unsigned n)
{
	if (n > 9)
		put_number(text, n / 10);
	put(text, (char)('0' + n % 10));
}

static void put_expression(struct text *text, unsigned depth)
{
	uint64_t random = random_next(&text->state);
	unsigned what = random % 8, n = (unsigned)(random >> 40);

	if (depth == 0 || what == 0) {
		if (random & 0x300)
			put_name(text, n % NAMES);
		else
			put_number(text, n % 1000);
		return;
	}
	if (what == 1)
		put(text, '(');
	put_expression(text, depth - 1);
	put(text, ' ');
	put(text, "+-*&^|<+"[random >> 3 & 7]);
	put(text, ' ');
	put_expression(text, depth - 1);
	if (what == 1)
		put(text, ')');
}

static void put_function(struct text *text)
{
	unsigned statements = 10 + random_next(&text->state) % 40;

	put(text, '{');
	put(text, '\n');
	for (unsigned i = 0; i < statements; i++) {
		put(text, '\t');
		put_name(text, random_next(&text->state) % NAMES);
		put(text, ' ');
		put(text, '=');
		put(text, ' ');
		put_expression(text, 4);
		put(text, ';');
		put(text, '\n');
	}
	put(text, '}');
	put(text, '\n');
}

static struct text make_text(long number)
{
	struct text text = { .state = RANDOM_SEED * (uint64_t)number };
	const size_t function_max = 50 * 256;

	text.bytes = work_memory(TEXT_BYTES + function_max);
	while (text.len < TEXT_BYTES)
		put_function(&text);
	return text;
}

/* ---- its tokens */

struct symbol {
	struct symbol *next;
	uint32_t hash, number, len;
	const char *name; /* in the text */
};

static struct symbol *buckets[BUCKETS];
static uint32_t symbols;

static struct symbol *symbol_new(void)
{
	static struct symbol *free, *end;

	if (free == end) {
		free = work_memory(4096);
		end = free + 4096 / sizeof(*free);
	}
	return free++;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_same(const struct symbol *symbol, uint32_t hash,
		    const char *name, size_t len)
{
	if (symbol->hash != hash || symbol->len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (symbol->name[i] != name[i])
			return false;
	return true;
}

static uint32_t symbol_number(uint32_t hash, const char *name, size_t len)
{
	struct symbol **first = &buckets[hash % BUCKETS], *symbol;

	for (symbol = *first; symbol; symbol = symbol->next)
		if (is_same(symbol, hash, name, len))
			return symbol->number;
	symbol = symbol_new();
	*symbol = (struct symbol){ .next = *first,
				   .hash = hash,
				   .number = symbols++,
				   .len = (uint32_t)len,
				   .name = name };
	*first = symbol;
	return symbol->number;
}

static const char *name_token(const char *at)
{
	const char *name = at;
	uint32_t hash = 5381, number;

	for (; is_letter(*at); at++)
		hash = hash * 33 + (unsigned char)*at;
	number = symbol_number(hash ^ hash >> 15, name, (size_t)(at - name));
	compile_put(0x80 | number >> 8);
	compile_put(number & 0xff);
	return at;
}

static const char *number_token(const char *at)
{
	unsigned number = 0;

	for (; is_digit(*at); at++)
		number = number * 10 + (unsigned)(*at - '0');
	compile_put('#');
	compile_put(number >> 8 & 0xff);
	compile_put(number & 0xff);
	return at;
}

int compile_front(long number)
{
	struct text text = make_text(number);
	const char *at = text.bytes, *end = text.bytes + text.len;

	while (at < end)
		if (is_letter(*at))
			at = name_token(at);
		else if (is_digit(*at))
			at = number_token(at);
		else if (*at == ' ' || *at == '\t' || *at == '\n')
			at++;
		else
			compile_put((unsigned char)*at++);
	compile_flush();
	return 0;
}
