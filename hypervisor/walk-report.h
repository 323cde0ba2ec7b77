/* SPDX-License-Identifier: MIT
 *
 * Walks through a dump, as text and as JSON: guest-virtual to guest-physical to host.
 */
#ifndef HV_WALK_REPORT_H
#define HV_WALK_REPORT_H

#include <pvabi/base.h>

#include "dump.h"
#include "image.h"

struct json_object;

/* Through whose eyes. */
struct hv_walk_view {
	const struct hv_dump *dump;
	const struct hv_image *image; /* for names; NULL: not there any more */
	const struct hv_dump_vcpu *vcpu;
	pv_gpa_t root;
	bool user;  /* root is that of its user mode */
	bool given; /* root is the user's choice */
};

/* The three layers, and which tables are between the first two. */
void hv_walk_print_layers(const struct hv_walk_view *view);
void hv_walk_print(const struct hv_walk_view *view, uint64_t gva);

/* The same; the walks go into the array "walks" of it. */
struct json_object *hv_walk_layers_json(const struct hv_walk_view *view);
struct json_object *hv_walk_json(const struct hv_walk_view *view, uint64_t gva);

#endif
