/* SPDX-License-Identifier: MIT
 *
 * A network driven by events: handlers of its ports take frames and lend their memory
 * again, on the vCPU that opened it, which sleeps meanwhile. A masked port keeps its
 * event; with upcalls masked, who polls sees frames all the same.
 *
 * Clauses: O26, P1, W1.
 */
#include "net.h"

#define LENT 16u
#define FRAMES 100u
#define ROOM 2048u
#define VCPUS 2u

static struct pvg_net_request lent[LENT], question;
static uint8_t memory[LENT][ROOM], question_frame[NET_COUNTED_MIN];
static unsigned received, asked, failures, wrong;
static unsigned events[VCPUS];

static void frame_came(struct pvg_net_request *request)
{
	unsigned i = (unsigned)(request - lent);
	uint32_t before = sizeof(struct pv_net_frame);

	if (request->status == -PV_EAGAIN)
		return; /* closed */
	failures += request->status != 0;
	wrong += !net_is_counted(memory[i] + before,
				 request->done_bytes - before, received);
	received++;
	failures += pvg_net_submit(&net, request) != 0;
}

static void asked_for(struct pvg_net_request *request)
{
	failures += request->status != 0;
	asked++;
}

static void on_net(unsigned port, void *arg)
{
	(void)arg;
	failures += port != pvg_net_receive_port(&net) &&
		    port != pvg_net_send_port(&net);
	events[pvg_vcpu_number()]++;
	do {
		pvg_net_poll(&net);
		pvg_net_kick(&net);
	} while (pvg_net_arm(&net));
}

/* As net_ask_for, but it waits for nothing. */
static void ask(uint32_t number, uint32_t delay_ms)
{
	const struct net_message message = {
		.kind = NET_SEND, .number = number, .len_min = NET_COUNTED_MIN,
		.len_max = 500, .delay_ms = delay_ms,
	};
	bool was_masked = pvg_mask_save();

	received = asked = 0;
	net_header(question_frame, net_everybody, net.config.mac, NET_MESSAGE);
	net_put(question_frame, &message);
	pvg_net_prep_send(&question, question_frame, sizeof(question_frame));
	question.done = asked_for;
	failures += pvg_net_submit(&net, &question) != 0;
	pvg_net_kick(&net);
	pvg_mask_restore(was_masked);
}

/* Masked from the look to BLOCK, which unmasks. */
static void block_until_received(unsigned want)
{
	uint64_t deadline_ns = pvg_deadline_in(NET_PATIENCE);

	for (;;) {
		pvg_mask();
		if ((received == want && asked) || pvg_clock_ns() >= deadline_ns)
			break;
		pvg_op_block(deadline_ns);
	}
	pvg_unmask();
	tap_equal(received, want, "frames come by events");
	tap_equal(asked, 1, "and the answer to a SEND");
}

static void check_masked_ports(void)
{
	uint64_t deadline_ns = pvg_deadline_in(NET_PATIENCE);
	unsigned before;

	pvg_port_mask(pvg_net_receive_port(&net));
	pvg_port_mask(pvg_net_send_port(&net));
	before = events[pvg_vcpu_number()];
	ask(3, 0);
	while (!pvg_port_pending(pvg_net_receive_port(&net)) &&
	       pvg_clock_ns() < deadline_ns)
		pvg_op_yield();
	tap_ok(pvg_port_pending(pvg_net_receive_port(&net)),
	       "a masked port becomes pending");
	tap_equal(events[pvg_vcpu_number()], before, "and no handler is called");
	pvg_port_unmask(pvg_net_receive_port(&net));
	tap_ok(events[pvg_vcpu_number()] > before, "before it is unmasked");
	pvg_port_unmask(pvg_net_send_port(&net));
	block_until_received(3);
}

static void check_masked_upcalls(void)
{
	uint64_t deadline_ns = pvg_deadline_in(NET_PATIENCE);
	unsigned before;

	pvg_mask();
	before = events[pvg_vcpu_number()];
	ask(FRAMES, 0);
	while ((received < FRAMES || !asked) && pvg_clock_ns() < deadline_ns)
		pvg_net_poll(&net);
	tap_equal(received, FRAMES, "who polls needs no upcall");
	tap_equal(events[pvg_vcpu_number()], before, "and gets none");
	pvg_net_arm(&net);
	pvg_unmask();
}

static bool open_here(void)
{
	unsigned vcpu = pvg_vcpu_number();

	if (!tap_equal(pvg_net_open_index(&net, 0), 0, "the network opens"))
		return false;
	pvg_assert(net.config.receive_bytes_min <= ROOM);
	pvg_port_handle(pvg_net_receive_port(&net), on_net, NULL);
	pvg_port_handle(pvg_net_send_port(&net), on_net, NULL);
	tap_equal(pvg_upcalls_start(), 0, "upcalls start");
	pvg_mask();
	for (unsigned i = 0; i < LENT; i++) {
		lent[i].done = frame_came;
		pvg_net_prep_receive(&lent[i], memory[i], ROOM);
		failures += pvg_net_submit(&net, &lent[i]) != 0;
	}
	pvg_net_kick(&net);
	tap_ok(!pvg_net_arm(&net), "nothing is there to begin with");
	pvg_unmask();
	events[vcpu] = 0;
	return true;
}

static void close_here(void)
{
	pvg_port_handle(pvg_net_receive_port(&net), NULL, NULL);
	pvg_port_handle(pvg_net_send_port(&net), NULL, NULL);
	pvg_net_close(&net);
	tap_equal(failures, 0, "no request has failed");
	tap_equal(wrong, 0, "and frames are right and in their order");
}

static void check_here(void)
{
	if (!open_here())
		return;
	ask(FRAMES, 100); /* long after the vCPU has gone to sleep */
	block_until_received(FRAMES);
	tap_ok(events[pvg_vcpu_number()] > 0, "on this vCPU");
	check_masked_ports();
	check_masked_upcalls();
	close_here();
}

static uint32_t over;

static void secondary(void *arg)
{
	(void)arg;
	check_here();
	__atomic_store_n(&over, 1, __ATOMIC_RELEASE);
}

int main(void)
{
	uint64_t deadline_ns;
	unsigned before;
	int up;

	if (!tap_granted(PV_FEATURE_NET | PV_FEATURE_UPCALLS | PV_FEATURE_SMP))
		return tap_done();
	check_here();
	before = events[0];
	/* Quiet meanwhile: the other vCPU counts and prints its checks. */
	up = pvg_vcpu_up(1, secondary, NULL, 0);
	deadline_ns = pvg_deadline_in(2 * NET_PATIENCE);
	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE) &&
	       pvg_clock_ns() < deadline_ns)
		pvg_sleep_ns(1000 * 1000);
	tap_equal(up, 0, "vCPU 1 does the same");
	tap_ok(events[1] > 0, "with its own events");
	tap_equal(events[0], before, "of which vCPU 0 gets none");
	return tap_done();
}
