/* SPDX-License-Identifier: MIT
 *
 * The guest's side of a network, against a hypervisor the test plays: at each BLOCK it
 * does what the test set as its next step. It also lies.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hosted.h"
#include "../scheduler.h"

#define RAM_BYTES (8u << 20)
#define ENTRIES 8u
#define RECEIVE 0
#define SEND 1
#define LEAST 1600u /* receive_bytes_min */

/* There is one thread, so nobody ever waits for a mutex. */
struct pvg_sched pvg_sched = { .vcpus = 1 };
bool pvg_sched_lock(void) { abort(); }
void pvg_sched_unlock(bool was_masked) { (void)was_masked, abort(); }
int pvg_sched_wait(struct pvg_waiters *list, uint64_t deadline_ns)
{
	(void)list, (void)deadline_ns;
	abort();
}
void pvg_sched_wake(struct pvg_thread *thread) { (void)thread, abort(); }
const char *pvg_thread_name(const struct pvg_thread *thread)
{
	(void)thread;
	abort();
}

/* ---- the hypervisor */

static struct pv_device device[2];

static struct queue {
	struct pv_ring *shared;
	uint32_t entries, port, taken;
	unsigned closed, doorbells;
} queue[2];
static bool no_second_queue;
static unsigned blocks;
static void (*at_block)(void); /* NULL: time passes */

static int64_t open_queue(uint64_t number, uint64_t n, uint64_t gpa,
			  uint64_t entries, uint64_t port)
{
	cr_assert_eq(number, 3);
	if (n == SEND && no_second_queue)
		return -PV_ENOMEM;
	cr_assert(pvg_vcpu()->upcalls_masked, "this is not left for another vCPU");
	queue[n].shared = (void *)(uintptr_t)gpa;
	queue[n].entries = (uint32_t)entries;
	queue[n].port = (uint32_t)port;
	queue[n].taken = 0;
	return (int64_t)n + 40;
}

static int64_t close_queue(uint64_t number, uint64_t n, uint64_t c, uint64_t d,
			   uint64_t e)
{
	(void)c, (void)d, (void)e;
	cr_assert_eq(number, 3);
	queue[n].closed++;
	return 0;
}

static int64_t hear_doorbell(uint64_t number, uint64_t b, uint64_t c, uint64_t d,
			     uint64_t e)
{
	(void)b, (void)c, (void)d, (void)e;
	queue[number - 40].doorbells++;
	return 0;
}

static bool is_due(uint32_t port)
{
	return pvg_port_pending(port) &&
	       !(pvg_vcpu()->masked[port / 64] >> port % 64 & 1);
}

static int64_t block(uint64_t deadline_ns, uint64_t b, uint64_t c, uint64_t d,
		     uint64_t e)
{
	(void)b, (void)c, (void)d, (void)e;
	cr_assert_lt(++blocks, 1000);
	if (at_block)
		at_block();
	if (is_due(queue[RECEIVE].port) || is_due(queue[SEND].port))
		return 0;
	cr_assert_neq(deadline_ns, PV_FOREVER, "it would sleep for ever");
	return -PV_ETIMEDOUT;
}

static uint32_t waiting(unsigned n)
{
	return queue[n].shared->req_prod - queue[n].taken;
}

static struct pv_net_request take(unsigned n)
{
	uint32_t at = queue[n].taken++ & (queue[n].entries - 1);

	cr_assert_leq(queue[n].taken, queue[n].shared->req_prod);
	return *(struct pv_net_request *)(void *)(
		(uint8_t *)queue[n].shared + PV_RING_REQ_OFFSET(at));
}

static void answer(unsigned n, uint64_t token, int32_t status, uint32_t bytes)
{
	struct pv_ring *shared = queue[n].shared;
	uint32_t old = shared->rsp_prod;
	struct pv_ring_rsp *slot = (void *)((uint8_t *)shared +
		PV_RING_RSP_OFFSET(queue[n].entries,
				   old & (queue[n].entries - 1)));

	*slot = (struct pv_ring_rsp){ token, status, bytes };
	__atomic_store_n(&shared->rsp_prod, old + 1, __ATOMIC_RELEASE);
	if (pv_ring_must_notify(shared->rsp_event, old, old + 1))
		pvg_vcpu()->pending[queue[n].port / 64] |=
			UINT64_C(1) << queue[n].port % 64;
}

