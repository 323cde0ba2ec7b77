/* SPDX-License-Identifier: MIT
 *
 * Guest of the network benchmarks: the worker of hypervisor/bench/net-load.h. Says
 * that it is ready by a frame, and then does its work.
 *
 *	net echo|send|receive FRAMES BYTES
 */
#include <pvguest/pvguest.h>

#include "bench/net-load.h"

static struct pvg_net net;
static struct pvg_net_request requests[HV_NET_DEPTH];
static uint32_t frame_bytes;
static uint64_t left; /* frames for which no request was submitted */

static void submit(struct pvg_net_request *request)
{
	if (pvg_net_submit(&net, request))
		pvg_panic("net: the queue is full");
}

static void check(const struct pvg_net_request *request)
{
	if (request->status)
		pvg_panic("net: a request failed with status %d",
			  request->status);
}

static void send_one(void)
{
	static uint8_t frame[HV_NET_FRAME_MAX_BYTES];
	int status = pvg_net_send(&net, frame, frame_bytes);

	if (status)
		pvg_panic("net: sending failed with status %d", status);
}

static void submit_next(struct pvg_net_request *request)
{
	if (left == 0)
		return;
	left--;
	submit(request);
}

static void on_done(struct pvg_net_request *request)
{
	check(request);
	submit_next(request);
}

/* Each with its own memory, touched once, so that no first touch is measured. */
static void make_request(struct pvg_net_request *request, bool receive)
{
	uint32_t bytes = receive ? net.config.receive_bytes_min : frame_bytes;
	uint8_t *memory = malloc(bytes);

	if (!memory)
		pvg_panic("net: no memory for the frames");
	memset(memory, 0, bytes);
	if (receive)
		pvg_net_prep_receive(request, memory, bytes);
	else
		pvg_net_prep_send(request, memory, bytes);
	request->user = memory;
	request->done = on_done;
}

/* Frames one way, as many under way as there are requests. */
static void stream(bool receive, uint64_t frames)
{
	struct pvg_ring *ring = receive ? &net.receive : &net.send;

	left = frames;
	for (int i = 0; i < HV_NET_DEPTH; i++) {
		make_request(&requests[i], receive);
		submit_next(&requests[i]);
	}
	if (receive)
		send_one();
	while (pvg_ring_open_requests(ring) > 0)
		pvg_net_wait(&net, PV_FOREVER);
}

static void on_sent(struct pvg_net_request *request)
{
	struct pvg_net_request *lent = request->user;

	check(request);
	left--;
	submit(lent);
}

/* A frame goes out from the memory that it came to. */
static void on_frame(struct pvg_net_request *request)
{
	static struct pvg_net_request back;
	const uint32_t before = sizeof(struct pv_net_frame);

	check(request);
	pvg_net_prep_send(&back, (uint8_t *)request->user + before,
			  request->done_bytes - before);
	back.done = on_sent;
	back.user = request;
	submit(&back);
}

static void echo(uint64_t frames)
{
	left = frames;
	make_request(&requests[0], true);
	requests[0].done = on_frame;
	submit(&requests[0]);
	send_one();
	while (left > 0)
		pvg_net_wait(&net, PV_FOREVER);
	requests[0].done = NULL; /* it ends with the network */
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

int main(int argc, char **argv)
{
	uint64_t frames;

	if (argc != 4)
		pvg_panic("usage: net echo|send|receive FRAMES BYTES");
	frames = number(argv[2]);
	frame_bytes = (uint32_t)number(argv[3]);
	if (frame_bytes > HV_NET_FRAME_MAX_BYTES || pvg_net_open_index(&net, 0))
		pvg_panic("net: no network, or frames that are too long");
	if (strcmp(argv[1], "echo") == 0) {
		echo(frames);
	} else if (strcmp(argv[1], "send") == 0) {
		send_one();
		stream(false, frames);
	} else {
		stream(true, frames);
		send_one();
	}
	pvg_net_close(&net);
	return 0;
}
