/* SPDX-License-Identifier: MIT
 *
 * See report-file.h.
 */
#include "report-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *path, struct hv_error *err)
{
	return hv_fail(err, HV_STATUS_FAILED, "cannot write %.300s: %s", path,
		       strerror(errno));
}

static bool is_special(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

/* Where the file really is: a link is followed, not replaced. */
static const char *real_path(const char *path, char room[PATH_MAX])
{
	return realpath(path, room) ? room : path;
}

static int open_beside(const char *path, char name[PATH_MAX + 16])
{
	snprintf(name, PATH_MAX + 16, "%s.XXXXXX", path);
	return mkostemp(name, O_CLOEXEC);
}

int hv_report_file_check(const char *path, struct hv_error *err)
{
	char name[PATH_MAX + 16], room[PATH_MAX];
	int fd;

	if (is_special(path)) {
		fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 && errno != ENXIO) /* a pipe that nobody reads yet */
			return fail(path, err);
	} else {
		if (access(path, W_OK) < 0 && errno != ENOENT)
			return fail(path, err);
		fd = open_beside(real_path(path, room), name);
		if (fd < 0)
			return fail(path, err);
		unlink(name);
	}
	if (fd >= 0)
		close(fd);
	return 0;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t some = write(fd, text, len);

		if (some < 0 && errno == EINTR)
			continue;
		if (some <= 0)
			return false;
		text += some;
		len -= (size_t)some;
	}
	return true;
}

/* As open() would have made it, or as the one before was. */
static mode_t mode_of(const char *path)
{
	struct stat about;
	mode_t mask;

	if (stat(path, &about) == 0)
		return about.st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int write_special(const char *path, const char *text, size_t len,
			 struct hv_error *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int rc = fd >= 0 && write_all(fd, text, len) ? 0 : fail(path, err);

	if (fd >= 0)
		close(fd);
	return rc;
}

int hv_report_file_write(const char *path, const char *text, size_t len,
			 struct hv_error *err)
{
	char name[PATH_MAX + 16], room[PATH_MAX];
	const char *real = real_path(path, room);
	bool good;
	int fd;

	if (is_special(path))
		return write_special(path, text, len, err);
	fd = open_beside(real, name);
	if (fd < 0)
		return fail(path, err);
	good = write_all(fd, text, len) && fchmod(fd, mode_of(real)) == 0;
	good = close(fd) == 0 && good;
	if (good && rename(name, real) == 0)
		return 0;
	fail(path, err);
	unlink(name);
	return -1;
}