/* A frame of so many times this byte. */
static void bring(const struct pv_net_request *request, uint8_t byte,
		  uint32_t len)
{
	uint8_t *memory = (uint8_t *)(uintptr_t)request->seg[0].gpa;

	cr_assert_eq(request->op, PV_NET_RECEIVE);
	cr_assert_geq(request->len_bytes, LEAST);
	memset(memory, 0, sizeof(struct pv_net_frame));
	memset(memory + sizeof(struct pv_net_frame), byte, len);
	answer(RECEIVE, request->token, 0,
	       (uint32_t)sizeof(struct pv_net_frame) + len);
}

/* ---- the guest */

static struct pvg_net net;
static struct pvg_net_request request[ENTRIES];
static uint8_t memory[ENTRIES][LEAST];

static void boot(void)
{
	void *ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pv_net_config config = {
		.mac = { 2, 0, 0, 0, 0, 7 }, .mtu_bytes = 1500,
		.receive_bytes_min = LEAST, .send_bytes_max = 1514,
		.segments_max = 32,
	};

	cr_assert_neq(ram, MAP_FAILED);
	pvg_hosted_boot(ram, RAM_BYTES);
	pvg_hosted_set_op(PV_OP_QUEUE_OPEN, open_queue);
	pvg_hosted_set_op(PV_OP_QUEUE_CLOSE, close_queue);
	pvg_hosted_set_op(PV_OP_DOORBELL, hear_doorbell);
	pvg_hosted_set_op(PV_OP_BLOCK, block);
	device[0] = (struct pv_device){ .type = PV_DEVICE_BLOCK, .name = "net0" };
	device[1] = (struct pv_device){ .type = PV_DEVICE_NET, .number = 3,
					.queues = 2,
					.queue_entries_max = 256,
					.name = "net0" };
	memcpy(device[1].config, &config, sizeof(config));
	pvg_boot.devices_addr = pvg_hosted_addr(device);
	pvg_boot.devices = 2;
}

static void setup(void)
{
	boot();
	cr_assert_eq(pvg_net_open_device(&net, &device[1], ENTRIES), 0);
}

TestSuite(pvg_net, .init = setup, .timeout = 20);

static unsigned done_count;
static struct pvg_net_request *done[64];

static void note(struct pvg_net_request *r)
{
	cr_assert_neq(r->status, PVG_NET_IN_FLIGHT);
	cr_assert_lt(done_count, 64);
	done[done_count++] = r;
}

static void lend(unsigned i)
{
	request[i].done = note;
	pvg_net_prep_receive(&request[i], memory[i], LEAST);
	cr_assert_eq(pvg_net_submit(&net, &request[i]), 0);
}

static void submit_send(unsigned i)
{
	request[i].done = note;
	pvg_net_prep_send(&request[i], memory[i], 60 + i);
	cr_assert_eq(pvg_net_submit(&net, &request[i]), 0);
}

Test(pvg_net, opening_opens_two_queues_and_checks_what_it_is_told)
{
	size_t available = pvg_pages_available();
	struct pv_net_config config = net.config;
	struct pvg_net other;

	cr_assert_eq(queue[RECEIVE].entries, ENTRIES);
	cr_assert_eq(queue[SEND].entries, ENTRIES);
	cr_assert_eq(net.config.mac[5], 7);
	cr_assert_str_eq(net.name, "net0");
	cr_assert_neq(pvg_net_receive_port(&net), pvg_net_send_port(&net));
	cr_assert_eq(pvg_net_open(&other, "net1"), -PV_ENODEV);
	cr_assert_eq(pvg_net_open_index(&other, 1), -PV_ENODEV);
	no_second_queue = true;
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(pvg_net_open_index(&other, 0), -PV_ENOMEM);
	cr_assert_eq(pvg_pages_available(), available);
	cr_assert_eq(queue[RECEIVE].closed, 1000);
	no_second_queue = false;
	cr_assert_eq(pvg_net_open(&other, "net0"), 0);
	cr_assert_eq(queue[SEND].entries, 256);
	config.receive_bytes_min = 29;
	memcpy(device[1].config, &config, sizeof(config));
	cr_assert_eq(pvg_net_open(&other, NULL), -PV_EINVAL);
	config.receive_bytes_min = (66u << 10) + 1;
	memcpy(device[1].config, &config, sizeof(config));
	cr_assert_eq(pvg_net_open(&other, NULL), -PV_EINVAL);
}

