/* SPDX-License-Identifier: MIT
 *
 * See test-file.h.
 */
#include "test-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES (1u << 20)

/* Real blocks with bytes that do not compress: a sparse or unwritten extent
 * would be read without the disk. */
static int fill(int fd, uint64_t bytes)
{
	static uint64_t chunk[CHUNK_BYTES / sizeof(uint64_t)];
	uint64_t state = 88172645463325252u;

	for (uint64_t at = 0; at < bytes; at += CHUNK_BYTES) {
		for (size_t i = 0; i < sizeof(chunk) / sizeof(*chunk); i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			chunk[i] = state;
		}
		if (pwrite(fd, chunk, CHUNK_BYTES, (off_t)at) != CHUNK_BYTES)
			return -errno;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int make(struct hv_test_file *file, uint64_t bytes, struct hv_error *err)
{
	const char *folder = getenv("TMPDIR");
	char name[PATH_MAX];
	int rc;

	if (!folder || !*folder)
		folder = "/var/tmp";
	snprintf(name, sizeof(name), "%.3000s/paravane-bench-XXXXXX", folder);
	file->fd = mkostemp(name, O_CLOEXEC);
	if (file->fd < 0)
		return hv_fail(
			err, HV_STATUS_HOST,
			"cannot make a file in %.300s: %s; name one with "
			"--file",
			folder, strerror(errno));
	unlink(name);
	rc = fill(file->fd, bytes);
	if (rc < 0) {
		close(file->fd);
		return hv_fail(
			err, HV_STATUS_HOST,
			"cannot write %u MiB in %.300s: %s; name another "
			"place with TMPDIR, or a file with --file",
			(unsigned)(bytes >> 20), folder, strerror(-rc));
	}
	file->bytes = bytes;
	snprintf(file->path, sizeof(file->path), "/proc/%d/fd/%d", getpid(),
		 file->fd);
	return 0;
}

static int open_named(struct hv_test_file *file, const char *path,
		      struct hv_error *err)
{
	off_t end;

	file->fd = open(path, O_RDWR | O_CLOEXEC);
	if (file->fd < 0)
		return hv_fail(err, HV_STATUS_FAILED,
			       "cannot open %.300s for reading and writing: %s",
			       path, strerror(errno));
	end = lseek(file->fd, 0, SEEK_END);
	if (end < (off_t)CHUNK_BYTES) {
		close(file->fd);
		return hv_fail(err, HV_STATUS_FAILED,
			       "%.300s is too small: the block benchmarks want "
			       "1 MiB at least",
			       path);
	}
	file->bytes = (uint64_t)end;
	snprintf(file->path, sizeof(file->path), "%s", path);
	return 0;
}

int hv_test_file_open(struct hv_test_file **ret_file, const char *path,
		      uint64_t bytes, struct hv_error *err)
{
	struct hv_test_file *file = calloc(1, sizeof(*file));
	int rc;

	if (!file)
		abort();
	rc = path ? open_named(file, path, err) : make(file, bytes, err);
	if (rc < 0)
		free(file);
	else
		*ret_file = file;
	return rc;
}

static int read_all(int fd, uint64_t bytes)
{
	static char chunk[CHUNK_BYTES];
	ssize_t got;

	for (uint64_t at = 0; at < bytes; at += (uint64_t)got) {
		got = pread(fd, chunk, sizeof(chunk), (off_t)at);
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
	}
	return 0;
}

int hv_test_file_settle(const struct hv_test_file *file, bool cached,
			struct hv_error *err)
{
	int rc = fsync(file->fd) < 0 ? -errno : 0;

	if (rc == 0)
		rc = cached ? read_all(file->fd, file->bytes) :
			      -posix_fadvise(file->fd, 0, 0,
					     POSIX_FADV_DONTNEED);
	if (rc == 0)
		return 0;
	return hv_fail(err, HV_STATUS_FAILED, "cannot prepare %.300s: %s",
		       file->path, strerror(-rc));
}

void hv_test_file_free(struct hv_test_file *file)
{
	if (!file)
		return;
	close(file->fd);
	free(file);
}
