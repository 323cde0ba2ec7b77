/* SPDX-License-Identifier: MIT
 *
 * Virtio's network device by its registers and its queues, with a real wire and the real
 * loop: what tests/native asks of the whole, here without KVM; and what is left to the
 * host, on a TAP.
 */
#include <criterion/criterion.h>

#include "fake-virtio-net.h"
#include "tap.h"

#define BIT(n) (UINT32_C(1) << (n))
#define ALL_OFFLOADS                                                       \
	(BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_HOST_TSO4) |            \
	 BIT(VIRTIO_NET_F_HOST_TSO6) | BIT(VIRTIO_NET_F_GUEST_CSUM) |      \
	 BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6))
#define ROOM (FAKE_NET_HEADER + 1518u)

static struct fake_virtio_net fake;
static uint8_t frame[FRAME_ROOM], other[FRAME_ROOM];
static const struct virtio_net_hdr_v1 no_words, received = { .num_buffers = 1 };

static void setup(void)
{
	cr_assert_eq(fake_virtio_net_make(&fake), 0);
	fake_net_start(&fake, 0);
}

static void teardown(void)
{
	fake_virtio_net_free(&fake);
}

TestSuite(virtio_net, .init = setup, .fini = teardown, .timeout = 20);
TestSuite(virtio_net_tap, .timeout = 20);

static void make_on_tap(uint32_t features)
{
	const struct hv_net_spec spec = { .kind = HV_WIRE_TAP, .what = TAP_NAME,
					  .id = "net0" };

	tap_get_apart();
	cr_assert_eq(fake_virtio_net_make_of(&fake, &spec), 0);
	tap_set_up(true);
	fake.other_end = tap_listen();
	fake_net_start(&fake, features);
}

