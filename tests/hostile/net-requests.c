/* SPDX-License-Identifier: MIT
 *
 * What if requests to a network are wrong in each way a request can be? Each gets its
 * error, and the queue goes on. The wire leaves nothing to the host.
 *
 * Clauses: O30, W5, W6, W11, W12, W13, W14, W15.
 */
#include "../guest/tap.h"
#include "net.h"

static struct pv_segment list[64] __attribute__((aligned(16)));

/* A good request with one thing changed. */
#define REFUSED(queue, change, error, name)                             \
	do {                                                            \
		struct pv_net_request r =                               \
			net_good(queue, 1, queue == NET_SENDER ? 60     \
							       : NET_ROOM); \
		change;                                                 \
		tap_equal(net_status_of(queue, &r), -error, name);      \
	} while (0)

static void fields_of_both(unsigned queue)
{
	const uint64_t ram = pvg_boot.ram_bytes;

	REFUSED(queue, r.op = 0, PV_EOPNOTSUPP, "operation 0");
	REFUSED(queue, r.op = 3, PV_EOPNOTSUPP, "an unknown operation");
	REFUSED(queue, r.op = 255, PV_EOPNOTSUPP, "operation 255");
	REFUSED(queue, r.op ^= 3, PV_EOPNOTSUPP, "the other queue's operation");
	REFUSED(queue, r.flags = 1, PV_EINVAL, "a flag");
	REFUSED(queue, r.seg[1].gpa = 8, PV_EINVAL, "an unused segment");
	REFUSED(queue, r.seg[1].reserved = 1, PV_EINVAL, "a bit of one");
	REFUSED(queue, r.segments = 0, PV_EINVAL, "no segments, but one");
	REFUSED(queue, (r.segments = 0, r.seg[0] = r.seg[1]), PV_EINVAL,
		"no segments");
	REFUSED(queue, r.segments = UINT16_MAX, PV_E2BIG, "65535 segments");
	REFUSED(queue, r.segments = PV_NET_SEGMENTS_MAX + 1, PV_E2BIG,
		"one segment too many");
	REFUSED(queue, r.seg[0].reserved = 1, PV_EINVAL, "a segment's reserved field");
	REFUSED(queue, r.seg[0].len_bytes = 0, PV_EINVAL, "an empty segment");
	REFUSED(queue, r.seg[0].len_bytes -= 1, PV_EINVAL, "segments too short");
	REFUSED(queue, r.seg[0].len_bytes += 1, PV_EINVAL, "segments too long");
	REFUSED(queue, r.seg[0].len_bytes = UINT32_MAX, PV_EFAULT, "a length of ~0");
	REFUSED(queue, r.seg[0].gpa = ram, PV_EFAULT, "a segment past RAM");
	REFUSED(queue, r.seg[0].gpa = ram - 16, PV_EFAULT, "across RAM's end");
	REFUSED(queue, r.seg[0].gpa = UINT64_MAX - 15, PV_EFAULT, "wrapping");
	REFUSED(queue, r.seg[0].gpa = UINT64_C(1) << 63, PV_EFAULT, "noncanonical");
#ifndef PVG_NATIVE /* where they are a kernel's own memory */
	REFUSED(queue, r.seg[0].gpa = pvg_boot.vcpu_addr, PV_EFAULT,
		"the vCPU page");
	REFUSED(queue, r.seg[0].gpa = pvg_boot.ops_addr, PV_EFAULT,
		"the operations page");
#endif
}

static struct pv_net_request with_list(unsigned queue)
{
	struct pv_net_request r = net_good(queue, 1, NET_ROOM / 4);
	const unsigned count = 8;

	for (unsigned i = 0; i < count; i++)
		list[i] = (struct pv_segment){
			.gpa = pvg_gpa(net_buffer[2 + i]),
			.len_bytes = queue == NET_SENDER ? 64 : NET_ROOM,
		};
	r.segments = count;
	r.len_bytes = count * list[0].len_bytes;
	r.seg[0].gpa = pvg_gpa(list);
	r.seg[0].len_bytes = count * (uint32_t)sizeof(list[0]);
	return r;
}

#define LIST_REFUSED(queue, change, error, name)                   \
	do {                                                       \
		struct pv_net_request r = with_list(queue);        \
		change;                                            \
		tap_equal(net_status_of(queue, &r), -error, name); \
	} while (0)

