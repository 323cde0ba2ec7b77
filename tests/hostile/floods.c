/* SPDX-License-Identifier: MIT
 *
 * What if a guest rings doorbells without end, its own and others', reuses
 * tokens, or spins in cheap operations?
 *
 * Clauses: O24, R5.
 */
#include "../guest/tap.h"
#include "ring.h"

static unsigned ring_bells(unsigned count)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < count; i++)
		wrong += pvg_op_doorbell((uint64_t)ring_doorbell) != 0;
	return wrong;
}

static unsigned ring_unknown_bells(void)
{
	static const uint64_t numbers[] = {
		1, 2, 3, 4, 15, 16, 255, 256, 0x7fffffff, 0x80000000, UINT32_MAX,
		UINT64_C(1) << 32, UINT64_MAX,
	};
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		wrong += pvg_op_doorbell(numbers[i]) != 0;
	return wrong;
}

/* Whether such a number rings the queue of its lower half or nobody's, it is
 * harmless. */
static void wide_bells(void)
{
	const uint64_t wide = UINT64_C(1) << 32;
	unsigned wrong = 0;

	for (unsigned i = 0; i < 1000; i++)
		wrong += pvg_op_doorbell((i + 1) * wide +
					 (uint64_t)ring_doorbell) != 0;
	tap_equal(wrong, 0, "doorbells of 2^32 and more beside the queue's");
}

/* The contract says that tokens are not compared. */
static void same_tokens(void)
{
	const struct pv_blk_request request = ring_good_read(7);
	uint32_t start = ring_indices()->req_prod;
	unsigned wrong = 0;

	for (uint32_t i = 0; i < RING_ENTRIES; i++)
		ring_put(start + i, &request);
	ring_publish(start + RING_ENTRIES);
	tap_ok(ring_wait(start + RING_ENTRIES), "a ring of one token is answered");
	for (uint32_t i = 0; i < RING_ENTRIES; i++)
		wrong += ring_answer(start + i)->token != 7 ||
			 ring_answer(start + i)->status != 0;
	tap_equal(wrong, 0, "each with the token, once");
	raw_spin_ns(10000000);
	tap_equal(ring_indices()->rsp_prod, start + RING_ENTRIES,
		  "and no answer more");
	ring_indices()->rsp_cons = start + RING_ENTRIES;
}

int main(void)
{
	struct pv_blk_request request = ring_good_read(1);

	tap_equal(ring_bells(10), 0, "doorbells before a queue is open");
	if (!tap_ok(ring_open() >= 0, "the queue opens"))
		return tap_done();
	tap_equal(ring_bells(5000), 0, "5000 doorbells for nothing");
	tap_equal(ring_unknown_bells(), 0, "doorbells nobody gave out");
	wide_bells();
	tap_equal(ring_status_of(&request), 0, "a request is served all the same");
	same_tokens();
	tap_equal(pvg_op_queue_close(0, 0), 0, "the queue closes");
	tap_equal(ring_bells(100), 0, "doorbells of a closed queue");
	tap_ok(ring_open() >= 0, "the queue opens again");
	tap_equal(ring_status_of(&request), 0, "and serves");
	return tap_done();
}