static uint32_t features_offered(void)
{
	fake_write(&fake.machine, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return fake_read(&fake.machine, VIRTIO_MMIO_DEVICE_FEATURES);
}

static struct hv_net_stats stats(void)
{
	struct hv_net_stats s;

	hv_virtio_net_stats(fake.net, &s);
	return s;
}

static void guest_sends(const struct virtio_net_hdr_v1 *header, uint32_t len)
{
	uint16_t used = fake_net_used(&fake, FAKE_NET_SEND)->idx;
	uint8_t *buffer = fake_net_buffer(&fake, FAKE_NET_SEND, 1);

	memcpy(buffer, header, sizeof(*header));
	memcpy(buffer + sizeof(*header), frame, len);
	fake_net_give(&fake, FAKE_NET_SEND, 1, FAKE_NET_HEADER + len);
	fake_net_wait(&fake, FAKE_NET_SEND, (uint16_t)(used + 1));
}

/* The header, and where the frame is, of that which was received n-th. */
static const uint8_t *guest_receives(uint16_t n, struct virtio_net_hdr_v1 *ret_header,
				     uint32_t *ret_len)
{
	const struct vring_used *used = fake_net_used(&fake, FAKE_NET_RECEIVE);
	const struct vring_used_elem *done = &used->ring[n % FAKE_ENTRIES];
	const uint8_t *at;

	fake_net_wait(&fake, FAKE_NET_RECEIVE, (uint16_t)(n + 1));
	at = fake_net_buffer(&fake, FAKE_NET_RECEIVE, done->id);
	memcpy(ret_header, at, sizeof(*ret_header));
	*ret_len = done->len - FAKE_NET_HEADER;
	return at + FAKE_NET_HEADER;
}

/* ---- a socket */

Test(virtio_net, a_socket_offers_nothing_of_checksums)
{
	cr_assert_eq(features_offered() & ALL_OFFLOADS, 0);
	cr_assert(features_offered() & BIT(VIRTIO_NET_F_MAC));
	cr_assert_eq(fake_read(&fake.machine, VIRTIO_MMIO_DEVICE_ID), 1);
}

Test(virtio_net, frames_go_both_ways)
{
	struct virtio_net_hdr_v1 header;
	const uint8_t *came;
	uint32_t len;

	for (uint16_t n = 0; n < 20; n++) {
		uint32_t bytes = 14u + n * 79u;

		put_plain(frame, bytes);
		guest_sends(&no_words, bytes);
		cr_assert_eq(recv(fake.other_end, other, sizeof(other), 0), bytes);
		cr_assert(!memcmp(other, frame, bytes));
		fake_net_give(&fake, FAKE_NET_RECEIVE, n % FAKE_ENTRIES, ROOM);
		cr_assert_eq(send(fake.other_end, frame, bytes, 0), bytes);
		came = guest_receives(n, &header, &len);
		cr_assert_eq(len, bytes);
		cr_assert(!memcmp(came, frame, bytes));
		cr_assert(!memcmp(&header, &received, sizeof(header)));
	}
	cr_assert_eq(stats().sent_frames, 20);
	cr_assert_eq(stats().received_frames, 20);
	cr_assert_eq(stats().failed, 0);
}

Test(virtio_net, what_is_no_frame_is_dropped_and_counted)
{
	static const uint32_t bad[] = { 0, 1, 13, 1519, 9000 };
	struct virtio_net_hdr_v1 header;
	uint32_t len;

	fake_net_give(&fake, FAKE_NET_RECEIVE, 0, FAKE_NET_BUFFER_BYTES);
	for (unsigned i = 0; i < 5; i++)
		cr_assert_eq(send(fake.other_end, frame, bad[i], 0), bad[i]);
	cr_assert_eq(send(fake.other_end, frame, 1518, 0), 1518);
	guest_receives(0, &header, &len);
	cr_assert_eq(len, 1518);
	cr_assert_eq(stats().too_short, 3);
	cr_assert_eq(stats().too_long, 2);
	for (unsigned i = 0; i < 3; i++)
		guest_sends(&no_words, bad[i]);
	guest_sends(&no_words, 65551);
	cr_assert_eq(stats().failed, 4);
	cr_assert_eq(stats().sent_frames, 0);
}

Test(virtio_net, what_was_not_agreed_to_is_not_sent)
{
	const struct virtio_net_hdr_v1 bad[] = {
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 100 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 100 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_UDP },
		{ .gso_type = 0xff },
	};

	for (unsigned i = 0; i < 5; i++)
		guest_sends(&bad[i], 1000);
	cr_assert_eq(stats().failed, 5);
	cr_assert_lt(recv(fake.other_end, other, sizeof(other), MSG_DONTWAIT), 0);
	/* Whoever is not sure that a flag means nothing may set it. */
	guest_sends(&(struct virtio_net_hdr_v1){ .flags = 0xfe }, 1000);
	cr_assert_eq(stats().sent_frames, 1);
}

Test(virtio_net, a_full_wire_holds_frames_until_there_is_room)
{
	uint16_t sent = 0;
	ssize_t bytes, frames = 0;

	put_plain(frame, 200);
	for (unsigned looks = 0; looks < 1000;) {
		if (fake_net_used(&fake, FAKE_NET_SEND)->idx != sent) {
			looks++;
			fake_nap();
			continue;
		}
		looks = 0;
		memset(fake_net_buffer(&fake, FAKE_NET_SEND, 0), 0, FAKE_NET_HEADER);
		fake_net_give(&fake, FAKE_NET_SEND, 0, FAKE_NET_HEADER + 200);
		sent++;
	}
	cr_assert_gt(stats().send_waits, 0);
	do {
		bytes = recv(fake.other_end, other, sizeof(other), 0);
		cr_assert_eq(bytes, 200);
	} while (++frames < sent);
	fake_net_wait(&fake, FAKE_NET_SEND, sent);
}

