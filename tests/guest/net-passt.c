/* SPDX-License-Identifier: MIT
 *
 * A network whose wire is a stream to passt, which knows the address of any station but
 * the guest's own: whoever is asked for, it answers.
 */
#include "tap.h"

#define ARP_BYTES 42u
#define QUESTIONS 200u
#define PATIENCE_NS UINT64_C(20000000000)

static struct pvg_net net;

/* Who has 10.9.9.x? Tell 10.9.9.77. */
static void ask(uint8_t station)
{
	uint8_t frame[ARP_BYTES] = { 0 };

	memset(frame, 0xff, 6);
	memcpy(frame + 6, net.config.mac, 6);
	memcpy(frame + 12, "\x08\x06\0\x01\x08\0\6\4\0\1", 10);
	memcpy(frame + 22, net.config.mac, 6);
	memcpy(frame + 28, "\x0a\x09\x09\x4d", 4);
	memcpy(frame + 38, "\x0a\x09\x09", 3);
	frame[41] = station;
	if (pvg_net_send(&net, frame, sizeof(frame)) < 0)
		pvg_panic("cannot send");
}

static bool is_answer(const uint8_t *frame, int len, uint8_t station)
{
	return len >= (int)ARP_BYTES && !memcmp(frame, net.config.mac, 6) &&
	       !memcmp(frame + 12, "\x08\x06\0\x01\x08\0\6\4\0\2", 10) &&
	       !memcmp(frame + 28, "\x0a\x09\x09", 3) && frame[31] == station;
}

/* Among whatever else comes. */
static bool hear(uint8_t station)
{
	static uint8_t frame[1600];
	uint64_t deadline = pvg_clock_ns() + PATIENCE_NS;
	int len;

	do
		len = pvg_net_receive(&net, frame, sizeof(frame), deadline);
	while (len >= 0 && !is_answer(frame, len, station));
	return len >= 0;
}

int main(void)
{
	unsigned heard = 0;

	if (!tap_equal(pvg_net_open_index(&net, 0), 0, "the network opens"))
		return tap_done();
	for (unsigned i = 0; i < QUESTIONS; i++) {
		ask((uint8_t)(100 + i % 100));
		heard += hear((uint8_t)(100 + i % 100));
	}
	tap_equal(heard, QUESTIONS, "one question after the other is answered");
	for (unsigned i = 0; i < 32; i++)
		ask((uint8_t)(100 + i));
	heard = 0;
	for (unsigned i = 0; i < 32; i++)
		heard += hear((uint8_t)(100 + i));
	tap_equal(heard, 32, "and 32 at once, in their order");
	pvg_net_close(&net);
	return tap_done();
}
