/* SPDX-License-Identifier: MIT
 *
 * A network whose wire is a TAP: a guest the test plays, and a packet socket on the
 * host's side of the interface, in a network namespace of its own. What is left to the
 * host (checksums, segmentation) is seen there in Linux's words.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pvabi/error.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "fake-net.h"
#include "../pattern.h"

#define FRAME_INFO ((uint32_t)sizeof(struct pv_net_frame))
#define BUFFER_BYTES (128u << 10)
#define HEADERS 54u /* of Ethernet, IPv4 and TCP */
#define TYPE_PLAIN 0x88b5u /* for experiments */
#define NAME "t0"

static struct fake_net net;

/* ---- the host's side */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void get_apart(void)
{
	if (access("/dev/net/tun", R_OK | W_OK) < 0 || unshare(CLONE_NEWNET) < 0)
		cr_skip_test("no /dev/net/tun, or no network namespace: not root");
	/* It would say something by itself. */
	write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
}

static void set_up(bool up)
{
	struct ifreq request = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(request.ifr_name, NAME);
	cr_assert_eq(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	if (up)
		request.ifr_flags |= IFF_UP;
	else
		request.ifr_flags &= (short)~IFF_UP;
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static int listen_to_interface(void)
{
	const struct timeval patience = { .tv_sec = 10 };
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
	};
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);

	cr_assert_geq(fd, 0);
	address.sll_ifindex = (int)if_nametoindex(NAME);
	cr_assert_eq(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one,
				sizeof(one)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
				sizeof(patience)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void host_sends(const struct virtio_net_hdr *header, const uint8_t *frame,
		       uint32_t len)
{
	const struct iovec iov[] = {
		{ (void *)(uintptr_t)header, sizeof(*header) },
		{ (void *)(uintptr_t)frame, len },
	};

	cr_assert_eq(writev(net.other_end, iov, 2),
		     (ssize_t)(sizeof(*header) + len));
}

static uint32_t host_receives(struct virtio_net_hdr *ret_header, uint8_t *ret_frame)
{
	const struct iovec iov[] = { { ret_header, sizeof(*ret_header) },
				     { ret_frame, BUFFER_BYTES } };
	ssize_t n = readv(net.other_end, iov, 2);

	cr_assert_gt(n, (ssize_t)sizeof(*ret_header), "nothing came to the host");
	return (uint32_t)n - (uint32_t)sizeof(*ret_header);
}

/* ---- the guest's side */

static void make(bool offload)
{
	struct hv_net_spec spec = { .kind = HV_WIRE_TAP, .what = NAME,
				    .id = "net0" };

	get_apart();
	cr_assert_eq(fake_net_make_of(&net, &spec, -1, -1, offload), 0);
	set_up(true);
	net.other_end = listen_to_interface();
	cr_assert_eq(fake_net_open(&net, FAKE_RECEIVE), 0);
	cr_assert_eq(fake_net_open(&net, FAKE_SEND), 1);
}

static pv_gpa_t buffer_of(uint64_t number)
{
	return FAKE_BUFFER + number * BUFFER_BYTES;
}

static void lend(uint64_t number)
{
	const struct pv_net_request request = fake_frame(
		PV_NET_RECEIVE, number, buffer_of(number), BUFFER_BYTES);

	fake_net_put(&net, FAKE_RECEIVE, &request);
	fake_net_publish(&net, FAKE_RECEIVE);
}

static struct pv_ring_rsp pop(unsigned queue)
{
	struct pv_ring_rsp rsp = { .status = 1000 };

	cr_assert(fake_net_pop(&net, queue, &rsp), "no answer came");
	return rsp;
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
	fake_net_put(&net, FAKE_SEND, &request);
	fake_net_publish(&net, FAKE_SEND);
	return pop(FAKE_SEND).status;
}

/* ---- frames */

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t sum16(uint32_t sum, const uint8_t *at, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t pseudo_sum(const uint8_t *frame, uint32_t tcp_bytes)
{
	return sum16(tcp_bytes + 6, frame + 26, 8);
}

static void put_plain(uint8_t *frame, uint32_t len)
{
	memset(frame, 0xff, 6);
	memcpy(frame + 6, "\x02\0\0\0\0\x01", 6);
	put16(frame + 12, TYPE_PLAIN);
	for (uint32_t i = 14; i < len; i++)
		frame[i] = pattern_byte(i);
}

/* A segment of TCP over IPv4 whose checksum is to be made. */
static void put_tcp(uint8_t *frame, uint32_t payload)
{
	uint32_t tcp_bytes = 20 + payload;

	put_plain(frame, HEADERS + payload);
	put16(frame + 12, ETH_P_IP);
	memset(frame + 14, 0, HEADERS - 14);
	frame[14] = 0x45;
	put16(frame + 16, 20 + tcp_bytes);
	frame[22] = 64;
	frame[23] = 6;
	memcpy(frame + 26, "\x0a\0\0\x01\x0a\0\0\x02", 8);
	put16(frame + 24, ~sum16(0, frame + 14, 20));
	put16(frame + 34, 1000);
	put16(frame + 36, 2000);
	frame[46] = 0x50;
	frame[47] = 0x10; /* ACK */
	put16(frame + 48, 1000);
	put16(frame + 50, pseudo_sum(frame, tcp_bytes));
}

static bool tcp_sum_is_good(const uint8_t *frame, uint32_t len)
{
	uint32_t tcp_bytes = len - 34;

	return sum16(pseudo_sum(frame, tcp_bytes), frame + 34, tcp_bytes) == 0xffff;
}

static const struct virtio_net_hdr segmented = {
	.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
	.hdr_len = HEADERS, .gso_size = 1460, .csum_start = 34, .csum_offset = 16,
};
static const struct pv_net_frame to_be_cut = {
	.flags = PV_NET_CHECKSUM_MISSING, .segmentation = PV_NET_TCP4,
	.header_bytes = HEADERS, .segment_bytes = 1460, .checksum_start = 34,
	.checksum_offset = 16,
};
static const struct pv_net_frame plain;
static const struct virtio_net_hdr no_words;
static uint8_t frame[BUFFER_BYTES], other[BUFFER_BYTES];

static struct hv_net_stats stats(void)
{
	struct hv_net_stats s;

	hv_net_stats(net.guest.vm.device[0], &s);
	return s;
}

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
		host_sends(&no_words, frame, bytes);
		came = guest_receives(&info, &len);
		cr_assert_eq(len, bytes);
		cr_assert(!memcmp(came, frame, bytes));
		cr_assert(!memcmp(&info, &plain, sizeof(info)));
		cr_assert_eq(guest_sends(&plain, frame, bytes), 0);
		cr_assert_eq(host_receives(&header, other), bytes);
		cr_assert(!memcmp(other, frame, bytes));
		cr_assert_eq(header.gso_type, 0);
	}
	fake_net_free(&net);
}

Test(net_tap, the_host_gets_a_segmented_frame_as_one)
{
	const uint32_t len = HEADERS + 20000;
	struct virtio_net_hdr header;

	make(false);
	put_tcp(frame, 20000);
	cr_assert_eq(guest_sends(&to_be_cut, frame, len), 0);
	cr_assert_eq(host_receives(&header, other), len);
	cr_assert_eq(header.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	cr_assert_eq(header.gso_size, 1460);
	cr_assert_eq(header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	cr_assert(!memcmp(other, frame, len));
	fake_net_free(&net);
}

Test(net_tap, a_guest_with_offload_does_too)
{
	const uint32_t len = HEADERS + 30000;
	struct pv_net_frame info;
	const uint8_t *came;
	uint32_t came_bytes;

	make(true);
	cr_assert_gt(fake_net_config(&net)->receive_bytes_min, 65536);
	cr_assert_leq(fake_net_config(&net)->receive_bytes_min, 66 << 10);
	lend(1);
	put_tcp(frame, 30000);
	host_sends(&segmented, frame, len);
	came = guest_receives(&info, &came_bytes);
	cr_assert_eq(came_bytes, len);
	cr_assert(!memcmp(&info, &to_be_cut, sizeof(info)));
	cr_assert(!memcmp(came, frame, len));
	fake_net_free(&net);
}

Test(net_tap, one_without_gets_pieces_with_good_checksums)
{
	const uint32_t pieces = 14; /* of 20000 bytes */
	uint32_t sum = 0, len;

	make(false);
	for (uint32_t i = 0; i < pieces; i++)
		lend(i);
	put_tcp(frame, 20000);
	host_sends(&segmented, frame, HEADERS + 20000);
	for (uint32_t i = 0; i < pieces; i++) {
		struct pv_net_frame info;
		const uint8_t *came = guest_receives(&info, &len);

		cr_assert_eq(info.flags & PV_NET_CHECKSUM_MISSING, 0);
		cr_assert_eq(info.segmentation, PV_NET_WHOLE);
		cr_assert_leq(len, 1514);
		cr_assert_eq(get16(came + 12), ETH_P_IP);
		cr_assert(tcp_sum_is_good(came, len));
		cr_assert(!memcmp(came + HEADERS, frame + HEADERS + sum,
				  len - HEADERS));
		sum += len - HEADERS;
	}
	cr_assert_eq(sum, 20000);
	fake_net_free(&net);
}

Test(net_tap, a_checksum_is_left_out_where_both_sides_know)
{
	const uint32_t len = HEADERS + 100;
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
	host_sends(&missing, frame, len);
	came = guest_receives(&info, &came_bytes);
	cr_assert(!memcmp(&info, &same, sizeof(info)));
	cr_assert(!memcmp(came, frame, len));
	cr_assert_eq(guest_sends(&same, frame, len), 0);
	cr_assert_eq(host_receives(&header, other), len);
	cr_assert_eq(header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
		     VIRTIO_NET_HDR_F_NEEDS_CSUM);
	fake_net_free(&net);
}

Test(net_tap, headers_that_lie_fail_and_the_queue_goes_on)
{
	struct pv_net_frame lie = to_be_cut;

	make(false);
	put_tcp(frame, 3000);
	lie.segmentation = PV_NET_TCP6;
	cr_assert_eq(guest_sends(&lie, frame, HEADERS + 3000), -PV_EIO);
	cr_assert_eq(stats().failed, 1);
	cr_assert_eq(guest_sends(&to_be_cut, frame, HEADERS + 3000), 0);
	fake_net_free(&net);
}

Test(net_tap, an_interface_that_is_down_loses_frames)
{
	struct virtio_net_hdr header;

	make(false);
	set_up(false);
	put_plain(frame, 60);
	for (unsigned i = 0; i < 10; i++)
		cr_assert_eq(guest_sends(&plain, frame, 60), 0);
	cr_assert_eq(stats().sent_to_nobody, 10);
	set_up(true);
	close(net.other_end);
	net.other_end = listen_to_interface();
	cr_assert_eq(guest_sends(&plain, frame, 60), 0);
	cr_assert_eq(host_receives(&header, other), 60);
	fake_net_free(&net);
}

/* As one that a privileged helper made and passed on, without headers too. */
static int open_tap(short flags)
{
	struct ifreq request = { .ifr_flags = flags };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	strcpy(request.ifr_name, NAME);
	cr_assert_eq(ioctl(fd, TUNSETIFF, &request), 0);
	return fd;
}

Test(net_tap, one_that_was_inherited_serves_with_headers_and_without)
{
	const struct hv_net_spec spec = { .id = "net0" };
	struct virtio_net_hdr header;

	get_apart();
	for (int i = 0; i < 2; i++) {
		int fd = open_tap((short)(IFF_TAP | IFF_NO_PI |
					  (i ? IFF_VNET_HDR : 0)));

		cr_assert_eq(fake_net_make_of(&net, &spec, fd, -1, true), 0);
		set_up(true);
		net.other_end = listen_to_interface();
		cr_assert_eq(fake_net_open(&net, FAKE_SEND), 1);
		cr_assert_eq(fake_net_open(&net, FAKE_RECEIVE), 0);
		cr_assert_eq(fake_net_config(&net)->flags != 0, i);
		put_plain(frame, 99);
		cr_assert_eq(guest_sends(&plain, frame, 99), 0);
		cr_assert_eq(host_receives(&header, other), 99);
		lend(1);
		host_sends(&no_words, frame, 99);
		cr_assert_eq(pop(FAKE_RECEIVE).done_bytes, 99 + FRAME_INFO);
		fake_net_free(&net);
	}
}

Test(net_tap, a_tun_that_was_inherited_is_refused)
{
	const struct hv_net_spec spec = { .id = "net0" };

	get_apart();
	cr_assert_eq(fake_net_make_of(&net, &spec, open_tap(IFF_TUN | IFF_NO_PI),
				      -1, false), -1);
}
