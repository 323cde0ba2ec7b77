/* SPDX-License-Identifier: MIT
 *
 * Frames in a stream of bytes: the pure part, and then queues whose wire is one, however
 * the bytes come and go.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>

#define BUFFER_BYTES 4096u
#include "net-steps.h"
#include "wire-stream.h"

/* ---- the pure part */

static struct hv_stream *stream;

static void feed(const uint8_t *bytes, size_t len)
{
	struct iovec room = hv_stream_room(stream);

	cr_assert_leq(len, room.iov_len);
	memcpy(room.iov_base, bytes, len);
	hv_stream_filled(stream, len);
}

static size_t make_frame(uint8_t *ret, uint32_t seed, uint32_t len)
{
	hv_stream_put_length(ret, len);
	fill(ret + 4, seed, len);
	return len + 4;
}

static void pure_setup(void)
{
	stream = hv_stream_create();
	cr_assert_not_null(stream);
}

static void pure_teardown(void)
{
	hv_stream_free(stream);
}

TestSuite(wire_stream, .init = pure_setup, .fini = pure_teardown, .timeout = 60);

static uint8_t bytes[2 * HV_STREAM_FRAME_MAX], got[HV_STREAM_FRAME_MAX];
static const struct iovec whole[] = { { got, sizeof(got) } };

Test(wire_stream, a_frame_comes_byte_by_byte)
{
	size_t len = make_frame(bytes, 1, 100);

	for (size_t i = 0; i < len; i++) {
		cr_assert_eq(hv_stream_take(stream, whole, 1), -EAGAIN);
		cr_assert_eq(hv_stream_frames(stream, 16), 0);
		feed(&bytes[i], 1);
	}
	cr_assert_eq(hv_stream_frames(stream, 16), 1);
	cr_assert_eq(hv_stream_take(stream, whole, 1), 100);
	cr_assert(is_frame(got, 1, 100));
	cr_assert_eq(hv_stream_take(stream, whole, 1), -EAGAIN);
}

Test(wire_stream, many_come_at_once_and_a_part_of_one)
{
	size_t len = 0;

	for (uint32_t i = 0; i < 20; i++)
		len += make_frame(bytes + len, i, i * 10);
	feed(bytes, len - 1);
	cr_assert_eq(hv_stream_frames(stream, 100), 19);
	cr_assert_eq(hv_stream_frames(stream, 7), 7);
	for (uint32_t i = 0; i < 19; i++) {
		cr_assert_eq(hv_stream_take(stream, whole, 1), (int)i * 10);
		cr_assert(is_frame(got, i, i * 10));
	}
	cr_assert_eq(hv_stream_take(stream, whole, 1), -EAGAIN);
	feed(bytes + len - 1, 1);
	cr_assert_eq(hv_stream_take(stream, whole, 1), 190);
}

Test(wire_stream, there_is_room_for_the_longest_after_any_part)
{
	for (uint32_t before = 1; before < 66000; before += 6007) {
		size_t len = make_frame(bytes, 1, HV_STREAM_FRAME_MAX);

		if (before >= len)
			break;
		feed(bytes, before);
		feed(bytes + before, len - before);
		cr_assert_eq(hv_stream_take(stream, whole, 1),
			     (int)HV_STREAM_FRAME_MAX);
		cr_assert(is_frame(got, 1, HV_STREAM_FRAME_MAX));
	}
}

Test(wire_stream, a_length_that_is_none_is_the_end)
{
	static const uint8_t lengths[][4] = {
		{ 0, 1, 0, 65 }, { 0x80, 0, 0, 0 }, { 0xff, 0xff, 0xff, 0xff },
	};

	for (unsigned i = 0; i < 3; i++) {
		hv_stream_free(stream);
		pure_setup();
		feed(lengths[i], 4);
		cr_assert_eq(hv_stream_take(stream, whole, 1), -EPROTO);
		cr_assert_eq(hv_stream_frames(stream, 9), 0);
	}
}