Test(pvg_net, a_request_goes_to_the_queue_of_its_op)
{
	struct pv_net_request r;

	memset(&request[1], 0xff, sizeof(request[1]));
	lend(1);
	submit_send(2);
	cr_assert_eq(waiting(RECEIVE) + waiting(SEND), 0, "not before the kick");
	pvg_net_kick(&net);
	cr_assert_eq(waiting(RECEIVE), 1);
	cr_assert_eq(waiting(SEND), 1);
	r = take(RECEIVE);
	cr_assert_eq(r.op, PV_NET_RECEIVE);
	cr_assert_eq(r.segments, 1);
	cr_assert_eq(r.seg[0].gpa, pvg_gpa(memory[1]));
	cr_assert_eq(r.seg[1].gpa | r.seg[1].len_bytes | r.seg[1].reserved, 0);
	for (unsigned i = 0; i < sizeof(r.frame); i++)
		cr_assert_eq(((uint8_t *)&r.frame)[i], 0);
	bring(&r, 5, 100);
	r = take(SEND);
	cr_assert_eq(r.op, PV_NET_SEND);
	cr_assert_eq(r.len_bytes, 62);
	answer(SEND, r.token, -PV_EIO, 0);
	cr_assert_eq(pvg_net_poll(&net), 2);
	cr_assert_eq(request[1].status, 0);
	cr_assert_eq(request[1].done_bytes, 116);
	cr_assert_eq(memory[1][16 + 99], 5);
	cr_assert_eq(request[2].status, -PV_EIO);
	cr_assert_eq(pvg_net_receiving(&net) + pvg_net_sending(&net), 0);
}

Test(pvg_net, neither_direction_takes_the_others_slots)
{
	for (unsigned i = 0; i < ENTRIES; i++)
		lend(i);
	pvg_net_prep_receive(&request[0], memory[0], LEAST);
	cr_assert_eq(pvg_net_submit(&net, &request[0]), -PV_EAGAIN);
	for (unsigned i = 0; i < ENTRIES; i++)
		submit_send(i);
	cr_assert_eq(pvg_net_submit(&net, &request[0]), -PV_EAGAIN);
}

Test(pvg_net, pieces_are_in_the_request_or_in_an_array)
{
	static const struct pv_segment piece[3] = {
		{ 4096, 14, 0 }, { 8192, 40, 0 }, { 12288, 1, 0 }
	};

	pvg_net_prep_segments(&request[0], PV_NET_SEND, piece, 2);
	cr_assert_eq(request[0].wire.len_bytes, 54);
	cr_assert_eq(request[0].wire.seg[1].gpa, 8192);
	pvg_net_prep_segments(&request[0], PV_NET_SEND, piece, 3);
	cr_assert_eq(request[0].wire.len_bytes, 55);
	cr_assert_eq(request[0].wire.segments, 3);
	cr_assert_eq(request[0].wire.seg[0].gpa, pvg_gpa(piece));
	cr_assert_eq(request[0].wire.seg[0].len_bytes, 48);
	cr_assert_eq(request[0].wire.seg[1].len_bytes, 0);
}

/* ---- synchronous */

static uint8_t frame[2048];

static void bring_in_other_order(void)
{
	struct pv_net_request r[4];

	if (waiting(RECEIVE) < 4)
		return;
	for (int i = 0; i < 4; i++)
		r[i] = take(RECEIVE);
	for (uint8_t i = 0; i < 4; i++)
		bring(&r[(i + 2) % 4], i, 60u + i);
	at_block = NULL;
}