static void lists(unsigned queue)
{
	const uint64_t ram = pvg_boot.ram_bytes;

	LIST_REFUSED(queue, r.seg[0].gpa = ram, PV_EFAULT, "a list past RAM");
	LIST_REFUSED(queue, r.seg[0].gpa = ram - 64, PV_EFAULT,
		     "a list across RAM's end");
	LIST_REFUSED(queue, r.seg[0].gpa = UINT64_MAX - 63, PV_EFAULT,
		     "a list that wraps");
	LIST_REFUSED(queue, r.seg[0].gpa += 4, PV_EINVAL, "a misaligned list");
	LIST_REFUSED(queue, r.seg[0].len_bytes -= 16, PV_EINVAL, "a list too short");
	LIST_REFUSED(queue, r.seg[0].len_bytes += 16, PV_EINVAL, "a list too long");
	LIST_REFUSED(queue, r.seg[1].gpa = 8, PV_EINVAL, "a segment beside a list");
	LIST_REFUSED(queue, list[7].gpa = ram, PV_EFAULT, "the last past RAM");
	LIST_REFUSED(queue, list[3].len_bytes = 0, PV_EINVAL, "an empty one");
	LIST_REFUSED(queue, list[3].reserved = 1, PV_EINVAL, "a reserved field");
	LIST_REFUSED(queue, list[3].len_bytes += 1, PV_EINVAL, "too long a sum");
	LIST_REFUSED(queue, (list[2].len_bytes = UINT32_MAX - 63), PV_EFAULT,
		     "lengths that add up in 32 bits");
}

static void receiving(void)
{
	const uint32_t least = net_config()->receive_bytes_min;

	fields_of_both(NET_RECEIVER);
	lists(NET_RECEIVER);
	REFUSED(NET_RECEIVER, r.frame.flags = 1, PV_EINVAL, "a frame's flag");
	REFUSED(NET_RECEIVER, r.frame.reserved[2] = 1, PV_EINVAL,
		"a frame's reserved field");
	REFUSED(NET_RECEIVER, r.frame.header_bytes = 54, PV_EINVAL,
		"a frame's field");
	REFUSED(NET_RECEIVER,
		(r.len_bytes = least - 1, r.seg[0].len_bytes = least - 1),
		PV_EINVAL, "a byte less than the least");
	REFUSED(NET_RECEIVER, (r.len_bytes = 0), PV_EINVAL, "no length");
	REFUSED(NET_RECEIVER,
		(r.seg[0].gpa = 4096, r.seg[0].len_bytes = (1u << 20) + 1,
		 r.len_bytes = (1u << 20) + 1),
		PV_E2BIG, "more than 1 MiB");
}

/* What may be left to the host is refused where nothing may be, in whatever order it
 * is looked at. */
static void frames(void)
{
	const uint32_t most = net_config()->send_bytes_max;

	REFUSED(NET_SENDER, (r.len_bytes = 13, r.seg[0].len_bytes = 13), PV_EINVAL,
		"a frame shorter than its header");
	REFUSED(NET_SENDER, r.len_bytes = 0, PV_EINVAL, "a frame of nothing");
	REFUSED(NET_SENDER,
		(r.len_bytes = most + 1, r.seg[0].len_bytes = most + 1),
		PV_E2BIG, "a frame longer than the most");
	REFUSED(NET_SENDER,
		(r.len_bytes = UINT32_MAX, r.seg[0].len_bytes = UINT32_MAX),
		PV_E2BIG, "a frame of 4 GiB");
	REFUSED(NET_SENDER, r.frame.flags = 2, PV_EINVAL, "checksum good");
	REFUSED(NET_SENDER, r.frame.flags = 0x80, PV_EINVAL, "an unknown flag");
	REFUSED(NET_SENDER, r.frame.segmentation = 3, PV_EINVAL,
		"an unknown segmentation");
	REFUSED(NET_SENDER, r.frame.segmentation = 255, PV_EINVAL,
		"segmentation 255");
	REFUSED(NET_SENDER, r.frame.reserved[0] = 1, PV_EINVAL, "a reserved field");
	REFUSED(NET_SENDER, r.frame.header_bytes = 54, PV_EINVAL,
		"a length of headers for nothing");
	REFUSED(NET_SENDER, r.frame.segment_bytes = 1000, PV_EINVAL,
		"a length of segments for nothing");
	REFUSED(NET_SENDER, r.frame.checksum_start = 34, PV_EINVAL,
		"a checksum's place for nothing");
	REFUSED(NET_SENDER, r.frame.checksum_offset = 16, PV_EINVAL,
		"a checksum's offset for nothing");
	REFUSED(NET_SENDER, (r.frame.flags = 1, r.frame.checksum_start = 34),
		PV_EOPNOTSUPP, "a checksum, which this wire cannot");
	REFUSED(NET_SENDER,
		(r.frame.flags = 1, r.frame.checksum_start = 34,
		 r.frame.segmentation = 1, r.frame.header_bytes = 54,
		 r.frame.segment_bytes = 4),
		PV_EOPNOTSUPP, "segmentation, likewise");
}

