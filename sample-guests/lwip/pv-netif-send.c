/* SPDX-License-Identifier: MIT
 *
 * lwIP's interface: sending. Frames go out from where lwIP has them; it keeps each
 * pbuf that has a reference of ours as it is.
 *
 * Consecutive pieces of one TCP connection become one frame, if the host cuts such
 * frames (PV_NET_CAN_TCP4): the headers of the first, with the payload of all. So
 * the newest frame is held back until the end of a step.
 */
#include "pv-netif-parts.h"

#include <lwip/pbuf.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/tcp.h>

#define SEGMENTS_MAX PV_NET_SEGMENTS_MAX
#define PIECES_MAX 48 /* more than 64 KiB have of the usual size */

/* The headers of a TCP frame without options of IP's, as lwIP makes them. */
struct headers {
	struct eth_hdr *eth;
	struct ip_hdr *ip;
	struct tcp_hdr *tcp;
	uint16_t bytes, payload_bytes;
};

struct pv_netif_send {
	struct pvg_net_request request;
	struct pv_netif *interface;
	struct pv_segment segment[SEGMENTS_MAX];
	uint32_t segments, len_bytes;
	struct pbuf *piece[PIECES_MAX];
	uint32_t pieces;
	struct headers first; /* tcp NULL: not of TCP */
	uint16_t last_payload_bytes;
};

static struct pv_netif_send *slot_at(const struct pv_netif *interface, uint64_t i)
{
	return &interface->sends[i & interface->send_mask];
}

static bool may_leave(const struct pv_netif *interface, uint32_t what)
{
	return (interface->net.config.flags & what) == what;
}

static void host_is_done(struct pvg_net_request *request)
{
	struct pv_netif_send *slot = request->user;
	struct pv_netif *interface = slot->interface;

	if (request->status != 0)
		interface->counters.failed_out++;
	while (slot->pieces > 0)
		pbuf_free(slot->piece[--slot->pieces]);
	slot->segments = 0;
	while (interface->sends_done < interface->sends_submitted &&
	       slot_at(interface, interface->sends_done)->request.status !=
		       PVG_NET_IN_FLIGHT)
		interface->sends_done++;
	if (interface->was_full) {
		interface->was_full = false;
		tcp_txnow();
	}
}

int pv_netif_prepare_sends(struct pv_netif *interface)
{
	uint32_t slots = interface->net.send.mask + 1;

	interface->sends = calloc(slots, sizeof(*interface->sends));
	if (!interface->sends)
		return -PV_ENOMEM;
	interface->send_mask = slots - 1;
	for (uint32_t i = 0; i < slots; i++) {
		interface->sends[i].interface = interface;
		interface->sends[i].request.user = &interface->sends[i];
		interface->sends[i].request.done = host_is_done;
	}
	return 0;
}

static bool find_headers(struct pbuf *pbuf, struct headers *ret_headers)
{
	struct headers h = { .eth = pbuf->payload };

	h.bytes = SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN;
	if (pbuf->len < h.bytes || h.eth->type != PP_HTONS(ETHTYPE_IP))
		return false;
	h.ip = (struct ip_hdr *)(void *)(h.eth + 1);
	if (IPH_V(h.ip) != 4 || IPH_HL_BYTES(h.ip) != IP_HLEN ||
	    IPH_PROTO(h.ip) != IP_PROTO_TCP ||
	    (IPH_OFFSET(h.ip) & PP_HTONS(IP_MF | IP_OFFMASK)))
		return false;
	h.tcp = (struct tcp_hdr *)(void *)(h.ip + 1);
	h.bytes = (uint16_t)(SIZEOF_ETH_HDR + IP_HLEN + TCPH_HDRLEN_BYTES(h.tcp));
	if (pbuf->len < h.bytes)
		return false;
	h.payload_bytes = (uint16_t)(pbuf->tot_len - h.bytes);
	*ret_headers = h;
	return true;
}