Test(wire_stream, what_does_not_fit_is_left_out)
{
	const struct iovec few[] = { { got, 3 }, { got + 10, 4 } };

	feed(bytes, make_frame(bytes, 1, 100));
	memset(got, 0xa5, sizeof(got));
	cr_assert_eq(hv_stream_take(stream, few, 2), 100);
	cr_assert(!memcmp(got, bytes + 4, 3) && !memcmp(got + 10, bytes + 7, 4));
	cr_assert_eq(got[3], 0xa5);
	cr_assert_eq(got[14], 0xa5);
	cr_assert_eq(hv_stream_take(stream, few, 2), -EAGAIN);
}

/* ---- queues */

static void setup(void)
{
	cr_assert_eq(fake_net_make(&net, SOCK_STREAM), 0);
	open_queues();
}

TestSuite(net_stream, .init = setup, .fini = teardown, .timeout = 60);

static void bring_bytes(const uint8_t *from, size_t len)
{
	while (len) {
		ssize_t n = write(net.other_end, from, len);

		cr_assert_gt(n, 0);
		from += n;
		len -= (size_t)n;
	}
}

static void bring(uint32_t seed, uint32_t len)
{
	bring_bytes(bytes, make_frame(bytes, seed, len));
}

static void take_bytes(uint8_t *to, size_t len)
{
	while (len) {
		struct pollfd wait = { net.other_end, POLLIN, 0 };
		ssize_t n;

		cr_assert_eq(poll(&wait, 1, 10000), 1, "nothing came");
		n = read(net.other_end, to, len);
		cr_assert_gt(n, 0);
		to += n;
		len -= (size_t)n;
	}
}

static uint32_t take_length(void)
{
	uint8_t length[4];

	take_bytes(length, 4);
	return (uint32_t)length[0] << 24 | (uint32_t)length[1] << 16 |
	       (uint32_t)length[2] << 8 | length[3];
}

static void take_frame(uint32_t seed, uint32_t len)
{
	cr_assert_eq(take_length(), len);
	take_bytes(got, len);
	cr_assert(is_frame(got, seed, len));
}

Test(net_stream, frames_come_however_they_are_cut)
{
	uint32_t state = 7;

	for (uint32_t i = 0; i < 40; i++)
		lend(i);
	for (uint32_t round = 0; round < 100; round++) {
		size_t len = 0, done = 0;

		for (uint32_t i = 0; i < 30; i++)
			len += make_frame(bytes + len, round * 30 + i, 14 + i * 49);
		while (done < len) {
			size_t n;

			state = state * 1103515245u + 12345u;
			n = 1 + (state >> 16) % 3000;
			if (n > len - done)
				n = len - done;
			bring_bytes(bytes + done, n);
			done += n;
		}
		for (uint32_t i = 0; i < 30; i++)
			lend(expect_frame(round * 30 + i, 14 + i * 49));
	}
	cr_assert_eq(stats().received_frames, 3000);
}

Test(net_stream, what_is_too_short_or_too_long_is_dropped)
{
	lend(1);
	bring(1, 0);
	bring(2, 13);
	bring(3, 1519);
	bring(4, HV_STREAM_FRAME_MAX);
	bring(5, 1518);
	expect_frame(5, 1518);
	cr_assert_eq(stats().too_short, 2);
	cr_assert_eq(stats().too_long, 2);
}

/* What was read ahead is there for who opens the queue again. */
Test(net_stream, frames_read_ahead_outlive_the_queue)
{
	size_t len = 0;

	for (uint32_t i = 0; i < 50; i++)
		len += make_frame(bytes + len, i, 100);
	bring_bytes(bytes, len);
	lend(0);
	expect_frame(0, 100);
	for (uint32_t i = 1; i < 50; i++) {
		cr_assert_eq(hv_queue_close(&net.guest.vm, 0, FAKE_RECEIVE), 0);
		cr_assert_eq(fake_net_open(&net, FAKE_RECEIVE), 0);
		lend(i);
		expect_frame(i, 100);
	}
}

