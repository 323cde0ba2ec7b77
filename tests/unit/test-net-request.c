/* SPDX-License-Identifier: MIT
 *
 * Which network requests are legal, where their segments lie, and how what is known of a
 * frame is said in the contract's words and in Linux's.
 */
#include <criterion/criterion.h>
#include <pvabi/error.h>
#include <string.h>

#include "net-request.h"

#define RAM_BYTES (UINT64_C(2) << 20)
#define RECEIVE_MIN 1534u
#define SEND_MAX 1518u

static struct pv_net_config config;
static struct hv_memory memory;
static struct pv_net_request request;
static struct iovec iov[PV_NET_SEGMENTS_MAX];

static void use(uint8_t op, uint32_t len)
{
	request = (struct pv_net_request){
		.op = op, .segments = 1, .token = 7, .len_bytes = len,
	};
	request.seg[0] = (struct pv_segment){ 8191, len, 0 };
}

static void setup(void)
{
	config = (struct pv_net_config){
		.flags = PV_NET_CAN_CHECKSUM | PV_NET_CAN_TCP4 | PV_NET_CAN_TCP6,
		.receive_bytes_min = RECEIVE_MIN, .send_bytes_max = SEND_MAX,
		.segments_max = PV_NET_SEGMENTS_MAX,
	};
	cr_assert_eq(hv_memory_create(&memory, RAM_BYTES), 0);
	use(PV_NET_SEND, 1000);
}

static void teardown(void)
{
	hv_memory_done(&memory);
}

TestSuite(net_request, .init = setup, .fini = teardown, .timeout = 20);

static int32_t check(uint8_t op)
{
	return hv_net_request_check(&request, op, &config);
}

/* A TCP segment over IPv4 that the host is to cut. */
static void segment(void)
{
	use(PV_NET_SEND, 64u << 10);
	request.frame = (struct pv_net_frame){
		.flags = PV_NET_CHECKSUM_MISSING, .segmentation = PV_NET_TCP4,
		.header_bytes = 54, .segment_bytes = 1460,
		.checksum_start = 34, .checksum_offset = 16,
	};
}

Test(net_request, good_ones_pass)
{
	cr_assert_eq(check(PV_NET_SEND), 0);
	use(PV_NET_RECEIVE, RECEIVE_MIN);
	cr_assert_eq(check(PV_NET_RECEIVE), 0);
	use(PV_NET_RECEIVE, 1u << 20);
	cr_assert_eq(check(PV_NET_RECEIVE), 0);
	segment();
	cr_assert_eq(check(PV_NET_SEND), 0);
	request.frame.segmentation = PV_NET_TCP6;
	cr_assert_eq(check(PV_NET_SEND), 0);
	use(PV_NET_SEND, 14);
	cr_assert_eq(check(PV_NET_SEND), 0);
	use(PV_NET_SEND, SEND_MAX);
	cr_assert_eq(check(PV_NET_SEND), 0);
}

Test(net_request, each_queue_has_its_operation)
{
	cr_assert_eq(check(PV_NET_RECEIVE), -PV_EOPNOTSUPP);
	use(PV_NET_RECEIVE, 4096);
	cr_assert_eq(check(PV_NET_SEND), -PV_EOPNOTSUPP);
	for (unsigned op = 0; op < 256; op++) {
		request.op = (uint8_t)op;
		cr_assert_eq(check(PV_NET_RECEIVE),
			     op == PV_NET_RECEIVE ? 0 : -PV_EOPNOTSUPP);
	}
}

Test(net_request, lengths_have_their_limits)
{
	use(PV_NET_SEND, 13);
	cr_assert_eq(check(PV_NET_SEND), -PV_EINVAL);
	use(PV_NET_SEND, 0);
	cr_assert_eq(check(PV_NET_SEND), -PV_EINVAL);
	use(PV_NET_SEND, SEND_MAX + 1);
	cr_assert_eq(check(PV_NET_SEND), -PV_E2BIG);
	segment();
	request.len_bytes++;
	cr_assert_eq(check(PV_NET_SEND), -PV_E2BIG);
	use(PV_NET_RECEIVE, RECEIVE_MIN - 1);
	cr_assert_eq(check(PV_NET_RECEIVE), -PV_EINVAL);
	use(PV_NET_RECEIVE, (1u << 20) + 1);
	cr_assert_eq(check(PV_NET_RECEIVE), -PV_E2BIG);
}