Test(pvg_net, frames_come_in_the_order_of_their_answers)
{
	for (int round = 0; round < 100; round++) {
		at_block = bring_in_other_order;
		for (int i = 0; i < 4; i++) {
			cr_assert_eq(pvg_net_receive(&net, frame, sizeof(frame),
						     pvg_deadline_in(1000000)),
				     60 + i);
			cr_assert_eq(frame[0], i);
			cr_assert_eq(frame[59 + i], i);
		}
	}
	cr_assert_eq(pvg_net_receiving(&net), ENTRIES, "all are lent again");
}

Test(pvg_net, a_burst_costs_one_doorbell)
{
	at_block = bring_in_other_order;
	pvg_net_receive(&net, frame, sizeof(frame), pvg_deadline_in(1000000));
	queue[RECEIVE].doorbells = 0;
	queue[RECEIVE].shared->req_event = queue[RECEIVE].shared->req_prod + 1;
	for (int i = 1; i < 4; i++)
		cr_assert_eq(pvg_net_receive(&net, frame, sizeof(frame), 0),
			     60 + i);
	cr_assert_eq(queue[RECEIVE].doorbells, 0);
	cr_assert_eq(pvg_net_receive(&net, frame, sizeof(frame), 0),
		     -PV_ETIMEDOUT);
	cr_assert_eq(queue[RECEIVE].doorbells, 1);
}

Test(pvg_net, looking_does_not_wait_and_waiting_ends)
{
	cr_assert_eq(pvg_net_receive(&net, frame, sizeof(frame), 0),
		     -PV_ETIMEDOUT);
	cr_assert_eq(blocks, 0);
	cr_assert_eq(waiting(RECEIVE), ENTRIES);
	cr_assert_eq(pvg_net_receive(&net, frame, sizeof(frame),
				     pvg_deadline_in(1000)),
		     -PV_ETIMEDOUT);
	cr_assert_gt(blocks, 0);
}

Test(pvg_net, a_frame_that_does_not_fit_is_lost_alone)
{
	struct pv_net_request r[4];

	pvg_net_receive(&net, frame, sizeof(frame), 0);
	for (int i = 0; i < 4; i++)
		r[i] = take(RECEIVE);
	memset(frame, 0xee, sizeof(frame));
	bring(&r[0], 1, 101);
	bring(&r[1], 2, 100);
	answer(RECEIVE, r[2].token, -PV_EIO, 0);
	bring(&r[3], 3, 14);
	cr_assert_eq(pvg_net_receive(&net, frame, 100, 0), -PV_E2BIG);
	cr_assert_eq(frame[0], 0xee);
	cr_assert_eq(pvg_net_receive(&net, frame, 100, 0), 100);
	cr_assert_eq(frame[100], 0xee);
	cr_assert_eq(pvg_net_receive(&net, frame, 100, 0), -PV_EIO);
	cr_assert_eq(pvg_net_receive(&net, frame, 100, 0), 14);
	cr_assert_eq(pvg_net_receiving(&net), ENTRIES);
}

Test(pvg_net, a_length_that_cannot_be_is_an_error_and_no_copy)
{
	static const uint32_t lie[] = { 0, 15, 1665, UINT32_MAX, UINT32_MAX - 20 };

	for (unsigned i = 0; i < 5; i++) {
		pvg_net_receive(&net, frame, sizeof(frame), 0);
		memset(frame, 0xee, sizeof(frame));
		answer(RECEIVE, take(RECEIVE).token, 0, lie[i]);
		cr_assert_eq(pvg_net_receive(&net, frame, UINT32_MAX, 0),
			     -PV_EIO);
		for (unsigned j = 0; j < sizeof(frame); j++)
			cr_assert_eq(frame[j], 0xee);
	}
	cr_assert_eq(pvg_net_receiving(&net), ENTRIES);
}

static int32_t send_status;
static uint64_t sent_bytes;

