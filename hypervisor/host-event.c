/* SPDX-License-Identifier: MIT
 *
 * See host-event.h. A pipe holds 64 KiB, then its writers wait: nothing queues up
 * here, and the guest is told once for all that was read since it last looked.
 */
#include "host-event.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event.h"
#include "loop.h"
#include "vm.h"

struct hv_host_event {
	struct hv_vm *vm;
	struct hv_loop *loop; /* the VM has none any more while it is stopped */
	int fd;
	struct hv_job job;
	struct hv_io io;
	char ignored[4096];
};

int hv_host_event_open(struct hv_host_event **ret_event, const char *path,
		       struct hv_error *err)
{
	struct hv_host_event *event;
	/* Also a writer: so the last other one's leaving is no end. */
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return hv_fail(err, HV_STATUS_USAGE,
			       "cannot open %s for --host-events: %s (make it with mkfifo)",
			       path, strerror(errno));
	event = calloc(1, sizeof(*event));
	if (!event || fstat(fd, &status) < 0 || !S_ISFIFO(status.st_mode)) {
		close(fd);
		free(event);
		return hv_fail(err, HV_STATUS_USAGE,
			       "%s cannot be used for --host-events: it is no named pipe (make one with mkfifo)",
			       path);
	}
	event->fd = fd;
	*ret_event = event;
	return 0;
}

static void read_on(struct hv_host_event *event)
{
	io_uring_prep_read(hv_loop_sqe(event->loop, &event->io), event->fd,
			   event->ignored, sizeof(event->ignored), 0);
}

static void on_read(struct hv_io *io, int result)
{
	struct hv_host_event *event = HV_OWNER(io, struct hv_host_event, io);

	if (result < 0)
		return;
	hv_event_raise(&event->vm->vcpu[0], PV_PORT_HOST);
	if (!hv_loop_stopping(event->loop))
		read_on(event);
}

static void start(struct hv_job *job)
{
	read_on(HV_OWNER(job, struct hv_host_event, job));
	hv_loop_job_done(job);
}

void hv_host_event_start(struct hv_host_event *event, struct hv_vm *vm)
{
	event->vm = vm;
	event->job.run = start;
	event->io.done = on_read;
	event->loop = hv_vm_loop(vm);
	if (event->loop)
		hv_loop_do(event->loop, &event->job);
}

void hv_host_event_free(struct hv_host_event *event)
{
	if (!event)
		return;
	close(event->fd);
	free(event);
}
