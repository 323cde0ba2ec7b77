/* SPDX-License-Identifier: MIT
 *
 * Where a dump goes: to a temporary name beside the one that was asked for, and from
 * there, whole, to that.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beside the file, so that renaming it there is all that is left to do. */
static int open_temporary(const struct hv_dump_file *file, char *name, size_t bytes)
{
	int fd;

	if ((size_t)snprintf(name, bytes, "%s.%ld.tmp", file->name,
			     (long)getpid()) >= bytes)
		return -ENAMETOOLONG;
	/* Left by another process of that number, long gone. */
	unlinkat(file->directory, name, 0);
	/* What a guest keeps secret is in it. */
	fd = openat(file->directory, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

static int open_directory(const char *path, size_t bytes)
{
	char *directory = bytes ? strndup(path, bytes) : strdup(".");
	int fd;

	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(directory);
	return fd;
}

/* A device, say, would be replaced by a file. */
static int check_target(const struct hv_dump_file *file)
{
	struct stat st;

	if (!*file->name || !strcmp(file->name, ".") || !strcmp(file->name, ".."))
		return -EISDIR;
	if (fstatat(file->directory, file->name, &st, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EEXIST;
}

static int try_file(const struct hv_dump_file *file)
{
	char name[NAME_MAX + 1];
	int status = check_target(file), fd;

	if (status < 0)
		return status;
	fd = open_temporary(file, name, sizeof(name));
	if (fd < 0)
		return fd;
	close(fd);
	return unlinkat(file->directory, name, 0) < 0 ? -errno : 0;
}

int hv_dump_file_open(struct hv_dump_file *ret_file, const char *path,
		      struct hv_error *err)
{
	const char *slash = strrchr(path, '/');
	struct hv_dump_file file = {
		.path = path, .name = slash ? slash + 1 : path,
	};
	int status;

	file.directory = open_directory(path, (size_t)(file.name - path));
	status = file.directory < 0 ? file.directory : try_file(&file);
	if (status == 0) {
		*ret_file = file;
		return 0;
	}
	hv_dump_file_done(&file);
	return hv_fail(err, HV_STATUS_USAGE, "cannot write a dump to %s: %s", path,
		       status == -EEXIST ? "it is there and is not a regular file"
					 : strerror(-status));
}

void hv_dump_file_done(struct hv_dump_file *file)
{
	if (file->directory >= 0)
		close(file->directory);
	file->directory = -1;
}

static int cannot(const struct hv_dump_file *file, int status,
		  struct hv_error *err)
{
	return hv_fail(err, HV_STATUS_FAILED, "cannot write the dump %s: %s",
		       file->path, strerror(-status));
}

int hv_dump_write(struct hv_vm *vm, const struct hv_dump_file *file,
		  struct hv_error *err)
{
	char name[NAME_MAX + 1];
	int fd = open_temporary(file, name, sizeof(name)), status;

	if (fd < 0)
		return cannot(file, fd, err);
	status = hv_dump_write_to(vm, fd);
	if (close(fd) < 0 && status == 0)
		status = -errno;
	if (status == 0 && renameat(file->directory, name, file->directory,
				    file->name) < 0)
		status = -errno;
	if (status == 0)
		return 0;
	unlinkat(file->directory, name, 0);
	return cannot(file, status, err);
}