static void send_one(void)
{
	struct pv_net_request r;

	if (waiting(SEND) == 0)
		return;
	r = take(SEND);
	sent_bytes += r.len_bytes;
	answer(SEND, r.token, send_status, r.len_bytes);
}

Test(pvg_net, sending_is_done_when_it_returns)
{
	at_block = send_one;
	cr_assert_eq(pvg_net_send(&net, frame, 60), 0);
	cr_assert_eq(sent_bytes, 60);
	send_status = -PV_E2BIG;
	cr_assert_eq(pvg_net_send(&net, frame, 2000), -PV_E2BIG);
	cr_assert_eq(pvg_net_sending(&net), 0);
}

Test(pvg_net, sending_waits_for_a_slot_and_runs_others_callbacks)
{
	at_block = send_one;
	for (unsigned i = 0; i < ENTRIES; i++)
		submit_send(i);
	cr_assert_eq(pvg_net_send(&net, frame, 1000), 0);
	cr_assert_eq(done_count, ENTRIES);
	for (unsigned i = 0; i < ENTRIES; i++)
		cr_assert_eq(done[i], &request[i]);
}

/* ---- asynchronous */

static void bring_one(void)
{
	struct pv_net_request r = take(RECEIVE);

	bring(&r, 9, 64);
}

Test(pvg_net, waiting_ends_for_either_direction)
{
	cr_assert_eq(pvg_net_wait(&net, PV_FOREVER), 0, "nothing is under way");
	lend(0);
	submit_send(1);
	cr_assert_eq(pvg_net_wait(&net, 0), -PV_ETIMEDOUT);
	cr_assert_eq(blocks, 0);
	cr_assert_eq(pvg_net_wait(&net, pvg_deadline_in(1000)), -PV_ETIMEDOUT);
	cr_assert_eq(blocks, 1);
	at_block = bring_one;
	cr_assert_eq(pvg_net_wait(&net, PV_FOREVER), 1);
	cr_assert_eq(done[0], &request[0]);
	at_block = send_one;
	cr_assert_eq(pvg_net_wait(&net, PV_FOREVER), 1);
	cr_assert_eq(done[1], &request[1]);
	cr_assert_eq(blocks, 3);
}

Test(pvg_net, arming_asks_in_both_directions_whatever_is_there)
{
	struct pv_net_request r;

	lend(0);
	submit_send(1);
	pvg_net_kick(&net);
	cr_assert_not(pvg_net_arm(&net));
	cr_assert_eq(queue[RECEIVE].shared->rsp_event, 1);
	cr_assert_eq(queue[SEND].shared->rsp_event, 1);
	r = take(RECEIVE);
	bring(&r, 1, 60);
	queue[SEND].shared->rsp_event = 77;
	cr_assert(pvg_net_arm(&net));
	cr_assert_eq(queue[SEND].shared->rsp_event, 1);
	cr_assert_eq(pvg_net_poll(&net), 1);
	send_one();
	cr_assert(pvg_net_arm(&net));
	cr_assert_eq(pvg_net_poll(&net), 1);
	cr_assert_not(pvg_net_arm(&net));
}

/* The network answers at once, and the callback asks again at once. */
static void again_at_once(struct pvg_net_request *r)
{
	note(r);
	cr_assert_eq(pvg_net_submit(&net, r), 0);
	pvg_net_kick(&net);
	bring_one();
}

Test(pvg_net, a_poll_ends_however_fast_the_network_is)
{
	lend(0);
	request[0].done = again_at_once;
	pvg_net_kick(&net);
	bring_one();
	cr_assert_eq(pvg_net_poll(&net), ENTRIES);
	cr_assert_eq(pvg_net_poll(&net), ENTRIES);
}

/* ---- closing */

static unsigned refused;

static void submit_again(struct pvg_net_request *r)
{
	note(r);
	pvg_net_kick(&net);
	pvg_net_poll(&net);
	refused += pvg_net_submit(&net, r) == -PV_EAGAIN;
}

