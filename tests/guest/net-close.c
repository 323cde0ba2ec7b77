/* SPDX-License-Identifier: MIT
 *
 * A network is closed with buffers lent, in the midst of what comes, and opened again:
 * each owner hears of it once, the host leaves the buffers alone from then on, and no
 * frame is lost.
 *
 * Clauses: O21, O22, O23, W4, W6.
 */
#include "net.h"

#define LENT 40u
#define ROOM 2048u
#define FRAMES 2000u
#define TIMES 200u

static struct pvg_net_request lent[LENT], going[LENT];
static uint8_t memory[LENT][ROOM], out[LENT][ROOM];
static unsigned ended, received, sent, failed, wrong;

static void came(struct pvg_net_request *request)
{
	unsigned i = (unsigned)(request - lent);
	uint32_t before = sizeof(struct pv_net_frame);

	if (request->status == -PV_EAGAIN) {
		ended++;
		return;
	}
	failed += request->status != 0;
	wrong += !net_is_counted(memory[i] + before,
				 request->done_bytes - before, received);
	received++;
	/* In the midst of a close this is refused, or ends so too. */
	if (pvg_net_submit(&net, request) != 0)
		ended++;
}

static void went(struct pvg_net_request *request)
{
	failed += request->status != 0;
	sent++;
}

static void open_again(void)
{
	failed += pvg_net_open_index(&net, 0) != 0;
	ended = 0;
	for (unsigned i = 0; i < LENT; i++) {
		lent[i].done = came;
		pvg_net_prep_receive(&lent[i], memory[i], ROOM);
		failed += pvg_net_submit(&net, &lent[i]) != 0;
	}
	pvg_net_kick(&net);
}

static void close_and_count(void)
{
	pvg_net_close(&net);
	wrong += ended != LENT;
}

static void check_idle(void)
{
	size_t pages = pvg_pages_available();

	for (unsigned i = 0; i < TIMES; i++) {
		open_again();
		if (i % 2)
			pvg_net_wait(&net, pvg_deadline_in(20 * 1000));
		close_and_count();
	}
	tap_equal(failed, 0, "it opens and closes with buffers lent");
	tap_equal(wrong, 0, "of which each owner hears once");
	tap_equal((int64_t)pvg_pages_available(), (int64_t)pages,
		  "and nothing is used up");
}

static void check_that_memory_is_left_alone(void)
{
	uint8_t *bytes = &memory[0][0];
	unsigned touched = 0;

	open_again();
	net_ask_for(8, 100, 107, 200);
	close_and_count();
	memset(memory, 0x5a, sizeof(memory));
	pvg_sleep_ns(400 * 1000 * 1000);
	for (size_t i = 0; i < sizeof(memory); i++)
		touched += bytes[i] != 0x5a;
	tap_equal(touched, 0, "what comes then goes nowhere");
	received = 0;
	open_again();
	while (received < 8 && pvg_net_wait(&net, pvg_deadline_in(
						     NET_PATIENCE)) > 0)
		;
	tap_equal(received, 8, "but waits for the next to open it");
	close_and_count();
}

/* Each time a few frames come before it is closed again. */
static void check_in_the_midst(void)
{
	unsigned closed = 0;

	open_again();
	net_ask_for(FRAMES, NET_COUNTED_MIN, 700, 0);
	received = 0;
	while (received < FRAMES) {
		unsigned before = received;

		while (received < before + 1 + closed % 7 && received < FRAMES)
			if (pvg_net_wait(&net, pvg_deadline_in(NET_PATIENCE)) <=
			    0)
				break;
		close_and_count();
		closed++;
		open_again();
		if (received == before)
			break;
	}
	tap_equal(received, FRAMES, "closed in the midst, all frames come");
	tap_equal(wrong, 0, "in their order");
	pvg_printf("# closed %u times\n", closed);
	close_and_count();
}

static void send_row(uint32_t first)
{
	open_again();
	for (uint32_t i = 0; i < LENT; i++) {
		net_make_counted(out[i], 300 + i, first + i);
		going[i].done = went;
		pvg_net_prep_send(&going[i], out[i], 300 + i);
		failed += pvg_net_submit(&net, &going[i]) != 0;
	}
	close_and_count();
}

static void check_sends(void)
{
	struct net_message answer = { .kind = 0 };
	int len;

	for (uint32_t i = 0; i < 20; i++)
		send_row(i * LENT);
	tap_equal(sent, 20 * LENT, "closing waits for what is sent");
	failed += pvg_net_open_index(&net, 0) != 0;
	net_say((struct net_message){ .kind = NET_ASK });
	len = pvg_net_receive(&net, memory[0], ROOM,
			      pvg_deadline_in(NET_PATIENCE));
	tap_ok(len > 0 && net_get(&answer, memory[0], (uint32_t)len) &&
		       answer.number == 20 * LENT && answer.wrong == 0,
	       "all of which arrives");
}

/* With the argument `reset` the device can take back what it lent only by a reset,
 * which loses what it has read. */
int main(int argc, char **argv)
{
	static struct pvg_net other;

	if (!net_opens())
		return tap_done();
	pvg_assert(net.config.receive_bytes_min <= ROOM);
	tap_equal(pvg_net_open_index(&other, 0), -PV_EBUSY,
		  "it is open to one at a time");
	pvg_net_receive(&net, memory[0], ROOM, 0);
	pvg_net_close(&net);
	check_idle();
	check_that_memory_is_left_alone();
	if (argc > 1 && strcmp(argv[1], "reset") == 0)
		tap_skip("closed in the midst, all frames come",
			 "a device that is reset loses some");
	else
		check_in_the_midst();
	check_sends();
	tap_equal(failed, 0, "no request has failed");
	tap_equal(wrong, 0, "nor an owner been forgotten");
	pvg_net_close(&net);
	return tap_done();
}
