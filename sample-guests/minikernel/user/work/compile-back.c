/* SPDX-License-Identifier: MIT
 *
 * The second half of a compiler: from tokens (compile-front.c) to code for a machine
 * of eight registers.
 *
 * Within a function equal expressions are one node, and constants are folded as nodes
 * are made. A function's code is what its variables last were. It is put in several
 * orders, and the one for which the registers go furthest is taken.
 */
#include "compile.h"

#define SYMBOLS 1024
#define NODES 4096u
#define BUCKETS 1024u
#define REGISTERS 8
#define ORDERS 24u

/* ---- tokens */

static const unsigned char *token; /* the next one; a 0 is the end */

static void read_tokens(void)
{
	unsigned char *start = NULL;
	size_t got;

	do {
		unsigned char *page = work_memory(4096);

		if (!start)
			start = page;
		got = read_all(0, page, 4096);
	} while (got == 4096);
	token = start; /* pages of the heap follow each other, and are 0 */
}

static void expect(unsigned char byte)
{
	if (*token++ != byte)
		fail("work: the file has a mistake");
}

static unsigned take_16_bits(unsigned mask)
{
	unsigned high = *token++ & mask;

	return high << 8 | *token++;
}

/* ---- nodes */

enum { CONSTANT = 'c', VARIABLE = 'v' }; /* else the operator's character */

struct node {
	uint32_t op, left, right; /* of a leaf: its value or symbol is left */
	uint32_t next;            /* in the bucket */
	uint32_t uses;
	/* While code is made: */
	uint32_t seen; /* in which order */
	uint32_t uses_left;
	int in_register; /* -1: none */
	bool stored;
};

static struct node *node;      /* number 0 is none */
static uint32_t nodes, *bucket, *variable, order;

static uint32_t fold(uint32_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '&':
		return a & b;
	case '^':
		return a ^ b;
	case '|':
		return a | b;
	default:
		return a < b;
	}
}

static uint32_t node_of(uint32_t op, uint32_t left, uint32_t right)
{
	uint32_t hash = (op * 31 + left) * 0x9e3779b1u ^ right * 0x85ebca6bu;
	uint32_t *first = &bucket[(hash ^ hash >> 16) % BUCKETS], n;

	for (n = *first; n; n = node[n].next)
		if (node[n].op == op && node[n].left == left &&
		    node[n].right == right)
			return n;
	if (nodes == NODES)
		fail("work: a function is too long");
	n = nodes++;
	node[n] = (struct node){ .op = op, .left = left, .right = right,
				 .next = *first };
	*first = n;
	return n;
}

static uint32_t operation(uint32_t op, uint32_t left, uint32_t right)
{
	const struct node *a = &node[left], *b = &node[right];

	if (a->op == CONSTANT && b->op == CONSTANT)
		return node_of(CONSTANT, fold(op, a->left, b->left), 0);
	if ((op == '-' || op == '^') && left == right)
		return node_of(CONSTANT, 0, 0);
	if ((op == '&' || op == '|') && left == right)
		return left;
	/* What commutes has one order. */
	if (op != '-' && op != '<' && left > right)
		return node_of(op, right, left);
	return node_of(op, left, right);
}

/* ---- expressions, by precedence */

static unsigned precedence(unsigned char op)
{
	switch (op) {
	case '|':
		return 1;
	case '^':
		return 2;
	case '&':
		return 3;
	case '<':
		return 4;
	case '+':
	case '-':
		return 5;
	case '*':
		return 6;
	default:
		return 0;
	}
}

static uint32_t expression(unsigned above)
{
	uint32_t left;

	if (*token == '(') {
		token++;
		left = expression(0);
		expect(')');
	} else if (*token == '#') {
		token++;
		left = node_of(CONSTANT, take_16_bits(0xff), 0);
	} else {
		unsigned symbol = take_16_bits(0x7f) % SYMBOLS;

		left = variable[symbol] ? variable[symbol]
					: node_of(VARIABLE, symbol, 0);
	}
	while (precedence(*token) > above) {
		unsigned char op = *token++;

		left = operation(op, left, expression(precedence(op)));
	}
	return left;
}

/* ---- code */

/* An instruction in four bytes. */
static void emit(unsigned op, int reg, unsigned operand)
{
	compile_put(op);
	compile_put((unsigned)reg);
	compile_put(operand >> 8);
	compile_put(operand);
}

