/* SPDX-License-Identifier: MIT
 *
 * One frame after the other: those of all lengths go out and come back, what is too
 * short or too long is refused or dropped alone, and frames wait for a guest that does
 * not ask for them yet.
 *
 * Clauses: W1, W2, W4, W5, W12, W13, W15.
 */
#include "net.h"

static uint8_t out[2 * NET_FRAME_MAX], in[2 * NET_FRAME_MAX];

static void check_config(void)
{
	const struct pv_net_config *c = &net.config;

	tap_ok(!(c->mac[0] & 1), "the address is that of one station");
	tap_ok(c->mtu_bytes >= 68, "the payload is that of IP at least");
	tap_ok(c->receive_bytes_min >=
		       net_longest() + sizeof(struct pv_net_frame),
	       "a received frame is as long as any");
	tap_ok(c->send_bytes_max >= net_longest(), "a sent one too");
	tap_ok(c->segments_max >= 20, "it may be in 20 pieces");
}

static void check_that_too_little_is_refused(void)
{
	static struct pvg_net_request request;

	pvg_net_prep_receive(&request, in, net.config.receive_bytes_min - 1);
	pvg_net_submit(&net, &request);
	pvg_net_wait(&net, pvg_deadline_in(NET_PATIENCE));
	tap_equal(request.status, -PV_EINVAL,
		  "to lend less than the longest frame takes is refused");
}

static int receive(uint64_t within_ns)
{
	return pvg_net_receive(&net, in, sizeof(in), pvg_deadline_in(within_ns));
}

static uint32_t lengths_step = 1;

static unsigned wrong_echoes(uint32_t from, uint32_t to)
{
	unsigned wrong = 0;

	for (uint32_t len = from; len <= to; len += lengths_step) {
		int got;

		net_make_echo(out, len, len);
		if (pvg_net_send(&net, out, len) != 0)
			return ++wrong;
		got = receive(NET_PATIENCE);
		if (got != (int)len || !net_is_echo(in, len, len)) {
			pvg_printf("# of %u bytes: %d\n", len, got);
			if (++wrong == 10)
				break;
		}
	}
	return wrong;
}

/* The peer sends frames that cannot be, then one that can. */
static void check_dropped(const char *name, uint32_t len)
{
	net_ask_for(3, len, len, 0);
	net_ask_for(1, 99, 99, 0);
	tap_equal(receive(NET_PATIENCE), 99, name);
}

static void check_that_frames_wait(void)
{
	unsigned wrong = 0;

	net_ask_for(5, 100, 104, 0);
	pvg_sleep_ns(200 * 1000 * 1000);
	for (uint32_t i = 0; i < 5; i++)
		wrong += receive(NET_PATIENCE) != (int)(100 + i) ||
			 !net_is_counted(in, 100 + i, i);
	tap_equal(wrong, 0, "frames wait for who asks for them late");
	tap_equal(receive(0), -PV_ETIMEDOUT, "and come once");
}

static bool is_given(const char *word, int argc, char **argv)
{
	while (argc-- > 1)
		if (strcmp(argv[argc], word) == 0)
			return true;
	return false;
}

/* no-empty: QEMU takes a frame of no bytes for the end of its socket. few: not all
 * lengths, where the guest is slow. */
int main(int argc, char **argv)
{
	bool empty = !is_given("no-empty", argc, argv);
	uint32_t too_long;

	if (is_given("few", argc, argv))
		lengths_step = 50;
	if (!net_opens())
		return tap_done();
	too_long = net.config.receive_bytes_min -
		   (uint32_t)sizeof(struct pv_net_frame) + 1;
	check_config();
	check_that_too_little_is_refused();
	check_that_frames_wait();
	tap_equal(wrong_echoes(PV_NET_HEADER_BYTES, net_longest()), 0,
		  "frames of all lengths go out and come back");

	check_dropped("a frame of 13 bytes is dropped", 13);
	if (empty)
		check_dropped("and one of none", 0);
	check_dropped("and one that is too long", too_long);
	check_dropped("and one that is far too long", 60000);
	tap_equal(pvg_net_send(&net, out, 13), -PV_EINVAL,
		  "to send 13 bytes is refused");
	tap_equal(pvg_net_send(&net, out, 0), -PV_EINVAL, "and nothing");
	tap_equal(pvg_net_send(&net, out, net.config.send_bytes_max + 1),
		  -PV_E2BIG, "and what is too long");
	tap_equal(wrong_echoes(PV_NET_HEADER_BYTES, 100), 0,
		  "others go on as if nothing had been");
	tap_equal(receive(1000 * 1000), -PV_ETIMEDOUT,
		  "waiting for nothing ends");
	pvg_net_close(&net);
	return tap_done();
}
