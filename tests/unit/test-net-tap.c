/* SPDX-License-Identifier: MIT
 *
 * A network whose wire is a TAP: a guest the test plays, and a packet socket on the
 * host's side of the interface, in a network namespace of its own. What is left to the
 * host (checksums, segmentation) is seen there in Linux's words.
 */
#include <linux/if_tun.h>
#include <pvabi/error.h>

#include "tap.h"

#define BUFFER_BYTES FRAME_ROOM
#include "net-steps.h"

/* ---- the guest's side */

static void make(bool offload)
{
	struct hv_net_spec spec = { .kind = HV_WIRE_TAP, .what = TAP_NAME,
				    .id = "net0" };

	tap_get_apart();
	cr_assert_eq(fake_net_make_of(&net, &spec, -1, -1, offload), 0);
	tap_set_up(true);
	net.other_end = tap_listen();
	open_queues();
}

/* Where the next frame is that came, what is known of it before it. */
static const uint8_t *guest_receives(struct pv_net_frame *ret_frame,
				     uint32_t *ret_len)
{
	struct pv_ring_rsp rsp = pop(FAKE_RECEIVE);
	const uint8_t *at = fake_ram(&net.guest, buffer_of(rsp.token));

	cr_assert_eq(rsp.status, 0);
	memcpy(ret_frame, at, sizeof(*ret_frame));
	*ret_len = rsp.done_bytes - FRAME_INFO;
	return at + FRAME_INFO;
}

static int32_t guest_sends(const struct pv_net_frame *info, const uint8_t *frame,
			   uint32_t len)
{
	struct pv_net_request request = fake_frame(PV_NET_SEND, 1, buffer_of(9),
						   len);

	request.frame = *info;
	memcpy(fake_ram(&net.guest, buffer_of(9)), frame, len);
	put(FAKE_SEND, &request);
	return pop(FAKE_SEND).status;
}

static const struct pv_net_frame to_be_cut = {
	.flags = PV_NET_CHECKSUM_MISSING, .segmentation = PV_NET_TCP4,
	.header_bytes = FRAME_HEADERS, .segment_bytes = 1460, .checksum_start = 34,
	.checksum_offset = 16,
};
static const struct pv_net_frame plain;
static const struct virtio_net_hdr no_words;
static uint8_t frame[BUFFER_BYTES], other[BUFFER_BYTES];

/* ---- tests */

TestSuite(net_tap, .timeout = 60);

Test(net_tap, frames_go_both_ways)
{
	struct virtio_net_hdr header;
	struct pv_net_frame info;
	const uint8_t *came;
	uint32_t len;

	make(false);
	cr_assert_eq(fake_net_config(&net)->mtu_bytes, 1500);
	cr_assert_eq(fake_net_config(&net)->flags,
		     PV_NET_CAN_CHECKSUM | PV_NET_CAN_TCP4 | PV_NET_CAN_TCP6);
	for (uint32_t bytes = 60; bytes <= 1514; bytes += 727) {
		put_plain(frame, bytes);
		lend(1);
		host_sends(net.other_end, &no_words, frame, bytes);
		came = guest_receives(&info, &len);
		cr_assert_eq(len, bytes);
		cr_assert(!memcmp(came, frame, bytes));
		cr_assert(!memcmp(&info, &plain, sizeof(info)));
		cr_assert_eq(guest_sends(&plain, frame, bytes), 0);
		cr_assert_eq(host_receives(net.other_end, &header, other), bytes);
		cr_assert(!memcmp(other, frame, bytes));
		cr_assert_eq(header.gso_type, 0);
	}
	teardown();
}

