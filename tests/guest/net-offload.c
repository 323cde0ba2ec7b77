/* SPDX-License-Identifier: MIT
 *
 * What is left to the host: frames without their checksum, and frames that stand for
 * many, go out and come in as they are. The wire is a TAP, with net-mirror on the host's
 * side of it.
 *
 * Clauses: W7, W8, W9.
 */
#include "../net-bytes.h"
#include "tap.h"

#define OFFLOAD (PV_FEATURE_NET | PV_FEATURE_NET_OFFLOAD)
#define PATIENCE_NS UINT64_C(20000000000)
#define ROOM (70u << 10)
#define TCP_BYTES 20u

PVG_NOTE(OFFLOAD, PVG_FEATURES_DEFAULT | OFFLOAD, 0, 0);

static struct pvg_net net;
static uint8_t out[ROOM], in[ROOM];

static void put_header_of_ip4(uint8_t *at, uint32_t bytes)
{
	memset(at, 0, 20);
	at[0] = 0x45;
	put16(at + 2, 20 + bytes);
	at[8] = 64;
	at[9] = 6; /* TCP */
	memcpy(at + 12, "\x0a\0\0\x01\x0a\0\0\x02", 8);
	put16(at + 10, ~sum16(0, at, 20));
}

static void put_header_of_ip6(uint8_t *at, uint32_t bytes)
{
	memset(at, 0, 40);
	at[0] = 0x60;
	put16(at + 4, bytes);
	at[6] = 6;
	at[7] = 64;
	at[8] = at[24] = 0xfd;
	at[39] = 1;
}

/* A segment of TCP to everybody, of which is said what is returned. */
static struct pv_net_frame make(bool ip6, uint32_t payload, uint32_t *ret_len)
{
	uint32_t start = PV_NET_HEADER_BYTES + (ip6 ? 40 : 20);
	uint8_t *tcp = out + start;

	memset(out, 0xff, 6);
	memcpy(out + 6, net.config.mac, 6);
	put16(out + 12, ip6 ? 0x86dd : 0x0800);
	if (ip6)
		put_header_of_ip6(out + 14, TCP_BYTES + payload);
	else
		put_header_of_ip4(out + 14, TCP_BYTES + payload);
	memset(tcp, 0, TCP_BYTES);
	tcp[12] = 0x50; /* 5 words */
	tcp[13] = 0x10; /* ACK */
	for (uint32_t i = 0; i < payload; i++)
		tcp[TCP_BYTES + i] = (uint8_t)(i * 7 + payload);
	*ret_len = start + TCP_BYTES + payload;
	return (struct pv_net_frame){ .flags = PV_NET_CHECKSUM_MISSING,
				      .checksum_start = (uint16_t)start,
				      .checksum_offset = 16 };
}

static struct pv_net_frame make_long(bool ip6, uint32_t payload, uint32_t *ret_len)
{
	struct pv_net_frame frame = make(ip6, payload, ret_len);

	frame.segmentation = ip6 ? PV_NET_TCP6 : PV_NET_TCP4;
	frame.header_bytes = (uint16_t)(frame.checksum_start + TCP_BYTES);
	frame.segment_bytes = 1400;
	return frame;
}

static bool wait_for(const struct pvg_net_request *request, uint64_t deadline_ns)
{
	while (request->status == PVG_NET_IN_FLIGHT)
		if (pvg_net_wait(&net, deadline_ns) <= 0)
			return false;
	return request->status == 0;
}

/* Into pieces of this length, of which as many as there may be are lent; the rest is
 * one. What the host says by itself meanwhile is passed over. */
static void check(const char *name, const struct pv_net_frame *frame,
		  uint32_t len, uint32_t piece)
{
	static struct pvg_net_request sent, lent;
	static struct pv_segment segment[20];
	uint64_t deadline_ns = pvg_deadline_in(PATIENCE_NS);
	uint32_t room = 0;

	for (unsigned i = 0; i < 20; i++, room += piece)
		segment[i] = (struct pv_segment){ .gpa = pvg_gpa(in + room),
						  .len_bytes = piece };
	segment[19].len_bytes = ROOM - 19 * piece;
	pvg_net_prep_send(&sent, out, len);
	sent.wire.frame = *frame;
	pvg_net_prep_segments(&lent, PV_NET_RECEIVE, segment, 20);
	pvg_net_submit(&net, &lent);
	pvg_net_submit(&net, &sent);
	tap_ok(wait_for(&sent, deadline_ns), name);
	while (wait_for(&lent, deadline_ns) &&
	       lent.done_bytes != sizeof(*frame) + len)
		pvg_net_submit(&net, &lent);
	tap_ok(lent.status == 0 && memcmp(in, frame, sizeof(*frame)) == 0,
	       "it comes in, and the same is said of it");
	tap_ok(memcmp(in + sizeof(*frame), out, len) == 0, "with all its bytes");
}

int main(void)
{
	struct pv_net_frame frame;
	uint32_t len;

	if (!tap_granted(OFFLOAD) ||
	    !tap_equal(pvg_net_open_index(&net, 0), 0, "the network opens"))
		return tap_done();
	tap_equal(net.config.flags,
		  PV_NET_CAN_CHECKSUM | PV_NET_CAN_TCP4 | PV_NET_CAN_TCP6,
		  "the host takes all that may be left to it");
	tap_ok(net.config.receive_bytes_min >= 65536, "long frames fit");
	frame = make(false, 100, &len);
	check("a frame without its checksum goes out", &frame, len, 1000);
	frame = make(true, 100, &len);
	check("one of IPv6 too", &frame, len, 1000);
	frame = make_long(false, 20000, &len);
	check("a long one goes out", &frame, len, 1000);
	frame = make_long(true, 3000, &len);
	check("one of IPv6 too", &frame, len, 1000);
	frame = make_long(false, 5000, &len);
	check("one for many small pieces", &frame, len, 7);
	pvg_net_close(&net);
	return tap_done();
}