/* Add a pbuf's memory to a slot, without its first bytes. */
static void add_piece(struct pv_netif_send *slot, struct pbuf *pbuf,
		      uint16_t skip_bytes)
{
	slot->piece[slot->pieces++] = pbuf;
	pbuf_ref(pbuf);
	slot->len_bytes += (uint32_t)(pbuf->tot_len - skip_bytes);
	for (struct pbuf *part = pbuf; part; part = part->next) {
		if (part->len > skip_bytes)
			slot->segment[slot->segments++] = (struct pv_segment){
				.gpa = pvg_gpa(part->payload) + skip_bytes,
				.len_bytes = (uint32_t)(part->len - skip_bytes),
			};
		skip_bytes = 0;
	}
}

static bool has_room(const struct pv_netif_send *slot, const struct pbuf *pbuf)
{
	uint32_t limit = slot->interface->net.config.segments_max;

	if (limit > SEGMENTS_MAX)
		limit = SEGMENTS_MAX;
	return slot->pieces < PIECES_MAX &&
	       slot->segments + pbuf_clen(pbuf) <= limit;
}

/* Whether a frame goes on where the one in the slot ends, and differs in nothing that
 * the host would not make of the first's headers. */
static bool continues(const struct pv_netif_send *slot, const struct headers *next)
{
	const struct headers *first = &slot->first;
	uint32_t payload = slot->len_bytes - first->bytes;
	uint16_t flags = TCPH_FLAGS(next->tcp);

	return first->tcp && first->payload_bytes > 0 && next->payload_bytes > 0 &&
	       first->bytes == next->bytes &&
	       first->bytes == SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN &&
	       memcmp(first->eth, next->eth, SIZEOF_ETH_HDR) == 0 &&
	       first->ip->src.addr == next->ip->src.addr &&
	       first->ip->dest.addr == next->ip->dest.addr &&
	       first->ip->_tos == next->ip->_tos &&
	       first->ip->_ttl == next->ip->_ttl &&
	       first->tcp->src == next->tcp->src &&
	       first->tcp->dest == next->tcp->dest &&
	       first->tcp->ackno == next->tcp->ackno &&
	       first->tcp->wnd == next->tcp->wnd &&
	       lwip_ntohl(first->tcp->seqno) + payload ==
		       lwip_ntohl(next->tcp->seqno) &&
	       TCPH_FLAGS(first->tcp) == TCP_ACK &&
	       (flags & ~(unsigned)TCP_PSH) == TCP_ACK &&
	       slot->last_payload_bytes == first->payload_bytes &&
	       next->payload_bytes <= first->payload_bytes &&
	       slot->len_bytes + next->payload_bytes <= UINT16_MAX;
}

static bool add_to_gathered(struct pv_netif *interface, struct pbuf *pbuf,
			    const struct headers *headers)
{
	struct pv_netif_send *slot = slot_at(interface, interface->sends_submitted);

	if (!interface->is_gathering || !headers->tcp ||
	    !may_leave(interface, PV_NET_CAN_CHECKSUM | PV_NET_CAN_TCP4) ||
	    !has_room(slot, pbuf) || !continues(slot, headers))
		return false;
	add_piece(slot, pbuf, headers->bytes);
	slot->last_payload_bytes = headers->payload_bytes;
	TCPH_SET_FLAG(slot->first.tcp, TCPH_FLAGS(headers->tcp) & TCP_PSH);
	return true;
}

/* The headers say what the frame has become. */
static void adjust_headers(struct pv_netif_send *slot)
{
	struct ip_hdr *ip = slot->first.ip;

	if (slot->pieces == 1)
		return;
	IPH_LEN_SET(ip, lwip_htons((uint16_t)(slot->len_bytes - SIZEOF_ETH_HDR)));
	IPH_CHKSUM_SET(ip, 0);
	IPH_CHKSUM_SET(ip, (uint16_t)~lwip_port_checksum(ip, IP_HLEN));
	slot->request.wire.frame.segmentation = PV_NET_TCP4;
	slot->request.wire.frame.header_bytes = slot->first.bytes;
	slot->request.wire.frame.segment_bytes = slot->first.payload_bytes;
}