Test(net_tap, the_host_gets_a_segmented_frame_as_one)
{
	const uint32_t len = FRAME_HEADERS + 20000;
	struct virtio_net_hdr header;

	make(false);
	put_tcp(frame, 20000);
	cr_assert_eq(guest_sends(&to_be_cut, frame, len), 0);
	cr_assert_eq(host_receives(net.other_end, &header, other), len);
	cr_assert_eq(header.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	cr_assert_eq(header.gso_size, 1460);
	cr_assert_eq(header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	cr_assert(!memcmp(other, frame, len));
	teardown();
}

Test(net_tap, a_guest_with_offload_does_too)
{
	const uint32_t len = FRAME_HEADERS + 30000;
	struct pv_net_frame info;
	const uint8_t *came;
	uint32_t came_bytes;

	make(true);
	cr_assert_gt(fake_net_config(&net)->receive_bytes_min, 65536);
	cr_assert_leq(fake_net_config(&net)->receive_bytes_min, 66 << 10);
	lend(1);
	put_tcp(frame, 30000);
	host_sends(net.other_end, &tcp_segmented, frame, len);
	came = guest_receives(&info, &came_bytes);
	cr_assert_eq(came_bytes, len);
	cr_assert(!memcmp(&info, &to_be_cut, sizeof(info)));
	cr_assert(!memcmp(came, frame, len));
	teardown();
}

Test(net_tap, one_without_gets_pieces_with_good_checksums)
{
	const uint32_t pieces = 14; /* of 20000 bytes */
	uint32_t sum = 0, len;

	make(false);
	for (uint32_t i = 0; i < pieces; i++)
		lend(i);
	put_tcp(frame, 20000);
	host_sends(net.other_end, &tcp_segmented, frame, FRAME_HEADERS + 20000);
	for (uint32_t i = 0; i < pieces; i++) {
		struct pv_net_frame info;
		const uint8_t *came = guest_receives(&info, &len);

		cr_assert_eq(info.flags & PV_NET_CHECKSUM_MISSING, 0);
		cr_assert_eq(info.segmentation, PV_NET_WHOLE);
		cr_assert_leq(len, 1514);
		cr_assert_eq(get16(came + 12), ETH_P_IP);
		cr_assert(tcp_sum_is_good(came, len));
		cr_assert(!memcmp(came + FRAME_HEADERS, frame + FRAME_HEADERS + sum,
				  len - FRAME_HEADERS));
		sum += len - FRAME_HEADERS;
	}
	cr_assert_eq(sum, 20000);
	teardown();
}

Test(net_tap, a_checksum_is_left_out_where_both_sides_know)
{
	const uint32_t len = FRAME_HEADERS + 100;
	const struct virtio_net_hdr missing = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34,
		.csum_offset = 16,
	};
	const struct pv_net_frame same = {
		.flags = PV_NET_CHECKSUM_MISSING, .checksum_start = 34,
		.checksum_offset = 16,
	};
	struct virtio_net_hdr header;
	struct pv_net_frame info;
	const uint8_t *came;
	uint32_t came_bytes;

	make(true);
	put_tcp(frame, 100);
	lend(1);
	host_sends(net.other_end, &missing, frame, len);
	came = guest_receives(&info, &came_bytes);
	cr_assert(!memcmp(&info, &same, sizeof(info)));
	cr_assert(!memcmp(came, frame, len));
	cr_assert_eq(guest_sends(&same, frame, len), 0);
	cr_assert_eq(host_receives(net.other_end, &header, other), len);
	cr_assert_eq(header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
		     VIRTIO_NET_HDR_F_NEEDS_CSUM);
	teardown();
}

/* Older Linux (6.1) takes such a frame, and loses it further on. */
Test(net_tap, headers_that_lie_fail_and_the_queue_goes_on)
{
	struct pv_net_frame lie = to_be_cut;
	int32_t status;

	make(false);
	put_tcp(frame, 3000);
	lie.segmentation = PV_NET_TCP6;
	status = guest_sends(&lie, frame, FRAME_HEADERS + 3000);
	cr_assert(status == -PV_EIO || status == 0);
	cr_assert_eq(stats().failed, status ? 1 : 0);
	cr_assert_eq(guest_sends(&to_be_cut, frame, FRAME_HEADERS + 3000), 0);
	teardown();
}

Test(net_tap, an_interface_that_is_down_loses_frames)
{
	struct virtio_net_hdr header;

	make(false);
	tap_set_up(false);
	put_plain(frame, 60);
	for (unsigned i = 0; i < 10; i++)
		cr_assert_eq(guest_sends(&plain, frame, 60), 0);
	cr_assert_eq(stats().sent_to_nobody, 10);
	tap_set_up(true);
	close(net.other_end);
	net.other_end = tap_listen();
	cr_assert_eq(guest_sends(&plain, frame, 60), 0);
	cr_assert_eq(host_receives(net.other_end, &header, other), 60);
	teardown();
}

/* As one that a privileged helper made and passed on, without headers too. */
static int open_tap(short flags)
{
	struct ifreq request = { .ifr_flags = flags };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	strcpy(request.ifr_name, TAP_NAME);
	cr_assert_eq(ioctl(fd, TUNSETIFF, &request), 0);
	return fd;
}

Test(net_tap, one_that_was_inherited_serves_with_headers_and_without)
{
	const struct hv_net_spec spec = { .id = "net0" };
	struct virtio_net_hdr header;

	tap_get_apart();
	for (int i = 0; i < 2; i++) {
		int fd = open_tap((short)(IFF_TAP | IFF_NO_PI |
					  (i ? IFF_VNET_HDR : 0)));

		cr_assert_eq(fake_net_make_of(&net, &spec, fd, -1, true), 0);
		tap_set_up(true);
		net.other_end = tap_listen();
		cr_assert_eq(fake_net_open(&net, FAKE_SEND), 1);
		cr_assert_eq(fake_net_open(&net, FAKE_RECEIVE), 0);
		cr_assert_eq(fake_net_config(&net)->flags != 0, i);
		put_plain(frame, 99);
		cr_assert_eq(guest_sends(&plain, frame, 99), 0);
		cr_assert_eq(host_receives(net.other_end, &header, other), 99);
		lend(1);
		host_sends(net.other_end, &no_words, frame, 99);
		cr_assert_eq(pop(FAKE_RECEIVE).done_bytes, 99 + FRAME_INFO);
		teardown();
	}
}

Test(net_tap, a_tun_that_was_inherited_is_refused)
{
	const struct hv_net_spec spec = { .id = "net0" };

	tap_get_apart();
	cr_assert_eq(fake_net_make_of(&net, &spec, open_tap(IFF_TUN | IFF_NO_PI),
				      -1, false), -1);
}
