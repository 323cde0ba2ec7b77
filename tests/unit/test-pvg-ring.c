/* SPDX-License-Identifier: MIT
 *
 * The guest's side of a ring, against a hypervisor the test plays, which also
 * lies: a guest does not believe its hypervisor's indices blindly.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hosted.h"

#define RAM_BYTES (4u << 20)
#define ENTRIES 8u

static struct pv_device device = {
	.type = PV_DEVICE_BLOCK, .queues = 1, .queue_entries_max = 64,
	.name = "disk0",
};
static struct pv_ring *shared;
static uint32_t shared_entries;
static unsigned doorbells, closed;

static int64_t open_queue(uint64_t number, uint64_t queue, uint64_t gpa,
			  uint64_t entries, uint64_t port)
{
	(void)number, (void)queue;
	cr_assert_eq(gpa % 64, 0);
	cr_assert_geq(port, PV_PORT_FIRST_FREE);
	shared = (void *)(uintptr_t)gpa;
	shared_entries = (uint32_t)entries;
	for (uint64_t i = 0; i < PV_RING_BYTES(entries); i++)
		cr_assert_eq(((uint8_t *)shared)[i], 0);
	return 5;
}

static int64_t close_queue(uint64_t number, uint64_t queue, uint64_t c,
			   uint64_t d, uint64_t e)
{
	(void)number, (void)queue, (void)c, (void)d, (void)e;
	closed++;
	return 0;
}

static int64_t hear_doorbell(uint64_t number, uint64_t b, uint64_t c, uint64_t d,
			     uint64_t e)
{
	(void)b, (void)c, (void)d, (void)e;
	cr_assert_eq(number, 5);
	doorbells++;
	return 0;
}

static struct pvg_ring ring;

static void setup(void)
{
	void *ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(ram, MAP_FAILED);
	pvg_hosted_boot(ram, RAM_BYTES);
	pvg_hosted_set_op(PV_OP_QUEUE_OPEN, open_queue);
	pvg_hosted_set_op(PV_OP_QUEUE_CLOSE, close_queue);
	pvg_hosted_set_op(PV_OP_DOORBELL, hear_doorbell);
	cr_assert_eq(pvg_ring_open(&ring, &device, 0, ENTRIES), 0);
}

TestSuite(pvg_ring, .init = setup, .timeout = 20);

static long owners[ENTRIES];

/* The token of the request that was pushed. */
static uint64_t push(long *owner)
{
	uint64_t token = UINT64_MAX;
	struct pv_blk_request *slot = pvg_ring_push(&ring, owner, &token);

	cr_assert_not_null(slot);
	memset(slot, 0, sizeof(*slot));
	slot->token = token;
	return token;
}

static void answer(uint64_t token, int32_t status)
{
	struct pv_ring_rsp *slot = (void *)((uint8_t *)shared +
		PV_RING_RSP_OFFSET(shared_entries,
				   shared->rsp_prod & (shared_entries - 1)));

	*slot = (struct pv_ring_rsp){ .token = token, .status = status,
				      .done_bytes = 512 };
	__atomic_store_n(&shared->rsp_prod, shared->rsp_prod + 1,
			 __ATOMIC_RELEASE);
}

Test(pvg_ring, a_full_ring_takes_no_more_until_one_answer_was_taken)
{
	uint64_t token[ENTRIES], unused;
	struct pv_ring_rsp rsp;
	void *owner;

	for (uint32_t i = 0; i < ENTRIES; i++)
		token[i] = push(&owners[i]);
	cr_assert_null(pvg_ring_push(&ring, &owners[0], &unused));
	pvg_ring_kick(&ring);
	cr_assert_eq(shared->req_prod, ENTRIES);
	answer(token[3], 0);
	cr_assert(pvg_ring_pop(&ring, &owner, &rsp));
	cr_assert_eq(owner, &owners[3]);
	cr_assert_eq(pvg_ring_open_requests(&ring), ENTRIES - 1);
	push(&owners[3]);
	cr_assert_null(pvg_ring_push(&ring, &owners[0], &unused));
}

