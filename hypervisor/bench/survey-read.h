/* SPDX-License-Identifier: MIT
 *
 * What `paravane bench techniques --json` wrote, read again.
 */
#ifndef HV_BENCH_SURVEY_READ_H
#define HV_BENCH_SURVEY_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "../error.h"
#include "statistics.h"

struct json_object;

/* One cell of a survey; the texts are the file's, as long as it is open. */
struct hv_record {
	const char *task, *title, *technique;
	struct hv_range range; /* ns per operation */
	size_t samples;
	int times;          /* of a workload; 0 for others */
	const char *digest; /* NULL: there is none */
};

struct hv_records {
	const char *path;
	struct json_object *root;
	struct hv_record *record; /* those that have figures */
	size_t records;
};

/* A file that is none, is damaged or of another version is HV_STATUS_USAGE. */
int hv_records_open(struct hv_records *records, const char *path,
		    struct hv_error *err);
void hv_records_done(struct hv_records *records);
/* The record of the same task and technique, or NULL. */
const struct hv_record *hv_records_find(const struct hv_records *records,
					const struct hv_record *like);
/* A text about the host, such as "cpu"; "?" if it is missing. */
const char *hv_records_host(const struct hv_records *records, const char *key);

#endif
