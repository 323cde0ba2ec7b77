/* SPDX-License-Identifier: MIT
 *
 * See json.h.
 */
#include "json.h"

void hv_json_put(struct json_object *object, const char *key,
		 struct json_object *value)
{
	json_object_object_add(object, key, value);
}

void hv_json_put_text(struct json_object *object, const char *key,
		      const char *text)
{
	hv_json_put(object, key, text ? json_object_new_string(text) : NULL);
}

void hv_json_put_u64(struct json_object *object, const char *key,
		     uint64_t number)
{
	hv_json_put(object, key, json_object_new_uint64(number));
}

int hv_json_print(FILE *out, struct json_object *object)
{
	return fprintf(out, "%s\n", json_object_to_json_string_ext(
			       object, JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
}
