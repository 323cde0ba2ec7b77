/* SPDX-License-Identifier: MIT
 *
 * What if ring indices jump or run ahead? There is no slot left to answer in,
 * so the guest is stopped, and nothing else happens.
 *
 * Clauses: O19, R6, R7.
 */
#include "../guest/cases.h"
#include "ring.h"

/* Long enough for a hypervisor that is polling or was rung. */
static void wait_for_the_end(void)
{
	raw_spin_ns(3000000000u);
}

static void open_with_good_reads(uint32_t count)
{
	if (ring_open() < 0)
		pvg_op_exit(2);
	for (uint32_t i = 0; i < count; i++) {
		struct pv_blk_request request = ring_good_read(i);

		ring_put(i, &request);
	}
}

static void produce_beyond_the_ring(void)
{
	open_with_good_reads(RING_ENTRIES);
	ring_publish(RING_ENTRIES + 1);
	wait_for_the_end();
}

static void produce_far_ahead(void)
{
	open_with_good_reads(RING_ENTRIES);
	ring_publish(0x80000000);
	wait_for_the_end();
}

static void produce_backwards(void)
{
	open_with_good_reads(RING_ENTRIES);
	ring_publish(4);
	if (!ring_wait(4))
		pvg_op_exit(2);
	ring_publish(2);
	wait_for_the_end();
}

static void produce_wrapped_below_zero(void)
{
	open_with_good_reads(RING_ENTRIES);
	ring_publish(UINT32_MAX);
	wait_for_the_end();
}

static void consume_ahead(void)
{
	open_with_good_reads(RING_ENTRIES);
	ring_indices()->rsp_cons = 5;
	ring_publish(2);
	wait_for_the_end();
}

static void consume_backwards(void)
{
	open_with_good_reads(RING_ENTRIES);
	ring_publish(4);
	if (!ring_wait(4))
		pvg_op_exit(2);
	ring_indices()->rsp_cons = UINT32_MAX;
	ring_publish(5);
	wait_for_the_end();
}

/* A full ring of answers nobody took, and one more request. */
static void never_take_answers(void)
{
	open_with_good_reads(RING_ENTRIES);
	ring_publish(RING_ENTRIES);
	if (!ring_wait(RING_ENTRIES))
		pvg_op_exit(2);
	ring_publish(RING_ENTRIES + 1);
	wait_for_the_end();
}

/* The same from the start: such a ring is refused, and nothing was stopped. */
static void open_with_wild_indices(void)
{
	memset(ring_memory, 0xff, sizeof(ring_memory));
	if (pvg_op_queue_open(0, 0, pvg_gpa(ring_memory), RING_ENTRIES,
			      RING_PORT) != -PV_EINVAL)
		pvg_op_exit(2);
}

/* The guest's own request has the disk's bytes written over its indices. */
static void read_into_the_indices(void)
{
	struct pv_blk_request request = ring_good_read(1);

	request.seg[0].gpa = pvg_gpa(ring_memory);
	if (ring_open() < 0)
		pvg_op_exit(2);
	ring_push(&request);
	wait_for_the_end();
}

/* rsp_event anywhere is legal: it only decides whether an event is sent. */
static void wish_for_any_event(void)
{
	open_with_good_reads(RING_ENTRIES);
	for (uint32_t i = 1; i <= RING_ENTRIES; i++) {
		ring_indices()->rsp_event = i * 0x12345677;
		ring_publish(i);
	}
	if (!ring_wait(RING_ENTRIES))
		pvg_op_exit(2);
}

/* The hypervisor's half of the ring is not what it goes by. */
static void write_the_hosts_half(void)
{
	struct pv_blk_request request = ring_good_read(1);

	open_with_good_reads(RING_ENTRIES);
	for (uint32_t i = 1; i <= RING_ENTRIES; i++) {
		ring_indices()->rsp_prod = i * 0x9e3779b9;
		ring_indices()->req_event = i * 0x7f4a7c15;
		ring_put(i - 1, &request);
		ring_publish(i);
	}
	pvg_op_queue_close(0, 0);
}

#define STOPPED(name, function)                                       \
	{ name, function, "123",                                      \
	  "the indices of block device 0, queue 0,.* " \
	  "make no sense" }

static const struct test_case cases[] = {
	STOPPED("produce-beyond-the-ring", produce_beyond_the_ring),
	STOPPED("produce-far-ahead", produce_far_ahead),
	STOPPED("produce-backwards", produce_backwards),
	STOPPED("produce-wrapped-below-zero", produce_wrapped_below_zero),
	STOPPED("consume-ahead", consume_ahead),
	STOPPED("consume-backwards", consume_backwards),
	STOPPED("never-take-answers", never_take_answers),
	STOPPED("read-into-the-indices", read_into_the_indices),
	{ "open-with-wild-indices", open_with_wild_indices, "0", "silent" },
	{ "wish-for-any-event", wish_for_any_event, "0", "silent" },
	{ "write-the-hosts-half", write_the_hosts_half, "0", "silent" },
};

CASES_MAIN(cases)