/* The sum over the pseudo header: addresses, protocol and length. */
static void leave_checksum(struct pv_netif_send *slot)
{
	struct pv_net_frame *frame = &slot->request.wire.frame;
	const struct ip_hdr *ip = slot->first.ip;
	struct {
		uint32_t src, dest;
		uint16_t protocol, len_bytes;
	} pseudo = {
		ip->src.addr, ip->dest.addr, PP_HTONS(IP_PROTO_TCP),
		lwip_htons((uint16_t)(slot->len_bytes - SIZEOF_ETH_HDR - IP_HLEN)),
	};

	if (!may_leave(slot->interface, PV_NET_CAN_CHECKSUM))
		return;
	slot->first.tcp->chksum = lwip_port_checksum(&pseudo, sizeof(pseudo));
	frame->flags = PV_NET_CHECKSUM_MISSING;
	frame->checksum_start = SIZEOF_ETH_HDR + IP_HLEN;
	frame->checksum_offset = offsetof(struct tcp_hdr, chksum);
}

void pv_netif_send_gathered(struct pv_netif *interface)
{
	struct pv_netif_send *slot = slot_at(interface, interface->sends_submitted);
	uint32_t payload;
	int error;

	if (!interface->is_gathering)
		return;
	interface->is_gathering = false;
	pvg_net_prep_segments(&slot->request, PV_NET_SEND, slot->segment,
			      (uint16_t)slot->segments);
	interface->counters.segments_out++;
	if (slot->first.tcp) {
		adjust_headers(slot);
		leave_checksum(slot);
		payload = slot->len_bytes - slot->first.bytes;
		if (slot->pieces > 1)
			interface->counters.segments_out +=
				(payload - 1) / slot->first.payload_bytes;
	}
	interface->counters.frames_out++;
	interface->counters.bytes_out += slot->len_bytes;
	interface->sends_submitted++;
	/* There are as many slots here as the queue has. */
	error = pvg_net_submit(&interface->net, &slot->request);
	pvg_assert(error == 0);
}

static void gather(struct pv_netif *interface, struct pbuf *pbuf,
		   const struct headers *headers)
{
	struct pv_netif_send *slot = slot_at(interface, interface->sends_submitted);

	slot->len_bytes = 0;
	slot->first = *headers;
	slot->last_payload_bytes = headers->payload_bytes;
	add_piece(slot, pbuf, 0);
	interface->is_gathering = true;
}

/* For what has too many pieces: ERR_MEM is not told to TCP, which would come at once
 * with the same. */
static void gather_copy(struct pv_netif *interface, struct pbuf *pbuf)
{
	struct pbuf *copy = pbuf_clone(PBUF_RAW, PBUF_RAM, pbuf);
	struct headers headers = { .eth = NULL };

	if (!copy) {
		interface->counters.failed_out++;
		return;
	}
	find_headers(copy, &headers);
	gather(interface, copy, &headers);
	pbuf_free(copy); /* the slot has its own reference */
}

err_t pv_netif_send_frame(struct netif *netif, struct pbuf *pbuf)
{
	struct pv_netif *interface = netif->state;
	struct headers headers = { .eth = NULL };

	find_headers(pbuf, &headers);
	if (add_to_gathered(interface, pbuf, &headers))
		return ERR_OK;
	pv_netif_send_gathered(interface);
	if (interface->sends_submitted - interface->sends_done >
	    interface->send_mask) {
		interface->was_full = true;
		return ERR_MEM;
	}
	if (has_room(slot_at(interface, interface->sends_submitted), pbuf))
		gather(interface, pbuf, &headers);
	else
		gather_copy(interface, pbuf);
	return ERR_OK;
}
