/* SPDX-License-Identifier: MIT
 *
 * See disk.h.
 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "parse.h"
#include "units.h"

/* What the contract allows (pvabi/block.h). */
#define BLOCK_BYTES_MIN 512u
#define BLOCK_BYTES_MAX 4096u

#define LOCK_TRIES 25

/* ---- PATH[,ro][,direct][,id=NAME] */

static int take_id(const char *name, struct hv_disk_spec *spec,
		   struct hv_error *err)
{
	if (spec->id[0])
		return hv_fail(err, HV_STATUS_USAGE,
			       "--block %.200s: id= is given twice; give it once",
			       spec->path);
	if (!hv_parse_is_name(name, sizeof(spec->id)))
		return hv_fail(err, HV_STATUS_USAGE,
			       "--block %.200s: an id is 1 to %zu letters, digits, dots, dashes or underscores, which \"%.64s\" is not",
			       spec->path, sizeof(spec->id) - 1, name);
	memcpy(spec->id, name, strlen(name));
	return 0;
}

static int take_flag(bool *flag, const char *name, const char *path,
		     struct hv_error *err)
{
	if (*flag)
		return hv_fail(err, HV_STATUS_USAGE,
			       "--block %.200s: %s is given twice; give it once",
			       path, name);
	*flag = true;
	return 0;
}

static int take_option(const char *option, struct hv_disk_spec *spec,
		       struct hv_error *err)
{
	if (!strcmp(option, "ro"))
		return take_flag(&spec->read_only, option, spec->path, err);
	if (!strcmp(option, "direct"))
		return take_flag(&spec->direct, option, spec->path, err);
	if (!strncmp(option, "id=", 3))
		return take_id(option + 3, spec, err);
	return hv_fail(err, HV_STATUS_USAGE,
		       "--block %.200s: unknown option \"%.64s\"; there are ro, direct and id=NAME, and a comma in a path is written twice",
		       spec->path, option);
}

int hv_disk_parse(char *text, struct hv_disk_spec *ret_spec,
		  struct hv_error *err)
{
	struct hv_disk_spec spec = { .path = text };
	char *options = hv_parse_cut(text);

	if (strlen(spec.path) >= PATH_MAX)
		return hv_fail(err, HV_STATUS_USAGE,
			       "--block %.64s...: the path is longer than %d bytes; use a shorter one",
			       spec.path, PATH_MAX - 1);
	if (!spec.path[0])
		return hv_fail(err, HV_STATUS_USAGE,
			       "--block: the path is empty; write --block PATH[,ro][,direct][,id=NAME]");
	while (options)
		if (take_option(strsep(&options, ","), &spec, err) < 0)
			return -1;
	*ret_spec = spec;
	return 0;
}

/* ---- opening */

static int fail_errno(struct hv_error *err, const char *path, const char *what)
{
	return hv_fail(err, HV_STATUS_DEVICE, "disk %.256s: cannot %s it: %s", path,
		       what, strerror(errno));
}

/* Before it is opened: opening a tape rewinds it, opening a pipe waits. */
static int check_kind(const char *path, bool *ret_is_device,
		      struct hv_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno != ENOENT)
			return fail_errno(err, path, "find");
		return hv_fail(err, HV_STATUS_DEVICE,
			       "disk %.256s: there is no such file; make one with `truncate -s SIZE FILE`",
			       path);
	}
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return hv_fail(err, HV_STATUS_DEVICE,
			       "disk %.256s: it is a %s; give a regular file or a block device",
			       path,
			       S_ISDIR(st.st_mode)   ? "directory"
			       : S_ISCHR(st.st_mode) ? "character device"
						     : "pipe or socket");
	*ret_is_device = S_ISBLK(st.st_mode);
	return 0;
}

static int fail_open(const struct hv_disk_spec *spec, struct hv_error *err)
{
	if (errno == EINVAL && spec->direct)
		return hv_fail(err, HV_STATUS_DEVICE,
			       "disk %.256s: its file system cannot read it past the page cache; leave out \"direct\"",
			       spec->path);
	if (errno == EBUSY)
		return hv_fail(err, HV_STATUS_DEVICE,
			       "disk %.256s: the host uses it, perhaps as a mounted file system; unmount it, or give \"ro\"",
			       spec->path);
	if ((errno == EACCES || errno == EPERM || errno == EROFS) &&
	    !spec->read_only && access(spec->path, R_OK) == 0)
		return hv_fail(err, HV_STATUS_DEVICE,
			       "disk %.256s: it may be read but not written; give \"ro\", or permission to write",
			       spec->path);
	return fail_errno(err, spec->path, "open");
}

static int open_file(const struct hv_disk_spec *spec, bool is_device,
		     struct hv_error *err)
{
	int flags = O_CLOEXEC | O_NOCTTY |
		    (spec->read_only ? O_RDONLY : O_RDWR) |
		    (spec->direct ? O_DIRECT : 0);
	int fd;

	/* For a device: fails while a file system on it is mounted. */
	if (is_device && !spec->read_only)
		flags |= O_EXCL;
	fd = open(spec->path, flags);
	return fd < 0 ? fail_open(spec, err) : fd;
}

/* A process that was killed gives its lock back only when the kernel has torn
 * down its io_uring, some 50 ms after it is gone. */
static int try_lock(int fd, int how)
{
	static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, how | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return -1;
		nanosleep(&pause, NULL);
	}
	errno = EWOULDBLOCK;
	return -1;
}

