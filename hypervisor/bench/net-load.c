/* SPDX-License-Identifier: MIT
 *
 * See net-load.h. A frame a system call: the load is the same for both workers.
 */
#include "net-load.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../clock.h"

#define SILENCE_SECONDS 10

struct hv_net_load {
	struct hv_net_task task;
	int fd, worker_fd;
	pthread_t thread;
	uint64_t ns;
	int error;
};

static bool get(struct hv_net_load *load, uint8_t *frame)
{
	ssize_t got;

	do
		got = recv(load->fd, frame, HV_NET_FRAME_MAX_BYTES, 0);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		load->error = got < 0 ? errno : EPIPE;
	return got > 0;
}

static bool put(struct hv_net_load *load, const uint8_t *frame)
{
	ssize_t sent;

	do
		sent = send(load->fd, frame, load->task.frame_bytes,
			    MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		load->error = errno;
	return sent >= 0;
}

static bool work(struct hv_net_load *load, uint8_t *frame)
{
	const struct hv_net_task *task = &load->task;

	for (uint64_t i = 0; i < task->frames; i++) {
		if (task->work != HV_NET_SEND && !put(load, frame))
			return false;
		if (task->work != HV_NET_RECEIVE && !get(load, frame))
			return false;
	}
	return task->work != HV_NET_RECEIVE || get(load, frame);
}

static void *run(void *argument)
{
	struct hv_net_load *load = argument;
	uint8_t frame[HV_NET_FRAME_MAX_BYTES] = { 0 };
	uint64_t start_ns;

	if (!get(load, frame)) /* the worker is ready */
		return NULL;
	memset(frame, 0, sizeof(frame));
	start_ns = hv_host_ns();
	if (work(load, frame))
		load->ns = hv_host_ns() - start_ns;
	return NULL;
}

/* A worker that is silent for so long has died. */
static void bound_waits(int fd)
{
	struct timeval most = { .tv_sec = SILENCE_SECONDS };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
}

static int start(struct hv_net_load *load)
{
	int fd[2], r;

	/* Who sends waits for room, so that no frame is lost; who receives is told
	 * when the other end is gone. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return -errno;
	fcntl(fd[1], F_SETFD, 0);
	bound_waits(fd[0]);
	load->fd = fd[0];
	load->worker_fd = fd[1];
	r = pthread_create(&load->thread, NULL, run, load);
	if (r) {
		close(fd[0]);
		close(fd[1]);
	}
	return -r;
}

int hv_net_load_start(struct hv_net_load **ret_load,
		      const struct hv_net_task *task, int *ret_fd,
		      struct hv_error *err)
{
	struct hv_net_load *load = calloc(1, sizeof(*load));
	int r = load ? 0 : -ENOMEM;

	if (load) {
		load->task = *task;
		r = start(load);
	}
	if (r < 0) {
		free(load);
		return hv_fail(err, HV_STATUS_FAILED,
			       "cannot start the far end of a network: %s",
			       strerror(-r));
	}
	*ret_load = load;
	*ret_fd = load->worker_fd;
	return 0;
}

int hv_net_load_finish(struct hv_net_load *load, uint64_t *ret_ns,
		       struct hv_error *err)
{
	uint64_t ns;
	int error;

	close(load->worker_fd);
	pthread_join(load->thread, NULL);
	ns = load->ns;
	error = load->error;
	close(load->fd);
	free(load);
	if (!ns)
		return hv_fail(err, HV_STATUS_FAILED,
			       "the network's worker did not do its work: %s",
			       strerror(error));
	*ret_ns = ns;
	return 0;
}