Test(net_request, what_is_unused_is_0)
{
	request.flags = 1;
	cr_assert_eq(check(PV_NET_SEND), -PV_EINVAL);
	use(PV_NET_SEND, 60);
	request.seg[1].gpa = 1;
	cr_assert_eq(check(PV_NET_SEND), -PV_EINVAL);
	request.segments = 3;
	cr_assert_eq(check(PV_NET_SEND), -PV_EINVAL);
	use(PV_NET_SEND, 60);
	request.segments = 0;
	cr_assert_eq(check(PV_NET_SEND), -PV_EINVAL);
	request.seg[0] = (struct pv_segment){ 0, 0, 0 };
	cr_assert_eq(check(PV_NET_SEND), -PV_EINVAL);
	use(PV_NET_SEND, 60);
	request.segments = PV_NET_SEGMENTS_MAX + 1;
	cr_assert_eq(check(PV_NET_SEND), -PV_E2BIG);
}

/* Every byte of the frame of a RECEIVE, one at a time. */
Test(net_request, receive_says_nothing_of_a_frame)
{
	for (size_t i = 0; i < sizeof(request.frame); i++) {
		use(PV_NET_RECEIVE, 4096);
		((uint8_t *)&request.frame)[i] = 1;
		cr_assert_eq(check(PV_NET_RECEIVE), -PV_EINVAL);
	}
}

/* And of a SEND: each is something that nothing calls for. */
Test(net_request, a_plain_frame_has_all_0)
{
	for (size_t i = 0; i < sizeof(request.frame); i++) {
		use(PV_NET_SEND, 60);
		((uint8_t *)&request.frame)[i] = 0x80;
		cr_assert_eq(check(PV_NET_SEND), -PV_EINVAL);
	}
}

#define SEGMENT_REFUSED(change, error)                      \
	do {                                                \
		segment();                                  \
		change;                                     \
		cr_assert_eq(check(PV_NET_SEND), -(error)); \
	} while (0)

Test(net_request, what_is_left_to_the_host_makes_sense)
{
	struct pv_net_frame *frame = &request.frame;

	SEGMENT_REFUSED(frame->flags |= PV_NET_CHECKSUM_GOOD, PV_EINVAL);
	SEGMENT_REFUSED(frame->flags = 0, PV_EINVAL);
	SEGMENT_REFUSED((frame->flags = 0, frame->checksum_start = 0,
			 frame->checksum_offset = 0), PV_EINVAL);
	SEGMENT_REFUSED(frame->segmentation = 3, PV_EINVAL);
	SEGMENT_REFUSED(frame->segment_bytes = 0, PV_EINVAL);
	SEGMENT_REFUSED(frame->header_bytes = 51, PV_EINVAL);
	SEGMENT_REFUSED((request.len_bytes = 54), PV_EINVAL);
	SEGMENT_REFUSED(frame->checksum_start = 13, PV_EINVAL);
	SEGMENT_REFUSED(frame->checksum_offset = UINT16_MAX, PV_EINVAL);
	SEGMENT_REFUSED((frame->checksum_start = UINT16_MAX,
			 frame->checksum_offset = UINT16_MAX), PV_EINVAL);
	SEGMENT_REFUSED(frame->reserved[2] = 1, PV_EINVAL);
	SEGMENT_REFUSED(config.flags = PV_NET_CAN_CHECKSUM, PV_EOPNOTSUPP);
	SEGMENT_REFUSED(config.flags = PV_NET_CAN_TCP4, PV_EOPNOTSUPP);
	SEGMENT_REFUSED(config.flags = 0, PV_EOPNOTSUPP);
}