Test(pvg_net, closing_tells_the_owners_of_what_is_lent)
{
	unsigned ended = 0;

	for (unsigned i = 0; i < 5; i++) {
		lend(i);
		request[i].done = submit_again;
	}
	pvg_net_kick(&net);
	bring_one();
	pvg_net_close(&net);
	cr_assert_eq(queue[RECEIVE].closed, 1);
	cr_assert_eq(queue[SEND].closed, 1);
	/* Request 0 had its frame, was submitted again, and ended as the others. */
	cr_assert_eq(done_count, 6);
	cr_assert_eq(done[0], &request[0]);
	cr_assert_eq(refused, 5);
	for (unsigned i = 0; i < 5; i++)
		ended += request[i].status == -PV_EAGAIN &&
			 request[i].done_bytes == 0;
	cr_assert_eq(ended, 5);
}

Test(pvg_net, closing_waits_for_what_is_sent)
{
	at_block = send_one;
	for (unsigned i = 0; i < ENTRIES; i++)
		submit_send(i);
	pvg_net_close(&net);
	cr_assert_eq(done_count, ENTRIES);
	for (unsigned i = 0; i < ENTRIES; i++)
		cr_assert_eq(done[i]->status, 0);
}

Test(pvg_net, closing_does_not_wait_for_a_host_that_takes_nothing)
{
	for (unsigned i = 0; i < 3; i++)
		submit_send(i);
	pvg_net_kick(&net);
	send_one();
	pvg_net_close(&net);
	cr_assert_eq(done_count, 3);
	cr_assert_eq(request[0].status, 0);
	cr_assert_eq(request[1].status, -PV_EAGAIN);
	cr_assert_eq(request[2].status, -PV_EAGAIN);
	cr_assert_eq(blocks, 1);
}

Test(pvg_net, closing_gives_everything_back)
{
	size_t available;

	pvg_net_receive(&net, frame, sizeof(frame), 0);
	pvg_net_close(&net);
	available = pvg_pages_available();
	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(pvg_net_open_index(&net, 0), 0);
		pvg_net_receive(&net, frame, sizeof(frame), 0);
		if (i % 2)
			bring_one();
		pvg_net_close(&net);
	}
	cr_assert_eq(pvg_pages_available(), available);
}

/* More slots than buffers, and fewer, the whole pool in use. */
Test(pvg_net, rings_of_any_size_receive)
{
	pvg_net_close(&net);
	cr_assert_eq(pvg_net_open_device(&net, &device[1], 512), -PV_EINVAL);
	for (uint32_t entries = 2; entries <= 256; entries *= 2) {
		uint32_t lent;

		cr_assert_eq(pvg_net_open_device(&net, &device[1], entries), 0);
		pvg_net_receive(&net, frame, sizeof(frame), 0);
		lent = waiting(RECEIVE);
		cr_assert_eq(lent, entries < 32 ? entries : 32);
		for (uint32_t i = 0; i < lent; i++) {
			struct pv_net_request r = take(RECEIVE);

			bring(&r, (uint8_t)i, LEAST - 16);
		}
		for (uint32_t i = 0; i < lent; i++) {
			cr_assert_eq(pvg_net_receive(&net, frame, LEAST, 0),
				     LEAST - 16);
			cr_assert_eq(frame[0], (uint8_t)i);
			cr_assert_eq(frame[LEAST - 17], (uint8_t)i);
		}
		pvg_net_close(&net);
	}
}

/* ---- a hypervisor that lies */

Test(pvg_net, more_frames_than_buffers_panic, .signal = SIGABRT)
{
	lend(0);
	pvg_net_kick(&net);
	queue[RECEIVE].shared->rsp_prod = 2;
	pvg_net_poll(&net);
}

Test(pvg_net, an_answer_of_the_other_direction_panics, .signal = SIGABRT)
{
	lend(0);
	submit_send(1);
	submit_send(2);
	pvg_net_kick(&net);
	take(SEND);
	/* Token 1 is a SEND request's, not a RECEIVE's. */
	answer(RECEIVE, take(SEND).token, 0, 60);
	pvg_net_poll(&net);
}