/* Advisory: it keeps out whoever asks, as another Paravane does. */
static int lock(int fd, const struct hv_disk_spec *spec, struct hv_error *err)
{
	if (try_lock(fd, spec->read_only ? LOCK_SH : LOCK_EX) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return fail_errno(err, spec->path, "lock");
	return hv_fail(err, HV_STATUS_DEVICE,
		       spec->read_only
			       ? "disk %.256s: it is locked by a writer; wait until that ends, or use a copy"
			       : "disk %.256s: it is locked, being in use already; wait until that ends, use a copy, or give \"ro\" everywhere",
		       spec->path);
}

/* ---- measuring */

static int measure_size(struct hv_disk *disk, bool is_device, const char *path,
			struct hv_error *err)
{
	struct stat st;

	if (is_device) {
		if (ioctl(disk->fd, BLKGETSIZE64, &disk->size_bytes) < 0)
			return fail_errno(err, path, "measure");
	} else {
		if (fstat(disk->fd, &st) < 0)
			return fail_errno(err, path, "measure");
		disk->size_bytes = (uint64_t)st.st_size;
	}
	if (disk->size_bytes == 0)
		return hv_fail(err, HV_STATUS_DEVICE,
			       "disk %.256s: it is empty; give it a size with `truncate -s SIZE FILE`",
			       path);
	return 0;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* By trying, on kernels and file systems that do not tell: the least power of
 * two at which a read succeeds whose buffer, length and offset have no better
 * alignment. 0 if there is none. */
static uint32_t probe_alignment(int fd)
{
	_Alignas(BLOCK_BYTES_MAX) uint8_t buffer[2 * BLOCK_BYTES_MAX];

	for (uint32_t a = BLOCK_BYTES_MIN; a <= BLOCK_BYTES_MAX; a *= 2)
		if (pread(fd, buffer + a, a, 0) >= 0)
			return a;
	return 0;
}

/* A segment's length is held to the same alignment as its address: kernels
 * before 6.18 want whole blocks in every segment. */
static uint32_t direct_alignment(int fd)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) < 0 ||
	    !(stx.stx_mask & STATX_DIOALIGN))
		return probe_alignment(fd);
	if (!stx.stx_dio_offset_align)
		return 0;
	return larger(larger(stx.stx_dio_offset_align, stx.stx_dio_mem_align),
		      BLOCK_BYTES_MIN);
}

static int measure_blocks(struct hv_disk *disk, bool is_device,
			  const char *path, struct hv_error *err)
{
	int sector = BLOCK_BYTES_MIN;

	if (is_device && ioctl(disk->fd, BLKSSZGET, &sector) < 0)
		return fail_errno(err, path, "measure");
	disk->logical_block_bytes = larger((uint32_t)sector, BLOCK_BYTES_MIN);
	disk->buffer_align_bytes = 1;
	if (disk->direct) {
		uint32_t align = direct_alignment(disk->fd);

		if (!align || align > BLOCK_BYTES_MAX)
			return hv_fail(err, HV_STATUS_DEVICE,
				       "disk %.256s: it cannot be read past the page cache in blocks of at most %u bytes; leave out \"direct\"",
				       path, BLOCK_BYTES_MAX);
		disk->logical_block_bytes =
			larger(disk->logical_block_bytes, align);
		disk->buffer_align_bytes = disk->logical_block_bytes;
	}
	if (disk->logical_block_bytes > BLOCK_BYTES_MAX)
		return hv_fail(err, HV_STATUS_DEVICE,
			       "disk %.256s: its blocks are %u bytes, and guests can have at most %u; use another disk",
			       path, disk->logical_block_bytes,
			       BLOCK_BYTES_MAX);
	return 0;
}

static int check_tail(const struct hv_disk *disk, const char *path,
		      struct hv_error *err)
{
	uint64_t tail = disk->size_bytes % disk->logical_block_bytes;

	if (!tail || !disk->direct || disk->read_only)
		return 0;
	return hv_fail(err, HV_STATUS_DEVICE,
		       "disk %.256s: the last %llu bytes of it are no whole block of %u, which cannot be written past the page cache; leave out \"direct\", or give \"ro\"",
		       path, (unsigned long long)tail,
		       disk->logical_block_bytes);
}

/* Asked of a range past the end, where there is nothing to lose. A block device
 * refuses such a range whatever it can do: there a discard tells by itself. */
static bool can_discard(const struct hv_disk *disk, bool is_device)
{
	uint64_t end = hv_round_up(disk->size_bytes + 1, BLOCK_BYTES_MAX);

	if (disk->read_only)
		return false;
	return is_device ||
	       fallocate(disk->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)end, BLOCK_BYTES_MAX) == 0;
}

static int measure(struct hv_disk *disk, bool is_device, const char *path,
		   struct hv_error *err)
{
	if (measure_size(disk, is_device, path, err) < 0 ||
	    measure_blocks(disk, is_device, path, err) < 0 ||
	    check_tail(disk, path, err) < 0)
		return -1;
	disk->can_discard = can_discard(disk, is_device);
	return 0;
}

int hv_disk_open(const struct hv_disk_spec *spec, struct hv_disk *ret_disk,
		 struct hv_error *err)
{
	struct hv_disk disk = { .read_only = spec->read_only,
				.direct = spec->direct };
	bool is_device = false;

	if (check_kind(spec->path, &is_device, err) < 0)
		return -1;
	disk.fd = open_file(spec, is_device, err);
	if (disk.fd < 0)
		return -1;
	if (lock(disk.fd, spec, err) < 0 ||
	    measure(&disk, is_device, spec->path, err) < 0) {
		close(disk.fd);
		return -1;
	}
	*ret_disk = disk;
	return 0;
}

void hv_disk_done(struct hv_disk *disk)
{
	/* By hand, since an io_uring may hold the file for some time yet. */
	flock(disk->fd, LOCK_UN);
	close(disk->fd);
	disk->fd = -1;
}
