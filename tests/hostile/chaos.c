/* SPDX-License-Identifier: MIT
 *
 * What if a guest does all of it at once, at random? Each case is a seed: some
 * thousand steps of operations, ring writes and requests, half of them sensible.
 * It may come to its end or be stopped for its indices; no more is known.
 *
 * Clauses: F7.
 */
#include "../guest/cases.h"
#include "ring.h"

#define STEPS 4000
#define ARENA_BYTES (1u << 20)
#define DATA 32768u /* in the arena: rings before it, buffers from there on */

static uint8_t arena[ARENA_BYTES] __attribute__((aligned(PV_PAGE_BYTES)));
static uint64_t seed;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 5;
}

/* In the arena, which this program does not live by, or nowhere in RAM. */
static uint64_t address(void)
{
	static const uint64_t outside[] = {
		UINT64_MAX, UINT64_MAX - 4095, UINT64_C(1) << 63,
		PV_WINDOW_BASE, UINT64_C(0xffff888000000000),
	};
	uint64_t ram = pvg_boot.ram_bytes;

	switch (next() % 8) {
	case 0:
		return outside[next() % 5];
	case 1:
		return ram - next() % 64 * 8;
	case 2:
		return pvg_gpa(arena) + DATA + next() % (ARENA_BYTES - DATA);
	default:
		return pvg_gpa(arena) + DATA +
		       next() % ((ARENA_BYTES - DATA) / 512) * 512;
	}
}

/* None that would run past the arena from its last byte into the program. */
static uint64_t length(uint64_t gpa)
{
	uint64_t room = pvg_gpa(arena) + ARENA_BYTES - gpa;

	if (room > ARENA_BYTES)
		return next() % 4 ? next() % 65536 : UINT64_MAX - next() % 4096;
	return next() % (room + 1) / 512 * 512;
}

static void any_operation(void)
{
	static const uint8_t numbers[] = {
		PV_OP_NOP, PV_OP_CONSOLE_WRITE, PV_OP_CONSOLE_READ, PV_OP_YIELD,
		PV_OP_CLOCK, PV_OP_RANDOM, PV_OP_DOORBELL, PV_OP_FEATURES, 15,
		16, 24, 31, 127,
	};
	uint64_t gpa = address();

	raw_op(numbers[next() % sizeof(numbers)], gpa, length(gpa), next(),
	       next(), next(), next());
}

/* Where the ring of each queue lies, 0 while it is closed; and its entries. */
static struct queue {
	uint64_t gpa;
	uint32_t entries;
} queues[4];

/* Mostly a cleared place of its own; sometimes another's, or uncleared. */
static void open_queue(uint64_t number)
{
	uint64_t gpa = pvg_gpa(arena) + (next() % 512 ? number : next() % 4) * 8192;
	uint32_t entries = 1u << next() % 6;

	if (next() % 512 && !queues[number].gpa)
		memset((void *)gpa, 0, 8192);
	if (raw_op(PV_OP_QUEUE_OPEN, 0, number, gpa, entries, 15 + next() % 8,
		   0) >= 0)
		queues[number] = (struct queue){ gpa, entries };
}

static void close_queue(uint64_t number)
{
	raw_op(PV_OP_QUEUE_CLOSE, 0, number, 0, 0, 0, 0);
	queues[number].gpa = 0;
}

/* Also of devices and queues there are not. */
static void any_queue(void)
{
	if (next() % 8 == 0)
		raw_op(PV_OP_QUEUE_OPEN, next() % 3, next() % 8 + 4, address(),
		       next() % 40, next() % 600, 0);
	else if (next() % 4 == 0)
		close_queue(next() % 4);
	else
		open_queue(next() % 4);
}

static struct pv_blk_request any_request(void)
{
	struct pv_blk_request r = ring_good_read(next());

	r.op = (uint8_t)(next() % 7);
	r.seg[0].gpa = address();
	r.seg[0].len_bytes = (uint32_t)length(r.seg[0].gpa);
	r.len_bytes = r.seg[0].len_bytes;
	r.offset_bytes = next() % 2100 * 512;
	if (next() % 8 == 0)
		r.segments = (uint16_t)(next() % 300);
	return r;
}

static void any_push(void)
{
	uint64_t number = next() % 4;
	struct queue *queue = &queues[number];
	struct pv_ring *ring = (void *)queue->gpa;
	struct pv_blk_request r = any_request();
	uint32_t prod;

	if (!ring)
		return;
	prod = ring->req_prod;
	ring->rsp_cons = ring->rsp_prod;
	/* One too many for once. */
	if (prod - ring->rsp_cons >= queue->entries && next() % 1024)
		return;
	memcpy((uint8_t *)ring +
		       PV_RING_REQ_OFFSET(prod & (queue->entries - 1)),
	       &r, sizeof(r));
	__atomic_store_n(&ring->req_prod, prod + 1, __ATOMIC_RELEASE);
	pvg_op_doorbell(next() % 8 ? number : next());
}

/* No address in RAM: in a slot that was not taken yet it would have the disk's
 * bytes written over this program. */
static void any_word(void)
{
	/* The first ring's indices are among them one time in 4096. */
	uint32_t at = (uint32_t)(next() % (DATA / 8));

	((volatile uint64_t *)(void *)arena)[at] = next() | UINT64_C(1) << 58;
}

static void any_event(void)
{
	uint64_t *words = pvg_vcpu()->masked;

	words[next() % 16] = next() % 2 ? 0 : next();
	pvg_op_block(pvg_clock_ns() + next() % 100000);
}

static void run_seed(uint64_t from)
{
	seed = from * UINT64_C(0x9e3779b97f4a7c15);
	for (unsigned i = 0; i < STEPS; i++) {
		switch (next() % 16) {
		case 0:
			any_operation();
			break;
		case 1:
		case 2:
			any_queue();
			break;
		case 3:
			any_event();
			break;
		case 4:
			any_word();
			break;
		default:
			any_push();
		}
	}
}

#define SEED(n)                           \
	static void seed_##n(void)        \
	{                                 \
		run_seed(UINT64_C(n));    \
	}
#define CASE(n) \
	{ "seed-" #n, seed_##n, "0|123", "guest stopped: the indices of" }

SEED(1)
SEED(2)
SEED(3)
SEED(4)
SEED(5)
SEED(6)
SEED(7)
SEED(8)

static const struct test_case cases[] = {
	CASE(1), CASE(2), CASE(3), CASE(4), CASE(5), CASE(6), CASE(7), CASE(8),
};

CASES_MAIN(cases)
