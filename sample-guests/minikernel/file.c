/* SPDX-License-Identifier: MIT
 *
 * Descriptors: small numbers for what a process has open, and files of the disk,
 * which can only be read. Each process has a place in a file of its own, also after
 * a fork.
 *
 * Bytes go by way of a buffer here, a piece at a time: pipes are under the lock, and
 * to touch a program's memory can take long.
 */
#include "minikernel.h"

#define PIECE_BYTES 512

static int64_t disk_read(struct process *process, struct file *file, void *to,
			 size_t len)
{
	uint64_t left = file->content.len - file->offset;

	(void)process;
	if (len > left)
		len = left;
	memcpy(to, file->content.bytes + file->offset, len);
	file->offset += len;
	return (int64_t)len;
}

static const struct file_type disk_type = { .read = disk_read };

static struct file *file_at(struct process *process, uint64_t fd)
{
	if (fd >= FILES_MAX || !process->file[fd].type)
		return NULL;
	return &process->file[fd];
}

int64_t file_new(struct process *process, struct file file)
{
	for (int fd = 0; fd < FILES_MAX; fd++) {
		if (process->file[fd].type)
			continue;
		process->file[fd] = file;
		return fd;
	}
	return -E_FILE;
}

int64_t file_open(struct process *process, uint64_t name_at)
{
	struct file file = { .type = &disk_type };
	char name[64];
	int64_t len = user_string(&process->space, name, sizeof(name), name_at);

	if (len < 0)
		return len;
	if (!image_find(name, &file.content))
		return -E_NAME;
	return file_new(process, file);
}

int64_t file_read(struct process *process, uint64_t fd, uint64_t to,
		  uint64_t len)
{
	struct file *file = file_at(process, fd);
	char piece[PIECE_BYTES];
	int64_t got;

	if (!file || !file->type->read)
		return -E_FILE;
	if (len > sizeof(piece))
		len = sizeof(piece);
	/* Before they are taken from a pipe for good. */
	if (!user_may(&process->space, to, len, PVG_WRITE))
		return -E_FAULT;
	got = file->type->read(process, file, piece, len);
	if (got > 0)
		user_out(&process->space, to, piece, (size_t)got);
	return got;
}

int64_t file_write(struct process *process, uint64_t fd, uint64_t from,
		   uint64_t len)
{
	struct file *file = file_at(process, fd);
	char piece[PIECE_BYTES];

	if (!file || !file->type->write)
		return -E_FILE;
	if (len > sizeof(piece))
		len = sizeof(piece);
	if (!user_in(&process->space, piece, from, len))
		return -E_FAULT;
	return file->type->write(process, file, piece, len);
}

static void opened(struct file *file)
{
	if (file->type && file->type->opened)
		file->type->opened(file);
}

static void closed(struct file *file)
{
	if (file->type && file->type->closed)
		file->type->closed(file);
	file->type = NULL;
}

int64_t file_close(struct process *process, uint64_t fd)
{
	struct file *file = file_at(process, fd);

	if (!file)
		return -E_FILE;
	closed(file);
	return 0;
}

int64_t file_dup(struct process *process, uint64_t fd, uint64_t as)
{
	struct file *file = file_at(process, fd);

	if (!file || as >= FILES_MAX)
		return -E_FILE;
	if (as == fd)
		return 0;
	closed(&process->file[as]);
	process->file[as] = *file;
	opened(file);
	return 0;
}

void files_fork(struct process *child, const struct process *parent)
{
	for (int fd = 0; fd < FILES_MAX; fd++) {
		child->file[fd] = parent->file[fd];
		opened(&child->file[fd]);
	}
}

void files_close(struct process *process)
{
	for (int fd = 0; fd < FILES_MAX; fd++)
		closed(&process->file[fd]);
}