Test(net_request, a_checksum_may_end_with_the_frame)
{
	use(PV_NET_SEND, 60);
	request.frame.flags = PV_NET_CHECKSUM_MISSING;
	request.frame.checksum_start = 14;
	request.frame.checksum_offset = 44;
	cr_assert_eq(check(PV_NET_SEND), 0);
	request.frame.checksum_offset = 45;
	cr_assert_eq(check(PV_NET_SEND), -PV_EINVAL);
}

Test(net_request, segments_lie_in_ram_and_add_up)
{
	cr_assert_eq(hv_net_request_map(&request, &memory, iov), 0);
	cr_assert_eq(iov[0].iov_base, memory.base + 8191);
	cr_assert_eq(iov[0].iov_len, 1000);
	request.seg[0].gpa = RAM_BYTES - 999;
	cr_assert_eq(hv_net_request_map(&request, &memory, iov), -PV_EFAULT);
	request.seg[0].gpa = UINT64_MAX - 10;
	cr_assert_eq(hv_net_request_map(&request, &memory, iov), -PV_EFAULT);
	use(PV_NET_SEND, 1000);
	request.seg[0].len_bytes--;
	cr_assert_eq(hv_net_request_map(&request, &memory, iov), -PV_EINVAL);
}

/* ---- Linux's words */

Test(net_request, a_frame_says_the_same_both_ways)
{
	struct virtio_net_hdr_v1 header;
	struct pv_net_frame frame;

	segment();
	header = hv_net_header_of(&request.frame);
	cr_assert_eq(header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	cr_assert_eq(header.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	cr_assert_eq(header.hdr_len, 54);
	cr_assert_eq(header.gso_size, 1460);
	cr_assert_eq(header.csum_start, 34);
	cr_assert_eq(header.csum_offset, 16);
	cr_assert(hv_net_frame_of(&header, 3000, true, &frame));
	cr_assert_eq(frame.header_bytes, 0);
	frame.header_bytes = 54;
	cr_assert_eq(memcmp(&frame, &request.frame, sizeof(frame)), 0);
	cr_assert_not(hv_net_frame_of(&header, 3000, false, &frame));
	cr_assert_not(hv_net_frame_of(&header, 51, true, &frame));
}

Test(net_request, what_no_guest_could_understand_is_refused)
{
	struct virtio_net_hdr_v1 header = { .gso_type = VIRTIO_NET_HDR_GSO_UDP };
	struct pv_net_frame frame;

	cr_assert_not(hv_net_frame_of(&header, 3000, true, &frame));
	header.gso_type = VIRTIO_NET_HDR_GSO_TCPV4; /* without a checksum */
	header.gso_size = 1460;
	cr_assert_not(hv_net_frame_of(&header, 3000, true, &frame));
	header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header.gso_size = 0;
	cr_assert_not(hv_net_frame_of(&header, 3000, true, &frame));
	for (unsigned type = 5; type < 256; type++) {
		header.gso_type = (uint8_t)type;
		cr_assert_not(hv_net_frame_of(&header, 3000, true, &frame));
	}
}

Test(net_request, a_verified_checksum_is_told)
{
	const struct virtio_net_hdr_v1 header = {
		.flags = VIRTIO_NET_HDR_F_DATA_VALID,
	};
	struct pv_net_frame frame;

	cr_assert(hv_net_frame_of(&header, 60, false, &frame));
	cr_assert_eq(frame.flags, PV_NET_CHECKSUM_GOOD);
}

Test(net_request, tcp_tells_how_long_the_headers_are)
{
	const struct pv_net_frame frame = { .checksum_start = 34 };

	cr_assert_eq(hv_net_tcp_length_at(&frame), 46);
	cr_assert_eq(hv_net_header_bytes(&frame, 0x50, 1000), 54);
	cr_assert_eq(hv_net_header_bytes(&frame, 0xf0, 1000), 94);
	cr_assert_eq(hv_net_header_bytes(&frame, 0x40, 1000), 0);
	cr_assert_eq(hv_net_header_bytes(&frame, 0x50, 54), 0);
}
