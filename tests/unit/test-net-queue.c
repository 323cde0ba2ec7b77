/* SPDX-License-Identifier: MIT
 *
 * A network's queues from their opening to their end: a guest the test plays, and the
 * other end of the wire.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pvabi/error.h>

#define BUFFER_BYTES 4096u
#include "net-steps.h"

static void make(int type)
{
	cr_assert_eq(fake_net_make(&net, type), 0);
	open_queues();
}

static void setup(void)
{
	make(SOCK_DGRAM);
}

TestSuite(net_queue, .init = setup, .fini = teardown, .timeout = 60);

/* From the other end. */
static void bring(uint32_t seed, uint32_t len)
{
	static uint8_t frame[70000];

	fill(frame, seed, len);
	cr_assert_eq(send(net.other_end, frame, len, 0), len);
}

static void take_frame(uint32_t seed, uint32_t len)
{
	uint8_t frame[BUFFER_BYTES];

	cr_assert_eq(recv(net.other_end, frame, sizeof(frame), 0), len);
	cr_assert(is_frame(frame, seed, len));
}

static int32_t refused(unsigned queue, const struct pv_net_request *request)
{
	put(queue, request);
	return pop(queue).status;
}

Test(net_queue, a_frame_comes_behind_what_is_known_of_it)
{
	lend(3);
	bring(1, 60);
	expect_frame(1, 60);
	cr_assert_eq(stats().received_frames, 1);
	cr_assert_eq(stats().received_bytes, 60);
}

Test(net_queue, a_frame_goes_out_as_it_is)
{
	struct pv_ring_rsp rsp;

	push_frame(1, 1514);
	take_frame(1, 1514);
	rsp = pop(FAKE_SEND);
	cr_assert_eq(rsp.status, 0);
	cr_assert_eq(rsp.done_bytes, 1514);
	cr_assert_eq(stats().sent_bytes, 1514);
}

Test(net_queue, frames_wait_for_a_buffer_and_keep_their_order)
{
	for (uint32_t i = 0; i < 100; i++)
		bring(i, 60 + i);
	for (uint32_t i = 0; i < 40; i++)
		lend(i);
	for (uint32_t i = 0; i < 100; i++)
		lend(expect_frame(i, 60 + i));
}

Test(net_queue, frames_that_are_sent_keep_their_order)
{
	for (uint32_t i = 0; i < 1000; i++) {
		push_frame(i, 60 + i % 1000);
		take_frame(i, 60 + i % 1000);
		cr_assert_eq(pop(FAKE_SEND).status, 0);
	}
	for (uint32_t i = 0; i < FAKE_NET_ENTRIES; i++)
		push_frame(i, 100);
	for (uint32_t i = 0; i < FAKE_NET_ENTRIES; i++) {
		take_frame(i, 100);
		cr_assert_eq(pop(FAKE_SEND).token, i);
	}
}

Test(net_queue, the_greatest_frame_fits_and_one_byte_more_is_dropped)
{
	uint32_t most = fake_net_config(&net)->receive_bytes_min - FRAME_INFO;

	lend(1);
	bring(1, most + 1);
	bring(2, 65000);
	bring(3, most);
	expect_frame(3, most);
	cr_assert_eq(stats().too_long, 2);
}

Test(net_queue, what_is_shorter_than_a_header_is_dropped)
{
	lend(1);
	bring(1, 13);
	bring(1, 0);
	bring(2, 14);
	expect_frame(2, 14);
	cr_assert_eq(stats().too_short, 2);
}

Test(net_queue, segments_of_a_byte_hold_a_frame_too)
{
	struct pv_net_request request = fake_frame(PV_NET_RECEIVE, 1, 65536 * 4,
						   BUFFER_BYTES);
	struct pv_segment *list = fake_ram(&net.guest, 65536 * 4);
	const pv_gpa_t at = buffer_of(5);

	request.segments = PV_NET_SEGMENTS_MAX;
	request.seg[0].len_bytes = PV_NET_SEGMENTS_MAX * (uint32_t)sizeof(*list);
	for (uint32_t i = 0; i < PV_NET_SEGMENTS_MAX; i++)
		list[i] = (struct pv_segment){ at + i, 1, 0 };
	list[PV_NET_SEGMENTS_MAX - 1].len_bytes =
		BUFFER_BYTES - PV_NET_SEGMENTS_MAX + 1;
	put(FAKE_RECEIVE, &request);
	bring(7, 200);
	cr_assert_eq(pop(FAKE_RECEIVE).done_bytes, 216);
	cr_assert(is_frame(fake_ram(&net.guest, at + FRAME_INFO), 7, 200));
}

