/* SPDX-License-Identifier: MIT
 *
 * See file.h.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

struct hv_file hv_file_of(const void *data, size_t bytes)
{
	return (struct hv_file){
		.path = "", .fd = -1, .data = data, .bytes = bytes,
	};
}

/* The path, or the end of a long one: the reason must fit behind it. */
static const char *short_path(const struct hv_file *file)
{
	size_t len = strlen(file->path), shown = 200;

	return file->path + (len > shown ? len - shown : 0);
}

int hv_file_bad(const struct hv_file *file, struct hv_error *err,
		const char *format, ...)
{
	const char *path = short_path(file);
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return hv_fail(err, HV_STATUS_IMAGE, "%s%s%s", path, *path ? ": " : "",
		       text);
}

static int examine(struct hv_file *file, const char *what, struct hv_error *err)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return hv_file_bad(file, err, "cannot be examined: %s",
				   strerror(errno));
	if (!S_ISREG(st.st_mode))
		return hv_file_bad(file, err, "is %snot a regular file, so not %s",
				   S_ISDIR(st.st_mode) ? "a directory, " : "", what);
	file->bytes = (uint64_t)st.st_size;
	file->mtime_ns = (uint64_t)st.st_mtim.tv_sec * HV_NS_PER_S +
			 (uint64_t)st.st_mtim.tv_nsec;
	return 0;
}

int hv_file_open(struct hv_file *ret_file, const char *path, const char *what,
		 struct hv_error *err)
{
	/* O_NONBLOCK: opening a named pipe must not wait for a writer. */
	*ret_file = (struct hv_file){
		.path = path,
		.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
	};
	if (ret_file->fd < 0)
		return hv_file_bad(ret_file, err, "cannot be opened: %s",
				   strerror(errno));
	if (examine(ret_file, what, err) == 0)
		return 0;
	hv_file_done(ret_file);
	return -1;
}

void hv_file_done(struct hv_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	*file = hv_file_of(NULL, 0);
}

bool hv_file_has(const struct hv_file *file, uint64_t offset, uint64_t bytes)
{
	return offset <= file->bytes && bytes <= file->bytes - offset;
}

static int read_all(int fd, uint64_t offset, uint8_t *ret, size_t bytes)
{
	while (bytes > 0) {
		ssize_t n = pread(fd, ret, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		ret += n;
		offset += (uint64_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

int hv_file_read(const struct hv_file *file, uint64_t offset, void *ret,
		 size_t bytes)
{
	if (!hv_file_has(file, offset, bytes))
		return -ENODATA;
	if (file->fd >= 0)
		return read_all(file->fd, offset, ret, bytes);
	if (bytes > 0)
		memcpy(ret, file->data + offset, bytes);
	return 0;
}

int hv_file_need(const struct hv_file *file, uint64_t offset, void *ret,
		 size_t bytes, const char *lack, struct hv_error *err)
{
	int r = hv_file_read(file, offset, ret, bytes);

	if (r == -ENODATA)
		return hv_file_bad(file, err, "%s", lack);
	if (r < 0)
		return hv_file_bad(file, err, "cannot be read: %s", strerror(-r));
	return 0;
}
