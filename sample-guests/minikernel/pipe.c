/* SPDX-License-Identifier: MIT
 *
 * Pipes: a ring of bytes, in a frame of its own. Reading waits while it is empty and
 * somebody may write yet; writing waits until all of a piece fits, so that pieces
 * (of up to PIECE_BYTES, see file.c) of several writers do not mix.
 */
#include "minikernel.h"

#define PIPE_BYTES 2048u /* a power of two */

struct pipe {
	uint32_t written, taken; /* bytes, ever; they wrap */
	uint32_t readers, writers;
	struct queue waiting; /* for either */
	char ring[PIPE_BYTES];
};
_Static_assert(sizeof(struct pipe) <= PVG_PAGE_BYTES, "a pipe is in a frame");

static int64_t pipe_read(struct process *process, struct file *file, void *to,
			 size_t len)
{
	struct pipe *pipe = file->pipe;
	char *byte = to;
	size_t got = 0;

	kernel_lock();
	if (pipe->written == pipe->taken && pipe->writers > 0 && len > 0)
		return schedule_wait(process, &pipe->waiting);
	while (got < len && pipe->taken != pipe->written)
		byte[got++] = pipe->ring[pipe->taken++ % PIPE_BYTES];
	schedule_ready_all(&pipe->waiting);
	kernel_unlock();
	return (int64_t)got;
}

static int64_t pipe_write(struct process *process, struct file *file,
			  const void *from, size_t len)
{
	struct pipe *pipe = file->pipe;
	const char *byte = from;

	kernel_lock();
	if (pipe->readers == 0) {
		kernel_unlock();
		return -E_PIPE;
	}
	if (PIPE_BYTES - (pipe->written - pipe->taken) < len)
		return schedule_wait(process, &pipe->waiting);
	for (size_t i = 0; i < len; i++)
		pipe->ring[pipe->written++ % PIPE_BYTES] = byte[i];
	schedule_ready_all(&pipe->waiting);
	kernel_unlock();
	return (int64_t)len;
}

static const struct file_type read_type, write_type;

static uint32_t *users_of(struct file *file)
{
	return file->type == &read_type ? &file->pipe->readers
					: &file->pipe->writers;
}

static void pipe_opened(struct file *file)
{
	kernel_lock();
	++*users_of(file);
	kernel_unlock();
}

static void pipe_closed(struct file *file)
{
	struct pipe *pipe = file->pipe;
	bool unused;

	kernel_lock();
	if (--*users_of(file) == 0)
		schedule_ready_all(&pipe->waiting); /* to learn of it */
	unused = pipe->readers == 0 && pipe->writers == 0;
	kernel_unlock();
	if (unused)
		frame_drop(pipe);
}

static const struct file_type read_type = {
	.read = pipe_read,
	.opened = pipe_opened,
	.closed = pipe_closed,
};
static const struct file_type write_type = {
	.write = pipe_write,
	.opened = pipe_opened,
	.closed = pipe_closed,
};

int64_t pipe_make(struct process *process, uint64_t fds_to)
{
	struct pipe *pipe = frame_alloc();
	int fd[2] = { -1, -1 };

	if (!pipe)
		return -E_MEMORY;
	*pipe = (struct pipe){ .readers = 1, .writers = 1 };
	fd[0] = (int)file_new(process, (struct file){ .type = &read_type,
						      .pipe = pipe });
	fd[1] = (int)file_new(process, (struct file){ .type = &write_type,
						      .pipe = pipe });
	if (fd[0] >= 0 && fd[1] >= 0 &&
	    user_out(&process->space, fds_to, fd, sizeof(fd)))
		return 0;
	/* Each end has one user, and goes with it. */
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			file_close(process, (uint64_t)fd[i]);
	if (fd[0] < 0 && fd[1] < 0)
		frame_drop(pipe);
	return fd[1] < 0 ? -E_FILE : -E_FAULT;
}