Test(virtio_net, a_reset_forgets_buffers_and_frames)
{
	uint8_t *buffer = fake_net_buffer(&fake, FAKE_NET_RECEIVE, 0);

	fake_net_give(&fake, FAKE_NET_RECEIVE, 0, ROOM);
	fake_write(&fake.machine, VIRTIO_MMIO_STATUS, 0);
	memset(buffer, 0xee, ROOM);
	cr_assert_eq(send(fake.other_end, frame, 100, 0), 100);
	for (unsigned i = 0; i < 20; i++)
		fake_nap();
	for (unsigned i = 0; i < ROOM; i++)
		cr_assert_eq(buffer[i], 0xee);
}

/* ---- a TAP */

Test(virtio_net_tap, a_long_frame_goes_out_as_one)
{
	struct virtio_net_hdr_v1 said = { .num_buffers = 0 };
	struct virtio_net_hdr header;

	make_on_tap(ALL_OFFLOADS);
	cr_assert_eq(features_offered() & ALL_OFFLOADS, ALL_OFFLOADS);
	memcpy(&said, &tcp_segmented, sizeof(tcp_segmented));
	put_tcp(frame, 20000);
	guest_sends(&said, FRAME_HEADERS + 20000);
	cr_assert_eq(host_receives(fake.other_end, &header, other),
		     FRAME_HEADERS + 20000);
	cr_assert(!memcmp(&header, &tcp_segmented, sizeof(header)));
	cr_assert(!memcmp(other, frame, FRAME_HEADERS + 20000));
	fake_virtio_net_free(&fake);
}

Test(virtio_net_tap, a_long_frame_comes_in_as_one)
{
	struct virtio_net_hdr_v1 header;
	const uint8_t *came;
	uint32_t len;

	make_on_tap(ALL_OFFLOADS);
	fake_net_give(&fake, FAKE_NET_RECEIVE, 0, FAKE_NET_BUFFER_BYTES);
	put_tcp(frame, 30000);
	host_sends(fake.other_end, &tcp_segmented, frame, FRAME_HEADERS + 30000);
	came = guest_receives(0, &header, &len);
	cr_assert_eq(len, FRAME_HEADERS + 30000);
	cr_assert_eq(header.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	cr_assert_eq(header.gso_size, 1460);
	cr_assert_eq(header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	cr_assert_eq(header.num_buffers, 1);
	cr_assert(!memcmp(came, frame, FRAME_HEADERS + 30000));
	fake_virtio_net_free(&fake);
}

Test(virtio_net_tap, a_driver_that_agrees_to_nothing_gets_pieces)
{
	uint32_t sum = 0;

	make_on_tap(0);
	for (unsigned i = 0; i < FAKE_ENTRIES; i++)
		fake_net_give(&fake, FAKE_NET_RECEIVE, i, ROOM);
	put_tcp(frame, 10000);
	host_sends(fake.other_end, &tcp_segmented, frame, FRAME_HEADERS + 10000);
	for (uint16_t n = 0; sum < 10000; n++) {
		struct virtio_net_hdr_v1 header;
		uint32_t len;
		const uint8_t *came = guest_receives(n, &header, &len);

		cr_assert(!memcmp(&header, &received, sizeof(header)));
		cr_assert_leq(len, 1514);
		cr_assert(tcp_sum_is_good(came, len));
		sum += len - FRAME_HEADERS;
	}
	cr_assert_eq(sum, 10000);
	fake_virtio_net_free(&fake);
}

Test(virtio_net_tap, the_next_driver_is_asked_anew)
{
	struct virtio_net_hdr_v1 header;
	uint32_t len;

	make_on_tap(ALL_OFFLOADS);
	fake_net_start(&fake, 0);
	fake_net_give(&fake, FAKE_NET_RECEIVE, 0, FAKE_NET_BUFFER_BYTES);
	put_tcp(frame, 10000);
	host_sends(fake.other_end, &tcp_segmented, frame, FRAME_HEADERS + 10000);
	guest_receives(0, &header, &len);
	cr_assert_leq(len, 1514);
	guest_sends(&(struct virtio_net_hdr_v1){
			    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM }, 1000);
	cr_assert_eq(stats().failed, 1);
	fake_virtio_net_free(&fake);
}