Test(net_stream, frames_go_out_in_their_order)
{
	uint32_t pushed = 0, taken = 0;

	while (taken < 2000) {
		for (; pushed < 2000 && pushed - taken < FAKE_NET_ENTRIES;
		     pushed++)
			push_frame(pushed, 14 + pushed % 1500);
		for (uint32_t until = pushed; taken < until; taken++) {
			take_frame(taken, 14 + taken % 1500);
			cr_assert_eq(pop(FAKE_SEND).token, taken);
		}
	}
	cr_assert_eq(stats().sent_frames, 2000);
}

/* Until the socket has taken a part of one and waits. */
static uint32_t fill_up(void)
{
	uint32_t pushed = 0, answered = 0;
	uint64_t waits;

	do {
		waits = stats().send_waits;
		while (pushed - answered < FAKE_NET_ENTRIES)
			push_frame(pushed++, 1400);
		usleep(2000);
		while (net.queue[FAKE_SEND].ring->rsp_prod !=
		       net.queue[FAKE_SEND].rsp_cons) {
			cr_assert_eq(pop(FAKE_SEND).status, 0);
			answered++;
		}
	} while (!waits);
	return pushed;
}

Test(net_stream, a_reader_that_sleeps_holds_frames_back_and_loses_none)
{
	uint32_t pushed = fill_up();

	for (uint32_t i = 0; i < pushed; i++)
		take_frame(i, 1400);
	cr_assert_eq(stats().failed, 0);
}

/* What was begun is ended, or nobody would find the next frame. */
Test(net_stream, closing_in_a_frame_leaves_the_stream_whole)
{
	uint32_t sent;

	fill_up();
	cr_assert_eq(hv_queue_close(&net.guest.vm, 0, FAKE_SEND), 0);
	cr_assert_gt(stats().failed, 0);
	sent = (uint32_t)stats().sent_frames;
	cr_assert_eq(fake_net_open(&net, FAKE_SEND), 1);
	push_frame(9999, 77);
	for (uint32_t i = 0; i < sent; i++)
		take_frame(i, 1400);
	/* One of the failed may have been begun. */
	if (take_length() == 1400) {
		take_bytes(got, 1400);
		cr_assert_eq(take_length(), 77);
	}
	take_bytes(got, 77);
	cr_assert(is_frame(got, 9999, 77));
	cr_assert_eq(pop(FAKE_SEND).status, 0);
}

Test(net_stream, the_end_of_the_other_side_is_no_storm)
{
	lend(1);
	bring(1, 60);
	expect_frame(1, 60);
	lend(2);
	close(net.other_end);
	net.other_end = open("/dev/null", O_RDWR);
	usleep(20000);
	for (uint32_t i = 0; i < 100; i++) {
		push_frame(i, 60);
		cr_assert_eq(pop(FAKE_SEND).status, 0);
	}
	cr_assert_eq(stats().sent_to_nobody, 100);
	cr_assert_leq(stats().receive_errors, 16);
}

Test(net_stream, a_stream_that_is_none_is_given_up)
{
	lend(1);
	bring(1, 60);
	bring_bytes((const uint8_t *)"HTTP/1.1 200 OK\r\n", 17);
	expect_frame(1, 60);
	lend(2);
	for (int naps = 0; naps < 100000 && !stats().receive_errors; naps++)
		fake_nap();
	cr_assert_eq(stats().receive_errors, 1);
	push_frame(1, 60);
	take_frame(1, 60);
	cr_assert_eq(pop(FAKE_SEND).status, 0);
	cr_assert_eq(hv_queue_close(&net.guest.vm, 0, FAKE_RECEIVE), 0);
}