Test(net_queue, a_bad_request_fails_and_the_next_is_served)
{
	struct pv_net_request r = fake_frame(PV_NET_SEND, 1, FAKE_RAM_BYTES, 60);

	cr_assert_eq(refused(FAKE_SEND, &r), -PV_EFAULT);
	r = fake_frame(PV_NET_RECEIVE, 1, FAKE_BUFFER, 2048);
	cr_assert_eq(refused(FAKE_SEND, &r), -PV_EOPNOTSUPP);
	r = fake_frame(PV_NET_RECEIVE, 1, FAKE_RAM_BYTES - 16, 2048);
	cr_assert_eq(refused(FAKE_RECEIVE, &r), -PV_EFAULT);
	r = fake_frame(PV_NET_SEND, 1, FAKE_BUFFER, 2048);
	cr_assert_eq(refused(FAKE_RECEIVE, &r), -PV_EOPNOTSUPP);
	cr_assert_eq(stats().failed, 4);
	push_frame(1, 60);
	cr_assert_eq(pop(FAKE_SEND).status, 0);
	lend(1);
	bring(1, 60);
	expect_frame(1, 60);
}

Test(net_queue, what_waits_for_a_frame_is_given_back_by_closing)
{
	for (uint32_t i = 0; i < FAKE_NET_ENTRIES; i++)
		lend(i);
	bring(1, 60);
	expect_frame(1, 60);
	cr_assert_eq(hv_queue_close(&net.guest.vm, 0, FAKE_SEND), 0);
	cr_assert_eq(hv_queue_close(&net.guest.vm, 0, FAKE_RECEIVE), 0);
	memset(fake_ram(&net.guest, 0), 0xee, FAKE_RAM_BYTES / 2);
	bring(2, 60);
	usleep(5000);
	for (uint32_t i = 0; i < FAKE_RAM_BYTES / 2; i++)
		cr_assert_eq(net.guest.vm.memory.base[i], 0xee);
	cr_assert_eq(fake_net_open(&net, FAKE_RECEIVE), 0);
	lend(3);
	expect_frame(2, 60);
}

static bool is_answered(unsigned queue)
{
	const struct fake_guest *q = &net.queue[queue];

	return __atomic_load_n(&q->ring->rsp_prod, __ATOMIC_ACQUIRE) !=
	       q->rsp_cons;
}

/* How many frames that took, of which the last wait. */
static uint32_t send_until_full(void)
{
	uint32_t sent = 0;

	for (; sent < FAKE_NET_ENTRIES; sent++)
		push_frame(sent, 1514);
	while (!stats().send_waits) {
		if (!is_answered(FAKE_SEND)) {
			fake_nap();
			continue;
		}
		cr_assert_eq(pop(FAKE_SEND).status, 0);
		push_frame(sent++, 1514);
	}
	return sent;
}

/* The sockets hold what their buffers do, and then the guest waits. */
Test(net_queue, a_reader_that_sleeps_holds_frames_back_and_loses_none)
{
	uint32_t sent = send_until_full();

	for (uint32_t taken = 0; taken < sent; taken++)
		take_frame(taken, 1514);
	cr_assert_eq(stats().failed, 0);
}

Test(net_queue, closing_does_not_wait_for_a_reader_that_sleeps)
{
	send_until_full();
	cr_assert_eq(hv_queue_close(&net.guest.vm, 0, FAKE_SEND), 0);
	cr_assert_gt(stats().failed, 0);
}

Test(net_queue, frames_for_nobody_are_lost_and_the_queue_goes_on)
{
	close(net.other_end);
	net.other_end = open("/dev/null", O_RDWR);
	for (uint32_t i = 0; i < 200; i++) {
		push_frame(i, 60);
		cr_assert_eq(pop(FAKE_SEND).status, 0);
	}
	cr_assert_eq(stats().sent_to_nobody, 200);
}

Test(net_queue, indices_that_make_no_sense_end_the_guest)
{
	struct fake_guest *q = &net.queue[FAKE_RECEIVE];

	fake_publish(q, FAKE_NET_ENTRIES + 1);
	fake_ring_doorbell(q);
	for (int naps = 0; naps < 100000 && !atomic_load(&net.guest.vm.ending);
	     naps++)
		fake_nap();
	cr_assert_eq(atomic_load(&net.guest.vm.ending), HV_END_KILLED);
}

Test(net_queue, a_device_of_a_feature_not_granted_is_not_there)
{
	net.guest.vm.features = PV_FEATURE_BLOCK;
	cr_assert_eq(hv_queue_close(&net.guest.vm, 0, 0), -PV_ENODEV);
	cr_assert_eq(fake_net_open(&net, 0), -PV_ENODEV);
	net.guest.vm.features = PV_FEATURE_NET;
	cr_assert_eq(hv_queue_close(&net.guest.vm, 0, 0), 0);
	cr_assert_eq(hv_queue_open(&net.guest.vm.vcpu[0], 0, 2, FAKE_RING, 16, 20),
		     -PV_ENODEV);
}

