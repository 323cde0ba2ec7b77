/* SPDX-License-Identifier: MIT
 *
 * A network shared by threads: one receives while another sends, several send at once,
 * several receive, and others go on while they wait.
 */
#include "net.h"
#include "threads.h"

#define FRAMES 1000u
#define SENDERS 3u
#define RECEIVERS 2u

static bool stop;
static uint64_t counted;
static unsigned failed, wrong;

/* It yields, for on one vCPU each frame would cost a time slice otherwise. */
static void count(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		counted++;
		pvg_thread_yield();
	}
}

static void add(unsigned *what, unsigned number)
{
	__atomic_fetch_add(what, number, __ATOMIC_RELAXED);
}

static void receive_row(void *arg)
{
	uint8_t *frame = malloc(2048);

	(void)arg;
	for (uint32_t i = 0; i < FRAMES; i++) {
		int len = pvg_net_receive(&net, frame, 2048,
					  pvg_deadline_in(NET_PATIENCE));

		if (len < 0) {
			add(&failed, 1);
			break;
		}
		add(&wrong, !net_is_counted(frame, (uint32_t)len, i));
	}
	free(frame);
}

static void send_row(void *arg)
{
	uint8_t frame[600];

	(void)arg;
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t len = NET_COUNTED_MIN + i % 500;

		net_make_counted(frame, len, i);
		add(&failed, pvg_net_send(&net, frame, len) != 0);
	}
}

static void check_both_directions(void)
{
	struct net_message answer = { .kind = 0 };
	struct pvg_thread *thread[2];
	uint8_t frame[64];
	int len;

	net_ask_for(FRAMES, NET_COUNTED_MIN, net_longest(), 0);
	thread[0] = start(receive_row, NULL);
	thread[1] = start(send_row, NULL);
	join_all(thread, 2);
	net_say((struct net_message){ .kind = NET_ASK });
	len = pvg_net_receive(&net, frame, sizeof(frame),
			      pvg_deadline_in(NET_PATIENCE));
	tap_ok(len > 0 && net_get(&answer, frame, (uint32_t)len),
	       "one thread sends while another receives");
	tap_equal(answer.number, FRAMES, "all of what is sent arrives");
	tap_equal(answer.wrong, 0, "in its order");
	tap_equal(failed, 0, "all of what comes is received");
	tap_equal(wrong, 0, "in its order");
}

/* Echoes: the number is in the frame, and anybody may get it. */
static uint32_t echoes;
static uint8_t got[SENDERS * FRAMES];

static void send_echoes(void *arg)
{
	uint32_t first = (uint32_t)(uintptr_t)arg;
	uint8_t frame[200];

	for (uint32_t i = first; i < first + FRAMES; i++) {
		uint32_t len = 60 + i % 140;

		net_make_echo(frame, len, i);
		memcpy(frame + NET_PAYLOAD_AT, &i, sizeof(i));
		add(&failed, pvg_net_send(&net, frame, len) != 0);
	}
}

static void receive_echoes(void *arg)
{
	uint8_t frame[2048];

	(void)arg;
	while (__atomic_fetch_add(&echoes, 1, __ATOMIC_RELAXED) <
	       SENDERS * FRAMES) {
		int len = pvg_net_receive(&net, frame, sizeof(frame),
					  pvg_deadline_in(NET_PATIENCE));
		uint32_t number;

		if (len < 60) {
			add(&failed, 1);
			break;
		}
		memcpy(&number, frame + NET_PAYLOAD_AT, sizeof(number));
		for (uint32_t i = 0; i < sizeof(number); i++)
			frame[NET_PAYLOAD_AT + i] =
				net_counted_byte(number, NET_PAYLOAD_AT + i);
		if (number >= SENDERS * FRAMES ||
		    !net_is_echo(frame, (uint32_t)len, number) ||
		    __atomic_exchange_n(&got[number], 1, __ATOMIC_RELAXED))
			add(&wrong, 1);
	}
}

static void check_several(void)
{
	struct pvg_thread *thread[SENDERS + RECEIVERS];

	for (uint32_t i = 0; i < SENDERS; i++)
		thread[i] = start(send_echoes, (void *)(uintptr_t)(i * FRAMES));
	for (uint32_t i = 0; i < RECEIVERS; i++)
		thread[SENDERS + i] = start(receive_echoes, NULL);
	join_all(thread, SENDERS + RECEIVERS);
	tap_equal(failed, 0, "several send and several receive");
	tap_equal(wrong, 0, "each frame is got once, and whole");
}

static void wait_in_vain(void *arg)
{
	uint8_t frame[64];

	(void)arg;
	add(&failed, pvg_net_receive(&net, frame, sizeof(frame),
				     pvg_deadline_in(20 * MILLISECOND)) !=
			     -PV_ETIMEDOUT);
}

static void check_that_waiting_ends(void)
{
	struct pvg_thread *thread[3];

	for (unsigned i = 0; i < 3; i++)
		thread[i] = start(wait_in_vain, NULL);
	join_all(thread, 3);
	tap_equal(failed, 0, "who waits for a frame, or for its turn, gives up");
}

int main(void)
{
	struct pvg_thread *counting;

	if (!threads_start() || !net_opens())
		return tap_done();
	counting = start(count, NULL);
	check_both_directions();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pvg_thread_join(counting);
	tap_ok(counted > 0, "while others compute");
	check_several();
	check_that_waiting_ends();
	pvg_net_close(&net);
	return tap_done();
}