static struct {
	uint32_t row[NODES]; /* operations, operands first */
	uint32_t count;
	uint32_t holds[REGISTERS], used_at[REGISTERS], now;
	uint32_t cost;
	bool emits;
} code;

/* Which operand comes first is the order's to choose. */
static void put_in_row(uint32_t n)
{
	struct node *at = &node[n];
	bool right_first = (n * 0x9e3779b1u >> order % ORDERS) & 1;

	if (at->seen == order)
		return;
	at->seen = order;
	at->uses_left = at->uses;
	at->in_register = -1;
	at->stored = at->op == VARIABLE || at->op == CONSTANT;
	if (at->stored)
		return;
	put_in_row(right_first ? at->right : at->left);
	put_in_row(right_first ? at->left : at->right);
	code.row[code.count++] = n;
}

/* The one unused for longest is given up, and stored before if it must be. */
static int free_register(void)
{
	int oldest = 0;

	for (int r = 0; r < REGISTERS; r++) {
		if (!code.holds[r])
			return r;
		if (code.used_at[r] < code.used_at[oldest])
			oldest = r;
	}
	if (!node[code.holds[oldest]].stored) {
		node[code.holds[oldest]].stored = true;
		code.cost++;
		if (code.emits)
			emit('s', oldest, code.holds[oldest]);
	}
	node[code.holds[oldest]].in_register = -1;
	return oldest;
}

static int hold(int reg, uint32_t n)
{
	code.holds[reg] = n;
	code.used_at[reg] = ++code.now;
	node[n].in_register = reg;
	return reg;
}

static int operand(uint32_t n)
{
	int reg = node[n].in_register;

	if (reg >= 0) {
		code.used_at[reg] = ++code.now;
		return reg;
	}
	code.cost++;
	reg = hold(free_register(), n);
	if (code.emits)
		emit('l', reg, n);
	return reg;
}

static void used(uint32_t n)
{
	if (--node[n].uses_left > 0 || node[n].in_register < 0)
		return;
	code.holds[node[n].in_register] = 0;
	node[n].in_register = -1;
}

static void make_code(bool emits)
{
	code.cost = code.count = code.now = 0;
	code.emits = emits;
	for (int r = 0; r < REGISTERS; r++)
		code.holds[r] = 0;
	for (unsigned symbol = 0; symbol < SYMBOLS; symbol++)
		if (variable[symbol])
			put_in_row(variable[symbol]);
	for (uint32_t i = 0; i < code.count; i++) {
		uint32_t n = code.row[i];
		int left = operand(node[n].left), right, reg;

		right = operand(node[n].right);
		used(node[n].left);
		used(node[n].right);
		reg = hold(free_register(), n);
		if (emits)
			emit(node[n].op, reg, (unsigned)(left << 8 | right));
	}
}

static void count_uses(void)
{
	for (uint32_t n = 1; n < nodes; n++) {
		if (node[n].op == VARIABLE || node[n].op == CONSTANT)
			continue;
		node[node[n].left].uses++;
		node[node[n].right].uses++;
	}
	for (unsigned symbol = 0; symbol < SYMBOLS; symbol++)
		node[variable[symbol]].uses++; /* it stays */
}

static void compile_function(void)
{
	uint32_t best = 0, least = UINT32_MAX, first = order + 1;

	nodes = 1;
	memset(bucket, 0, BUCKETS * sizeof(*bucket));
	memset(variable, 0, SYMBOLS * sizeof(*variable));
	expect('{');
	while (*token != '}') {
		unsigned symbol = take_16_bits(0x7f) % SYMBOLS;

		expect('=');
		variable[symbol] = expression(0);
		expect(';');
	}
	expect('}');
	count_uses();
	for (order = first; order < first + ORDERS; order++) {
		make_code(false);
		if (code.cost < least) {
			least = code.cost;
			best = order;
		}
	}
	/* Once more, as none of those before. */
	order = best + ORDERS;
	make_code(true);
	order = first + 2 * ORDERS;
}

int compile_back(long number)
{
	(void)number;
	node = work_memory(NODES * sizeof(*node));
	bucket = work_memory(BUCKETS * sizeof(*bucket));
	variable = work_memory(SYMBOLS * sizeof(*variable));
	read_tokens();
	while (*token)
		compile_function();
	compile_flush();
	return 0;
}
