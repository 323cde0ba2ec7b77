/* SPDX-License-Identifier: MIT
 *
 * See survey-read.h. The file may be anybody's: what is not as it should be is said,
 * and nothing is believed before.
 */
#include "survey-read.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "techniques.h"

/* Ten times what a survey of as many rounds as can be has. */
#define FILE_BYTES_MAX (4 << 20)
#define RECORDS_MAX 1000

static bool is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}

/* For a terminal; NULL if it is none. */
static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	const char *text;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return is_printable(text) ? text : NULL;
}

static size_t length_of(struct json_object *object, const char *key,
			struct json_object **ret_list)
{
	*ret_list = NULL;
	if (!json_object_object_get_ex(object, key, ret_list) ||
	    !json_object_is_type(*ret_list, json_type_array))
		return 0;
	return json_object_array_length(*ret_list);
}

/* A time: a number above 0, or NAN. */
static double time_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	double number;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !(json_object_is_type(value, json_type_double) ||
	      json_object_is_type(value, json_type_int)))
		return NAN;
	number = json_object_get_double(value);
	return isfinite(number) && number >= 0 ? number : NAN;
}

static int fail(const struct hv_records *records, const char *what,
		struct hv_error *err)
{
	return hv_fail(err, HV_STATUS_USAGE,
		       "%.300s is damaged: %s; make it again with `paravane "
		       "bench techniques --json`",
		       records->path, what);
}

static bool may_be_survey(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size <= FILE_BYTES_MAX;
}

static int read_file(struct hv_records *records, struct hv_error *err)
{
	/* O_NONBLOCK: a named pipe must not wait for a writer. */
	int fd = open(records->path,
		      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return hv_fail(err, HV_STATUS_USAGE, "cannot read %.300s: %s",
			       records->path, strerror(errno));
	if (may_be_survey(fd))
		records->root = json_object_from_fd(fd);
	close(fd);
	if (!json_object_is_type(records->root, json_type_object))
		return hv_fail(err, HV_STATUS_USAGE,
			       "%.300s is no JSON file of `paravane bench "
			       "techniques`",
			       records->path);
	return 0;
}

static int check_version(const struct hv_records *records, struct hv_error *err)
{
	const char *format = text_of(records->root, "format");
	struct json_object *version = NULL;

	if (!format || strcmp(format, HV_SURVEY_FORMAT) != 0 ||
	    !json_object_object_get_ex(records->root, "version", &version))
		return hv_fail(err, HV_STATUS_USAGE,
			       "%.300s is no JSON file of `paravane bench "
			       "techniques`",
			       records->path);
	if (!json_object_is_type(version, json_type_int) ||
	    json_object_get_int(version) != HV_SURVEY_VERSION)
		return hv_fail(err, HV_STATUS_USAGE,
			       "%.300s is of version %.20s of that format, and this "
			       "Paravane reads version %d: make it again with "
			       "`paravane bench techniques --json`",
			       records->path, json_object_get_string(version),
			       HV_SURVEY_VERSION);
	return 0;
}

static void append(struct hv_records *records, const struct hv_record *record)
{
	struct hv_record *more =
		reallocarray(records->record, records->records + 1,
			     sizeof(*more));

	if (!more)
		abort();
	records->record = more;
	more[records->records++] = *record;
}

static int read_cell(struct hv_records *records, struct json_object *cell,
		     struct hv_record record, struct hv_error *err)
{
	struct json_object *list;

	record.technique = text_of(cell, "technique");
	if (!record.technique)
		return fail(records, "a technique has no name", err);
	record.samples = length_of(cell, "samples", &list);
	if (record.samples == 0)
		return 0; /* it was not measured */
	record.range = (struct hv_range){ time_of(cell, "low"),
					  time_of(cell, "ns_per_operation"),
					  time_of(cell, "high") };
	record.digest = text_of(cell, "digest");
	if (!(record.range.low <= record.range.median &&
	      record.range.median <= record.range.high &&
	      record.range.median > 0))
		return fail(records, "a figure is not a time", err);
	if (records->records == RECORDS_MAX)
		return fail(records, "it has too many figures", err);
	append(records, &record);
	return 0;
}

static int read_task(struct hv_records *records, struct json_object *task,
		     struct hv_error *err)
{
	struct hv_record record = { .task = text_of(task, "task"),
				    .title = text_of(task, "title") };
	struct json_object *list, *times = NULL;
	size_t cells = length_of(task, "techniques", &list);

	if (!record.task || !record.title)
		return fail(records, "a task has no name", err);
	if (json_object_object_get_ex(task, "times", &times))
		record.times = json_object_get_int(times);
	for (size_t i = 0; i < cells; i++)
		if (read_cell(records, json_object_array_get_idx(list, i),
			      record, err) < 0)
			return -1;
	return 0;
}

int hv_records_open(struct hv_records *records, const char *path,
		    struct hv_error *err)
{
	struct json_object *list;
	size_t tasks;

	*records = (struct hv_records){ .path = path };
	if (read_file(records, err) < 0 || check_version(records, err) < 0)
		return -1;
	tasks = length_of(records->root, "tasks", &list);
	for (size_t i = 0; i < tasks; i++)
		if (read_task(records, json_object_array_get_idx(list, i),
			      err) < 0)
			return -1;
	return 0;
}

void hv_records_done(struct hv_records *records)
{
	free(records->record);
	json_object_put(records->root);
}

const struct hv_record *hv_records_find(const struct hv_records *records,
					const struct hv_record *like)
{
	for (size_t i = 0; i < records->records; i++)
		if (strcmp(records->record[i].task, like->task) == 0 &&
		    strcmp(records->record[i].technique, like->technique) == 0)
			return &records->record[i];
	return NULL;
}

const char *hv_records_host(const struct hv_records *records, const char *key)
{
	struct json_object *host = NULL;
	const char *text = NULL;

	if (json_object_object_get_ex(records->root, "host", &host))
		text = text_of(host, key);
	return text ? text : "?";
}
