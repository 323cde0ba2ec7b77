/* SPDX-License-Identifier: MIT
 *
 * The network of the network benchmarks: a pair of packet sockets, and at its far
 * end the load, a thread that takes the time. At the near end is the worker, a guest
 * or bare-net.c, which begins with a frame that says that it is ready.
 */
#ifndef HV_BENCH_NET_LOAD_H
#define HV_BENCH_NET_LOAD_H

#include <stdint.h>

#include "../error.h"

#define HV_NET_FRAME_MAX_BYTES 1514
/* Frames that a worker has under way, at most. */
#define HV_NET_DEPTH 32

enum hv_net_work {
	HV_NET_ECHO,   /* the worker sends back each frame; there is one at a time */
	HV_NET_SEND,   /* it sends frames as fast as they go */
	HV_NET_RECEIVE /* it takes them, and sends one when it has all */
};

struct hv_net_task {
	enum hv_net_work work;
	uint32_t frame_bytes;
	uint64_t frames;
};

struct hv_net_load;

/* Start the load. *ret_fd is the worker's end, which children inherit. */
int hv_net_load_start(struct hv_net_load **ret_load,
		      const struct hv_net_task *task, int *ret_fd,
		      struct hv_error *err);
/* The worker has ended; so close its end and tell how long the work took, or why
 * it was not done. Frees the load. */
int hv_net_load_finish(struct hv_net_load *load, uint64_t *ret_ns,
		       struct hv_error *err);

/* bare-net.c, the worker without a guest: an io_uring loop in a process of its own. */
int hv_bare_net_run(const struct hv_net_task *task, int fd,
		    struct hv_error *err);

#endif
