/* SPDX-License-Identifier: MIT
 *
 * Many frames under way in both directions: each request is answered once and to its
 * owner, frames come in the order in which they were sent, and those that go keep
 * theirs.
 *
 * Clauses: W1, W2, W3, R5.
 */
#include "net.h"

#define LENT 200u
#define SLOTS 200u
#define FRAMES 3000u
#define ROOM 2048u

struct slot {
	struct pvg_net_request request;
	uint8_t *memory;
	uint32_t number, len;
};

static struct slot lent[LENT], going[SLOTS];
static uint32_t received, sent, submitted;
static unsigned failed, out_of_order, wrong;
static bool echoes;

static uint32_t length_of(uint32_t number)
{
	uint32_t span = net_longest() - NET_COUNTED_MIN + 1;

	return NET_COUNTED_MIN + number * 37 % span;
}

static void lend(struct slot *slot)
{
	pvg_net_prep_receive(&slot->request, slot->memory, ROOM);
	failed += pvg_net_submit(&net, &slot->request) != 0;
}

static void frame_came(struct pvg_net_request *request)
{
	struct slot *slot = request->user;
	const uint8_t *frame = slot->memory + sizeof(struct pv_net_frame);
	uint32_t len = request->done_bytes -
		       (uint32_t)sizeof(struct pv_net_frame);
	static const struct pv_net_frame plain;

	if (request->status == -PV_EAGAIN)
		return; /* closed */
	failed += request->status != 0;
	wrong += memcmp(slot->memory, &plain, sizeof(plain)) != 0;
	if (echoes)
		out_of_order += len != length_of(received) ||
				!net_is_echo(frame, len, received);
	else
		out_of_order += !net_is_counted(frame, len, received);
	received++;
	lend(slot);
}

static void send_next(struct slot *slot)
{
	slot->number = submitted++;
	slot->len = length_of(slot->number);
	if (echoes)
		net_make_echo(slot->memory, slot->len, slot->number);
	else
		net_make_counted(slot->memory, slot->len, slot->number);
	pvg_net_prep_send(&slot->request, slot->memory, slot->len);
	failed += pvg_net_submit(&net, &slot->request) != 0;
}

static void frame_went(struct pvg_net_request *request)
{
	struct slot *slot = request->user;

	failed += request->status != 0;
	wrong += request != &slot->request || request->done_bytes != slot->len;
	sent++;
	if (submitted < FRAMES)
		send_next(slot);
}

/* Until so many have come and gone; false if that takes too long. */
static bool go_on_until(uint32_t want_received, uint32_t want_sent)
{
	uint64_t deadline_ns = pvg_deadline_in(NET_PATIENCE);

	while (received < want_received || sent < want_sent)
		if (pvg_net_wait(&net, deadline_ns) <= 0)
			break;
	return tap_equal(received, want_received, "as many have come") &&
	       tap_equal(sent, want_sent, "and gone");
}

static void begin(bool with_echoes)
{
	echoes = with_echoes;
	received = sent = submitted = 0;
	for (uint32_t i = 0; i < SLOTS; i++)
		send_next(&going[i]);
}

static void prepare(struct slot *slot, void (*done)(struct pvg_net_request *))
{
	slot->memory = aligned_alloc(64, ROOM);
	pvg_assert(slot->memory);
	slot->request.user = slot;
	slot->request.done = done;
}

static void ask_what_came(void)
{
	struct net_message answer;
	int len;

	net_say((struct net_message){ .kind = NET_ASK });
	len = pvg_net_receive(&net, lent[0].memory, ROOM,
			      pvg_deadline_in(NET_PATIENCE));
	tap_ok(len > 0 && net_get(&answer, lent[0].memory, (uint32_t)len) &&
		       answer.kind == NET_ANSWER,
	       "the other end tells");
	tap_equal(answer.number, FRAMES, "that it has got all");
	tap_equal(answer.wrong, 0, "and in their order");
}

int main(void)
{
	if (!net_opens())
		return tap_done();
	pvg_assert(net.config.receive_bytes_min <= ROOM);
	for (uint32_t i = 0; i < LENT; i++) {
		prepare(&lent[i], frame_came);
		lend(&lent[i]);
	}
	for (uint32_t i = 0; i < SLOTS; i++)
		prepare(&going[i], frame_went);

	net_ask_for(FRAMES, NET_COUNTED_MIN, net_longest(), 0);
	go_on_until(FRAMES, 0);
	tap_equal(out_of_order, 0, "in the order in which they were sent");
	begin(true);
	go_on_until(FRAMES, FRAMES);
	tap_equal(out_of_order, 0, "echoes, in the order in which they went");
	tap_equal(failed, 0, "no request has failed");
	tap_equal(wrong, 0, "nor was mistaken for another");
	tap_equal(pvg_net_receiving(&net), LENT, "what is lent is all lent");

	begin(false);
	go_on_until(0, FRAMES);
	pvg_net_close(&net);
	tap_equal(failed, 0, "no request has failed");
	tap_equal(pvg_net_open_index(&net, 0), 0, "it opens again");
	ask_what_came();
	pvg_net_close(&net);
	return tap_done();
}
