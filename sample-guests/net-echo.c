/* SPDX-License-Identifier: MIT
 *
 * A station that can be pinged: it answers ARP and ICMP echo requests. The memory that
 * is lent for a frame becomes the answer and goes out again; nothing is copied.
 *
 *	ip tuntap add tap0 mode tap
 *	ip address add 192.0.2.1/24 dev tap0 && ip link set tap0 up
 *	paravane run --net tap=tap0 net-echo.elf -- 192.0.2.2 &
 *	ping 192.0.2.2
 *
 * After ADDRESS a number may follow: of answers, after which it ends.
 */
#include <pvguest/pvguest.h>

PVG_NOTE(PV_FEATURE_NET, PVG_FEATURES_DEFAULT, 0, 0);

#define SLOTS 32
#define ARP_BYTES 28
#define IP_BYTES 20u /* without options */
#define ICMP_BYTES 8u

static struct slot {
	struct pvg_net_request receive, send;
	uint8_t *memory;
} slots[SLOTS];

static struct pvg_net net;
static uint8_t address[4];
static unsigned long answers;

/* Who has our address? */
static bool answer_arp(uint8_t *arp, uint32_t len)
{
	static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	if (len < ARP_BYTES || memcmp(arp, request, sizeof(request)) != 0 ||
	    memcmp(arp + 24, address, 4) != 0)
		return false;
	arp[7] = 2;                   /* a reply */
	memcpy(arp + 18, arp + 8, 10); /* to who asked, */
	memcpy(arp + 8, net.config.mac, 6);
	memcpy(arp + 14, address, 4); /* from us */
	return true;
}

/* What changes but for addresses is the type, from 8 to 0, and so the checksum, by
 * 0x0800 with its carry. That of IP does not mind the exchange. */
static bool answer_ping(uint8_t *ip, uint32_t len)
{
	uint32_t header = (ip[0] & 15) * 4u, sum;
	uint8_t *icmp = ip + header;

	if (len < IP_BYTES || ip[0] >> 4 != 4 || header < IP_BYTES ||
	    len < header + ICMP_BYTES || ip[9] != 1 ||
	    memcmp(ip + 16, address, 4) != 0 || icmp[0] != 8 ||
	    (ip[6] & 0x3f) || ip[7]) /* a part of a packet only */
		return false;
	memcpy(ip + 16, ip + 12, 4);
	memcpy(ip + 12, address, 4);
	icmp[0] = 0;
	sum = (uint32_t)(icmp[2] << 8 | icmp[3]) + 0x0800;
	sum += sum >> 16;
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	return true;
}

static bool make_answer(uint8_t *frame, uint32_t len)
{
	uint8_t *payload = frame + PV_NET_HEADER_BYTES;
	unsigned type = (unsigned)frame[12] << 8 | frame[13];
	bool answered = false;

	len -= PV_NET_HEADER_BYTES; /* no frame is shorter */
	if (type == 0x0806)
		answered = answer_arp(payload, len);
	else if (type == 0x0800)
		answered = answer_ping(payload, len);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, net.config.mac, 6);
	return answered;
}

static void lend(struct slot *slot)
{
	int error = pvg_net_submit(&net, &slot->receive);

	pvg_assert(error == 0); /* each queue has a place for every slot */
}

static void frame_came(struct pvg_net_request *request)
{
	struct slot *slot = request->user;
	uint8_t *frame = slot->memory + sizeof(struct pv_net_frame);
	uint32_t len = request->done_bytes -
		       (uint32_t)sizeof(struct pv_net_frame);
	int error;

	if (request->status == -PV_EAGAIN)
		return; /* the network is closed */
	if (request->status || !make_answer(frame, len)) {
		lend(slot);
		return;
	}
	pvg_net_prep_send(&slot->send, frame, len);
	error = pvg_net_submit(&net, &slot->send);
	pvg_assert(error == 0);
}

static void answer_went(struct pvg_net_request *request)
{
	answers += request->status == 0;
	lend(request->user);
}

static bool take_address(const char *text)
{
	for (int i = 0; i < 4; i++) {
		char *end;
		unsigned long byte = strtoul(text, &end, 10);

		if (end == text || byte > 255 || *end != (i < 3 ? '.' : '\0'))
			return false;
		address[i] = (uint8_t)byte;
		text = end + 1;
	}
	return true;
}

static void lend_all(void)
{
	for (struct slot *slot = slots; slot < slots + SLOTS; slot++) {
		slot->memory = malloc(net.config.receive_bytes_min);
		pvg_assert(slot->memory);
		pvg_net_prep_receive(&slot->receive, slot->memory,
				     net.config.receive_bytes_min);
		slot->receive.done = frame_came;
		slot->send.done = answer_went;
		slot->receive.user = slot->send.user = slot;
		lend(slot);
	}
}

int main(int argc, char **argv)
{
	unsigned long enough = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	int error;

	if (argc < 2 || !take_address(argv[1])) {
		pvg_printf("which address shall it have? For example 192.0.2.2\n");
		return 1;
	}
	error = pvg_net_open_index(&net, 0);
	if (error) {
		pvg_printf("cannot open the network (%s): give it with --net\n",
			   pvg_error_text(error));
		return 1;
	}
	lend_all();
	pvg_printf("%s answers\n", argv[1]);
	pvg_console_flush();
	while (enough == 0 || answers < enough)
		pvg_net_wait(&net, PV_FOREVER);
	pvg_net_close(&net);
	return 0;
}