Test(pvg_ring, answers_in_any_order_find_their_owners)
{
	uint64_t token[ENTRIES];
	struct pv_ring_rsp rsp;
	void *owner;

	for (unsigned round = 0; round < 1000; round++) {
		for (uint32_t i = 0; i < ENTRIES; i++)
			token[i] = push(&owners[i]);
		pvg_ring_kick(&ring);
		for (uint32_t i = 0; i < ENTRIES; i++) {
			uint32_t n = (i * 5 + round) % ENTRIES;

			answer(token[n], -(int32_t)n);
			cr_assert(pvg_ring_pop(&ring, &owner, &rsp));
			cr_assert_eq(owner, &owners[n]);
			cr_assert_eq(rsp.status, -(int32_t)n);
			cr_assert_eq(rsp.done_bytes, 512);
		}
		cr_assert_not(pvg_ring_pop(&ring, &owner, &rsp));
	}
}

Test(pvg_ring, requests_are_shown_at_the_kick_only)
{
	push(&owners[0]);
	push(&owners[1]);
	cr_assert_eq(shared->req_prod, 0);
	pvg_ring_kick(&ring);
	cr_assert_eq(shared->req_prod, 2);
}

Test(pvg_ring, a_doorbell_is_rung_only_when_asked_for)
{
	push(&owners[0]);
	pvg_ring_kick(&ring);
	cr_assert_eq(doorbells, 0);
	shared->req_event = 2;
	push(&owners[1]);
	pvg_ring_kick(&ring);
	cr_assert_eq(doorbells, 1);
	push(&owners[2]);
	pvg_ring_kick(&ring);
	pvg_ring_kick(&ring);
	cr_assert_eq(doorbells, 1);
}

Test(pvg_ring, arming_asks_for_the_next_answer_and_looks_once_more)
{
	uint64_t token = push(&owners[0]);

	pvg_ring_kick(&ring);
	cr_assert_not(pvg_ring_arm(&ring));
	cr_assert_eq(shared->rsp_event, 1);
	answer(token, 0);
	cr_assert(pvg_ring_arm(&ring));
}

Test(pvg_ring, more_answers_than_requests_panic, .signal = SIGABRT)
{
	struct pv_ring_rsp rsp;
	void *owner;

	push(&owners[0]);
	pvg_ring_kick(&ring);
	shared->rsp_prod = 2;
	pvg_ring_pop(&ring, &owner, &rsp);
}

Test(pvg_ring, an_answer_to_nothing_panics, .signal = SIGABRT)
{
	struct pv_ring_rsp rsp;
	void *owner;

	push(&owners[0]);
	pvg_ring_kick(&ring);
	answer(ENTRIES + 1000, 0);
	pvg_ring_pop(&ring, &owner, &rsp);
}

Test(pvg_ring, the_same_answer_twice_panics, .signal = SIGABRT)
{
	uint64_t token = push(&owners[0]);
	struct pv_ring_rsp rsp;
	void *owner;

	push(&owners[1]);
	pvg_ring_kick(&ring);
	answer(token, 0);
	answer(token, 0);
	pvg_ring_pop(&ring, &owner, &rsp);
	pvg_ring_pop(&ring, &owner, &rsp);
}

Test(pvg_ring, closing_tells_the_hypervisor_and_gives_back_its_pages)
{
	size_t available = pvg_pages_available();

	pvg_ring_close(&ring);
	cr_assert_eq(closed, 1);
	cr_assert_gt(pvg_pages_available(), available);
	available = pvg_pages_available();
	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(pvg_ring_open(&ring, &device, 0, 0), 0);
		cr_assert_eq(shared_entries, 64);
		pvg_ring_close(&ring);
	}
	cr_assert_eq(pvg_pages_available(), available);
}
