/* SPDX-License-Identifier: MIT
 *
 * net-ping WIRE ADDRESS COUNT
 *
 * Ask who has an IPv4 address, and ping it with so many requests of growing length. It
 * also asks what is not to be answered. 0: every answer was right; 4: one was not. See
 * net-wire.h.
 */
#include "net-bytes.h"
#include "net-wire.h"

#define ARP 0x0806u
#define IPV4 0x0800u
#define IP_AT NET_PAYLOAD_AT
#define ICMP_AT (IP_AT + 20u)
#define DATA_AT (ICMP_AT + 8u)
#define ARP_BYTES (NET_PAYLOAD_AT + 28u)

static const uint8_t own_address[4] = { 192, 0, 2, 1 };
static uint8_t address[4], mac[6];
static uint8_t out[NET_FRAME_MAX], in[NET_FRAME_MAX];

/* Others may speak, too, on a TAP. */
static uint32_t receive_of(unsigned type)
{
	uint32_t len;

	do
		len = receive(in);
	while (len < NET_PAYLOAD_AT || net_type(in) != type ||
	       memcmp(in, own_mac, 6) != 0);
	return len;
}

static bool ask_who_has(const uint8_t *whom)
{
	static const uint8_t request[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t *arp = out + NET_PAYLOAD_AT;

	net_header(out, everybody, own_mac, ARP);
	memcpy(arp, request, 8);
	memcpy(arp + 8, own_mac, 6);
	memcpy(arp + 14, own_address, 4);
	memset(arp + 18, 0, 6);
	memcpy(arp + 24, whom, 4);
	return send_frame(out, ARP_BYTES);
}

static void find(void)
{
	static const uint8_t other[4] = { 192, 0, 2, 77 };
	const uint8_t *arp = in + NET_PAYLOAD_AT;
	int tries = 0;

	while (!ask_who_has(other)) { /* the guest is not there yet */
		if (++tries == 100 * patience_seconds)
			end(3, "there is nobody to ask: %s", strerror(errno));
		usleep(10000);
	}
	ask_who_has(address);
	if (receive_of(ARP) < ARP_BYTES || arp[7] != 2 ||
	    memcmp(arp + 8, in + 6, 6) != 0 || memcmp(arp + 14, address, 4) != 0 ||
	    memcmp(arp + 18, own_mac, 6) != 0 ||
	    memcmp(arp + 24, own_address, 4) != 0)
		end(4, "an answer of ARP's is wrong");
	memcpy(mac, in + 6, 6);
}

/* A request; what it is to be answered with but for the checksum of IP. */
static uint32_t make_ping(uint8_t *frame, uint8_t type, uint32_t number,
			  uint32_t data)
{
	uint8_t *ip = frame + IP_AT, *icmp = frame + ICMP_AT;
	uint32_t len = DATA_AT + data;

	if (type == 8)
		net_header(frame, mac, own_mac, IPV4);
	else
		net_header(frame, own_mac, mac, IPV4);
	memset(ip, 0, 28);
	ip[0] = 0x45;
	put16(ip + 2, len - IP_AT);
	put16(ip + 4, number);
	ip[8] = 64;
	ip[9] = 1;
	memcpy(ip + 12, type == 8 ? own_address : address, 4);
	memcpy(ip + 16, type == 8 ? address : own_address, 4);
	put16(ip + 10, ~sum16(0, ip, 20));
	icmp[0] = type;
	put16(icmp + 6, number);
	for (uint32_t i = 0; i < data; i++)
		frame[DATA_AT + i] = net_counted_byte(number, i);
	put16(icmp + 2, ~sum16(0, icmp, len - ICMP_AT));
	return len;
}

/* Of another address, of another type, cut off, and a part of a packet. */
static void ask_what_is_not_answered(uint32_t number)
{
	uint32_t len = make_ping(out, 8, number, 10);

	out[IP_AT + 19] ^= 1;
	send_frame(out, len);
	out[IP_AT + 19] ^= 1;
	out[IP_AT + 6] = 0x20;
	send_frame(out, len);
	out[IP_AT + 6] = 0;
	out[ICMP_AT] = 13;
	send_frame(out, len);
	make_ping(out, 8, number, 10);
	for (len = NET_PAYLOAD_AT; len < DATA_AT; len++)
		send_frame(out, len);
}

static void ping(uint32_t number)
{
	static uint8_t expected[NET_FRAME_MAX];
	uint32_t len = make_ping(out, 8, number, number * 13 % 1472);

	if (!send_frame(out, len))
		end(3, "a ping cannot be sent: %s", strerror(errno));
	make_ping(expected, 0, number, number * 13 % 1472);
	if (receive_of(IPV4) != len || memcmp(in, expected, len) != 0)
		end(4, "the answer to ping %u is wrong", number);
}

int main(int argc, char **argv)
{
	uint32_t count = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;

	if (count == 0 || inet_pton(AF_INET, argv[2], address) != 1)
		end(2, "net-ping dgram=OWN,peer=PEER|tap=INTERFACE ADDRESS COUNT");
	open_wire(argv[1]);
	find();
	for (uint32_t i = 0; i < count; i++) {
		if (i % 10 == 3)
			ask_what_is_not_answered(i);
		ping(i);
	}
	return 0;
}