Test(net_queue, opening_and_closing_many_times_leaks_no_descriptor)
{
	int before = dup(0), after;

	close(before);
	for (int i = 0; i < 300; i++) {
		lend(1);
		cr_assert_eq(hv_queue_close(&net.guest.vm, 0, i % 2), 0);
		cr_assert_geq(fake_net_open(&net, i % 2), 0);
	}
	after = dup(0);
	close(after);
	cr_assert_eq(before, after);
}

Test(net_packets, the_end_of_the_other_side_is_no_storm, .timeout = 60)
{
	make(SOCK_SEQPACKET);
	lend(1);
	bring(1, 60);
	expect_frame(1, 60);
	lend(2);
	close(net.other_end);
	net.other_end = open("/dev/null", O_RDWR);
	usleep(20000);
	push_frame(1, 60);
	cr_assert_eq(pop(FAKE_SEND).status, 0);
	cr_assert_leq(stats().receive_errors, 16);
	teardown();
}

/* ---- a wire that is made of paths, with the test's socket at the other */

static char directory[] = "/tmp/paravane-wire.XXXXXX", path[2][64];

static struct sockaddr_un address_of(unsigned end)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path[end]);
	return address;
}

static void make_paths(void)
{
	struct hv_net_spec spec = { .kind = HV_WIRE_DGRAM, .mtu_bytes = 65000 };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un address;

	cr_assert(mkdtemp(directory));
	snprintf(path[0], sizeof(path[0]), "%s/own", directory);
	snprintf(path[1], sizeof(path[1]), "%s/peer", directory);
	spec.what = path[0];
	spec.peer = path[1];
	address = address_of(1);
	cr_assert_eq(bind(fd, (void *)&address, sizeof(address)), 0);
	cr_assert_eq(fake_net_make_of(&net, &spec, -1, fd, false), 0);
	open_queues();
}

static void remove_paths(void)
{
	teardown();
	unlink(path[1]);
	cr_assert_eq(rmdir(directory), 0, "the wire's own socket is left");
}

TestSuite(net_paths, .init = make_paths, .fini = remove_paths, .timeout = 60);

#define FRAMES_AT_ONCE 32u

/* Whatever is full: what finds no room is not tried again and again. */
static void expect_to_sleep(uint32_t len)
{
	static uint8_t frame[70000];
	uint32_t sent = 0;

	for (; sent < FRAMES_AT_ONCE; sent++) {
		const struct pv_net_request request =
			fake_frame(PV_NET_SEND, sent, FAKE_BUFFER, len);

		fake_net_put(&net, FAKE_SEND, &request);
	}
	fake_net_publish(&net, FAKE_SEND);
	while (!stats().send_waits)
		fake_nap();
	usleep(50000);
	cr_assert_leq(stats().send_waits, 4);
	for (uint32_t i = 0; i < sent; i++)
		cr_assert_eq(recv(net.other_end, frame, sizeof(frame), 0), len);
	for (uint32_t i = 0; i < sent; i++)
		cr_assert_eq(pop(FAKE_SEND).status, 0);
}

/* How many datagrams wait in a socket: this host's setting. */
static unsigned queue_length(void)
{
	FILE *file = fopen("/proc/sys/net/unix/max_dgram_qlen", "r");
	unsigned length = 0;

	cr_assert(file && fscanf(file, "%u", &length) == 1);
	fclose(file);
	return length;
}

Test(net_paths, a_full_socket_at_the_other_end_is_waited_for)
{
	if (queue_length() > FRAMES_AT_ONCE - 4)
		cr_skip("more frames wait in this host's sockets than this sends");
	expect_to_sleep(60);
}

/* Of so long frames its socket holds fewer than that at the other end. */
Test(net_paths, a_full_socket_of_its_own_is_waited_for)
{
	expect_to_sleep(65000);
}

/* Closing them could take its sender's time. */
Test(net_paths, descriptors_in_a_frame_are_refused)
{
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS,
				  .cmsg_len = CMSG_LEN(sizeof(int)) } };
	const struct pv_net_request lent =
		fake_frame(PV_NET_RECEIVE, 1, FAKE_BUFFER, 66000);
	uint8_t frame[60] = { 0 };
	struct iovec iov = { frame, sizeof(frame) };
	struct sockaddr_un to = address_of(0);
	struct msghdr message = {
		.msg_name = &to, .msg_namelen = sizeof(to),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int no = 0;

	if (setsockopt(net.other_end, SOL_SOCKET, 83 /* SO_PASSRIGHTS */, &no,
		       sizeof(no)) < 0)
		cr_skip("only Linux 6.16 and later can refuse them");
	memcpy(CMSG_DATA(&control.header), &net.other_end, sizeof(int));
	cr_assert_eq(sendmsg(net.other_end, &message, 0), -1);
	cr_assert_eq(errno, EPERM);
	message.msg_controllen = 0;
	put(FAKE_RECEIVE, &lent);
	cr_assert_eq(sendmsg(net.other_end, &message, 0), sizeof(frame));
	cr_assert_eq(pop(FAKE_RECEIVE).done_bytes, sizeof(frame) + FRAME_INFO);
}