/* Buffers in the ring itself, or on each other, only harm the guest. */
static void overlaps(void)
{
	struct pv_net_request r = net_good(NET_SENDER, 1, 64);

	r.seg[0].gpa = pvg_gpa(net_rings[NET_SENDER].memory);
	tap_equal(net_status_of(NET_SENDER, &r), 0, "the ring's own indices are sent");
	r.segments = 2;
	r.seg[0].gpa = r.seg[1].gpa = pvg_gpa(net_buffer[0]);
	r.seg[1].len_bytes = 64;
	r.len_bytes = 128;
	tap_equal(net_status_of(NET_SENDER, &r), 0, "and the same bytes twice");
}

static void comes_back(void)
{
	struct pv_net_request lent = net_good(NET_RECEIVER, 7, NET_ROOM);
	struct pv_net_request sent = net_good(NET_SENDER, 8, 1500);
	uint32_t cons = net_indices(NET_RECEIVER)->rsp_cons;

	for (unsigned i = 0; i < 1500; i++)
		net_buffer[8][i] = (uint8_t)(i * 7);
	memset(net_buffer[7], 0xa5, NET_ROOM);
	net_push(NET_RECEIVER, &lent);
	tap_equal(net_status_of(NET_SENDER, &sent), 0, "a good frame is sent");
	if (!tap_ok(net_wait(NET_RECEIVER, cons + 1), "and comes back"))
		return;
	tap_equal(net_answer(NET_RECEIVER, cons)->done_bytes, 1500 + NET_INFO,
		  "as long as it was");
	tap_ok(!memcmp(net_buffer[7] + NET_INFO, net_buffer[8], 1500),
	       "and as it was");
	net_indices(NET_RECEIVER)->rsp_cons = cons + 1;
}

static void numbers(void)
{
	const uint64_t device = net_device()->number;
	const uint64_t gpa = pvg_gpa(&net_rings[0]);

	tap_equal(pvg_op_queue_open(device, 2, gpa, 16, NET_PORT), -PV_ENODEV,
		  "there is no third queue");
	tap_equal(pvg_op_queue_open(device, 0, gpa, 512, NET_PORT), -PV_EINVAL,
		  "nor has one 512 entries");
	tap_equal(pvg_op_queue_open(device + 1, 0, gpa, 16, NET_PORT), -PV_ENODEV,
		  "nor is there a device behind the last");
	tap_equal(net_close(NET_RECEIVER), -PV_ENODEV, "what is closed stays closed");
	tap_ok(net_open(NET_RECEIVER) >= 0 && net_open(NET_SENDER) >= 0,
	       "the queues open");
	tap_equal(pvg_op_queue_open(device, 0, gpa, 16, NET_PORT), -PV_EBUSY,
		  "and no second time");
}

static void drain(void)
{
	struct pv_net_request lent = net_good(NET_RECEIVER, 0, NET_ROOM);

	for (;;) {
		uint32_t cons = net_indices(NET_RECEIVER)->rsp_cons;

		net_push(NET_RECEIVER, &lent);
		if (!net_wait_ns(NET_RECEIVER, cons + 1, 20000000))
			break;
		net_indices(NET_RECEIVER)->rsp_cons = cons + 1;
	}
	/* What waits now is given back with the queue. */
	tap_equal(net_close(NET_RECEIVER), 0, "a queue closes with buffers lent");
	tap_ok(net_open(NET_RECEIVER) >= 0, "and opens again");
}

int main(void)
{
	numbers();
	fields_of_both(NET_SENDER);
	lists(NET_SENDER);
	frames();
	receiving();
	overlaps();
	drain();
	comes_back();
	tap_equal(net_close(NET_SENDER), 0, "the queues close");
	tap_equal(net_close(NET_RECEIVER), 0, "both");
	return tap_done();
}
