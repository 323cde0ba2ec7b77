/* SPDX-License-Identifier: MIT
 *
 * Frames in pieces: sent from any number of pieces of memory at any addresses, and
 * received into them, the struct pv_net_frame cut as well.
 *
 * Clauses: W1, W11, W14.
 */
#include "../random.h"
#include "net.h"

#define ROUNDS 300u

static uint8_t whole[4096], pieces[64 * 4096];
static struct pv_segment segment[64];
static struct pvg_net_request request;

/* Cut len bytes into count pieces, each somewhere in a page of its own. */
static void cut(uint32_t len, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++) {
		uint32_t left = (uint32_t)(count - i) - 1;
		uint32_t most = len - left, piece = most;

		if (left > 0)
			piece = 1 + (uint32_t)(random_next() %
					       (2 * most / count + 1));
		if (piece > most)
			piece = most;
		segment[i].gpa = pvg_gpa(pieces + i * 4096 +
					 random_next() % (4097 - piece));
		segment[i].len_bytes = piece;
		segment[i].reserved = 0;
		len -= piece;
	}
}

static void scatter(const uint8_t *bytes, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++) {
		memcpy((void *)(uintptr_t)segment[i].gpa, bytes,
		       segment[i].len_bytes);
		bytes += segment[i].len_bytes;
	}
}

static void gather(uint8_t *ret_bytes, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++) {
		memcpy(ret_bytes, (void *)(uintptr_t)segment[i].gpa,
		       segment[i].len_bytes);
		ret_bytes += segment[i].len_bytes;
	}
}

static int32_t run(enum pv_net_op op, uint16_t count)
{
	pvg_net_prep_segments(&request, op, segment, count);
	pvg_net_submit(&net, &request);
	pvg_net_wait(&net, pvg_deadline_in(NET_PATIENCE));
	return request.status;
}

static bool goes_out(uint32_t len, uint32_t number, uint16_t count)
{
	net_make_echo(whole, len, number);
	cut(len, count);
	scatter(whole, count);
	return run(PV_NET_SEND, count) == 0 && request.done_bytes == len;
}

static bool comes_back(uint32_t len, uint32_t number, uint16_t count)
{
	const uint32_t before = sizeof(struct pv_net_frame);

	cut(net.config.receive_bytes_min, count);
	memset(pieces, 0xee, sizeof(pieces));
	if (run(PV_NET_RECEIVE, count) != 0 ||
	    request.done_bytes != before + len)
		return false;
	gather(whole, count);
	return net_is_echo(whole + before, len, number);
}

static uint16_t any_count(uint32_t len)
{
	uint64_t count = 1 + random_next() % net.config.segments_max;

	return (uint16_t)(count < len ? count : len);
}

static void check_round_trips(void)
{
	unsigned wrong_out = 0, wrong_in = 0;

	for (uint32_t i = 0; i < ROUNDS && !wrong_out && !wrong_in; i++) {
		uint32_t len = PV_NET_HEADER_BYTES +
			       (uint32_t)(random_next() %
					  (net.config.mtu_bytes + 1u));

		wrong_out += !goes_out(len, i, any_count(len));
		wrong_in += !comes_back(len, i, any_count(len));
	}
	tap_equal(wrong_out, 0, "frames go out from pieces");
	tap_equal(wrong_in, 0, "and come back to others");
}

/* Sixteen one-byte pieces take the struct pv_net_frame. */
static void check_tiny_pieces(void)
{
	const uint16_t count = 18;

	tap_ok(goes_out(20, 7, 20), "a frame goes out byte by byte");
	cut(net.config.receive_bytes_min, count);
	for (uint16_t i = 0; i < 17; i++)
		segment[i].len_bytes = 1;
	segment[17].gpa = pvg_gpa(pieces + 17 * 4096);
	segment[17].len_bytes = net.config.receive_bytes_min - 17;
	tap_equal(run(PV_NET_RECEIVE, count), 0, "and comes back, its head so");
	gather(whole, count);
	tap_ok(net_is_echo(whole + sizeof(struct pv_net_frame), 20, 7),
	       "with all its bytes");
}

static void check_refusals(void)
{
	uint16_t most = (uint16_t)net.config.segments_max;

	cut(200, most);
	tap_equal(run(PV_NET_SEND, most), 0, "as many pieces as may be");
	pvg_net_prep_segments(&request, PV_NET_SEND, segment, most);
	request.wire.segments++;
	request.wire.seg[0].len_bytes += (uint32_t)sizeof(segment[0]);
	pvg_net_submit(&net, &request);
	pvg_net_wait(&net, pvg_deadline_in(NET_PATIENCE));
	tap_equal(request.status, -PV_E2BIG, "one more is too many");
	segment[3].len_bytes = 0;
	tap_equal(run(PV_NET_SEND, most), -PV_EINVAL, "an empty piece is none");
	cut(200, 5);
	segment[4].gpa = pvg_boot.ram_bytes - 1;
	segment[4].len_bytes = 2;
	tap_equal(run(PV_NET_SEND, 5), -PV_EFAULT,
		  "a piece beyond RAM is refused");
	tap_ok(goes_out(1000, 9, 3) && comes_back(1000, 9, 4),
	       "others go on as if nothing had been");
}

int main(void)
{
	if (!net_opens())
		return tap_done();
	pvg_assert(net.config.segments_max < 64);
	check_round_trips();
	check_tiny_pieces();
	check_refusals();
	pvg_net_close(&net);
	return tap_done();
}
