/* SPDX-License-Identifier: MIT
 *
 * What --block takes, and which disks can be opened.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"

static struct hv_disk_spec spec;
static char option[5000]; /* what spec points into */

static int parse(const char *text, struct hv_error *err)
{
	snprintf(option, sizeof(option), "%s", text);
	return hv_disk_parse(option, &spec, err);
}

static void parses(const char *text)
{
	struct hv_error err = { .text = "" };

	cr_assert_eq(parse(text, &err), 0, "%s: %s", text, err.text);
}

/* One sentence with the status of a wrong command line. */
static void refuses(const char *text, const char *word)
{
	struct hv_error err = { .text = "" };

	cr_assert_eq(parse(text, &err), -1, "%s", text);
	cr_assert_eq(err.status, HV_STATUS_USAGE);
	cr_assert(strstr(err.text, word), "\"%s\" does not say \"%s\"", err.text,
		  word);
	cr_assert_null(strchr(err.text, '\n'));
}

Test(disk_option, a_path_alone)
{
	parses("/tmp/a disk");
	cr_assert_str_eq(spec.path, "/tmp/a disk");
	cr_assert_str_eq(spec.id, "");
	cr_assert_not(spec.read_only);
	cr_assert_not(spec.direct);
}

Test(disk_option, every_option_in_any_order)
{
	parses("d,ro,direct,id=data-1.x_y");
	cr_assert(spec.read_only && spec.direct);
	cr_assert_str_eq(spec.id, "data-1.x_y");
	parses("d,id=x,direct,ro");
	cr_assert(spec.read_only && spec.direct);
	cr_assert_str_eq(spec.path, "d");
}

Test(disk_option, a_comma_in_a_path_is_written_twice)
{
	parses("a,,b,ro");
	cr_assert_str_eq(spec.path, "a,b");
	cr_assert(spec.read_only);
	parses(",,");
	cr_assert_str_eq(spec.path, ",");
	parses("a,,,ro");
	cr_assert_str_eq(spec.path, "a,");
	cr_assert(spec.read_only);
	parses("a,,ro");
	cr_assert_str_eq(spec.path, "a,ro");
	cr_assert_not(spec.read_only);
}

Test(disk_option, what_is_not_taken)
{
	refuses("", "path");
	refuses(",ro", "path");
	refuses("d,", "unknown");
	refuses("d,rw", "rw");
	refuses("d,ro,", "unknown");
	refuses("d,Ro", "Ro");
	refuses("d,ro,ro", "twice");
	refuses("d,direct,direct", "twice");
	refuses("d,id=", "id");
	refuses("d,id=a,id=b", "twice");
	refuses("d,id=with space", "id");
	refuses("d,id=tab\there", "id");
	refuses("d,id=0123456789012345678901234567890123", "id");
	refuses("d,size=5", "size=5");
}

Test(disk_option, the_longest_id_fits)
{
	parses("d,id=0123456789012345678901234567890");
	cr_assert_eq(strlen(spec.id), 31);
}

Test(disk_option, a_path_that_is_too_long)
{
	char text[5000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	refuses(text, "long");
	text[4095] = '\0';
	parses(text);
	cr_assert_eq(strlen(spec.path), 4095);
}

static char path[] = "/tmp/paravane-test-disk.XXXXXX";

static void make_file(void)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, 1000100), 0);
	close(fd);
}

static void remove_file(void)
{
	unlink(path);
}

TestSuite(disk, .init = make_file, .fini = remove_file, .timeout = 20);

static int open_disk(bool read_only, struct hv_disk *ret_disk,
		     struct hv_error *err)
{
	const struct hv_disk_spec s = { .path = path, .read_only = read_only };

	return hv_disk_open(&s, ret_disk, err);
}

static void cannot_open(bool read_only, const char *word)
{
	struct hv_error err = { .text = "" };
	struct hv_disk disk;

	cr_assert_eq(open_disk(read_only, &disk, &err), -1);
	cr_assert_eq(err.status, HV_STATUS_DEVICE);
	cr_assert(strstr(err.text, word), "\"%s\" does not say \"%s\"", err.text,
		  word);
}

Test(disk, it_is_measured)
{
	struct hv_error err = { .text = "" };
	struct hv_disk disk;

	cr_assert_eq(open_disk(false, &disk, &err), 0, "%s", err.text);
	cr_assert_eq(disk.size_bytes, 1000100);
	cr_assert_eq(disk.logical_block_bytes, 512);
	cr_assert_eq(disk.buffer_align_bytes, 1);
	hv_disk_done(&disk);
}

Test(disk, a_writer_keeps_everybody_out)
{
	struct hv_error err = { .text = "" };
	struct hv_disk disk;

	cr_assert_eq(open_disk(false, &disk, &err), 0);
	cannot_open(false, "locked");
	cannot_open(true, "locked");
	hv_disk_done(&disk);
	cr_assert_eq(open_disk(false, &disk, &err), 0);
	hv_disk_done(&disk);
}

Test(disk, readers_share_and_keep_writers_out)
{
	struct hv_error err = { .text = "" };
	struct hv_disk first, second;

	cr_assert_eq(open_disk(true, &first, &err), 0);
	cr_assert_eq(open_disk(true, &second, &err), 0);
	cannot_open(false, "locked");
	hv_disk_done(&first);
	hv_disk_done(&second);
}

Test(disk, an_empty_file_is_refused)
{
	cr_assert_eq(truncate(path, 0), 0);
	cannot_open(true, "empty");
}

Test(disk, a_missing_file_is_refused)
{
	unlink(path);
	cannot_open(true, "no such file");
}

Test(disk, a_pipe_is_refused_without_waiting)
{
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cannot_open(false, "pipe");
}
