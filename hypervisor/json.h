/* SPDX-License-Identifier: MIT
 *
 * JSON as all commands write it: what json-c leaves to its callers. Values that
 * are put belong to the object from then on.
 */
#ifndef HV_JSON_H
#define HV_JSON_H

#include <json-c/json.h>
#include <stdio.h>

/* NULL is written as null. */
void hv_json_put(struct json_object *object, const char *key,
		 struct json_object *value);
void hv_json_put_text(struct json_object *object, const char *key,
		      const char *text);
void hv_json_put_u64(struct json_object *object, const char *key,
		     uint64_t number);
/* As fprintf: negative if the file does not take it. */
int hv_json_print(FILE *out, struct json_object *object);

#endif
