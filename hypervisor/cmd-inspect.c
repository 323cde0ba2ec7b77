/* SPDX-License-Identifier: MIT
 *
 * `paravane inspect GUEST`: what a guest image says of itself, without running
 * it.
 */
#include "cmd.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>

#include "feature-names.h"
#include "image.h"
#include "json.h"
#include "status.h"
#include "symbols.h"

struct options {
	const char *path;
	bool json;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->path)
			argp_error(state, "inspect takes one GUEST, not also "
				   "\"%s\"", arg);
		options->path = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name the GUEST to inspect");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_list[] = {
	{ "json", 'j', NULL, 0, "Print JSON instead of text", 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.args_doc = "GUEST",
	.doc = "Print what the guest image GUEST says of itself: its ABI "
	       "version, the features it requires and wants, its segments and "
	       "their rights, its entry point, its stack and the RAM it needs. Or "
	       "that it is a bare-metal kernel, for the native machine."
	       "\vExits with 0, or with 121 and a sentence on stderr if GUEST "
	       "is no image that this paravane could run.",
};

static const char *rights(const struct hv_segment *segment)
{
	if (segment->exec)
		return segment->write ? "rwx" : "r-x";
	return segment->write ? "rw-" : "r--";
}

static void print_entry(const struct hv_image *image)
{
	uint64_t offset;
	const char *symbol = hv_symbol_at(image, image->entry, &offset);

	printf("entry     %#" PRIx64, image->entry);
	if (symbol && offset == 0)
		printf(" %s", symbol);
	else if (symbol)
		printf(" %s+%#" PRIx64, symbol, offset);
	putchar('\n');
}

static void print_segments(const struct hv_image *image)
{
	printf("segments  %-16s %12s %12s  rights\n", "address", "in memory",
	       "in file");
	for (unsigned i = 0; i < image->segments; i++) {
		const struct hv_segment *s = &image->segment[i];

		printf("          %#-16" PRIx64 " %12" PRIu64 " %12" PRIu64
		       "  %s\n", s->gpa, s->memory_bytes, s->file_bytes,
		       rights(s));
	}
}

static void print_native(const struct hv_image *image)
{
	printf("guest     %s\n", image->file.path);
	printf("machine   native: a bare-metal kernel, with a PVH note\n");
	print_entry(image);
	printf("memory    at least --mem %" PRIu64 "M\n",
	       hv_image_memory_need_mib(image));
	print_segments(image);
}

static void print_text(const struct hv_image *image)
{
	const struct pv_note *note = &image->note;
	char text[512];

	printf("guest     %s\n", image->file.path);
	printf("abi       %" PRIu32 ".%" PRIu32 "\n", note->abi_version >> 16,
	       note->abi_version & 0xffff);
	printf("flags     %#" PRIx32 "\n", note->flags);
	printf("requires  %s\n",
	       hv_features_text(note->required, text, sizeof(text)));
	printf("wants     %s\n",
	       hv_features_text(note->wanted, text, sizeof(text)));
	print_entry(image);
	printf("stack     %" PRIu64 " KiB\n", image->stack_bytes >> 10);
	printf("memory    at least --mem %" PRIu64 "M\n",
	       hv_image_memory_need_mib(image));
	print_segments(image);
}

static struct json_object *features_json(uint64_t features)
{
	struct json_object *list = json_object_new_array();
	char text[24];

	for (unsigned bit = 0; bit < 64; bit++)
		if (features >> bit & 1)
			json_object_array_add(list, json_object_new_string(
				hv_features_text(UINT64_C(1) << bit, text,
						 sizeof(text))));
	return list;
}

static struct json_object *segments_json(const struct hv_image *image)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < image->segments; i++) {
		const struct hv_segment *s = &image->segment[i];
		struct json_object *one = json_object_new_object();

		hv_json_put_u64(one, "address", s->gpa);
		hv_json_put_u64(one, "memory_bytes", s->memory_bytes);
		hv_json_put_u64(one, "file_offset", s->file_offset);
		hv_json_put_u64(one, "file_bytes", s->file_bytes);
		hv_json_put_text(one, "rights", rights(s));
		json_object_array_add(list, one);
	}
	return list;
}

static void put_entry(struct json_object *object, const struct hv_image *image)
{
	uint64_t offset = 0;
	const char *symbol = hv_symbol_at(image, image->entry, &offset);

	hv_json_put_u64(object, "entry", image->entry);
	hv_json_put_text(object, "entry_symbol", symbol);
	hv_json_put_u64(object, "entry_symbol_offset", offset);
}

static void put_note(struct json_object *object, const struct pv_note *note)
{
	hv_json_put_u64(object, "abi_major", note->abi_version >> 16);
	hv_json_put_u64(object, "abi_minor", note->abi_version & 0xffff);
	hv_json_put_u64(object, "flags", note->flags);
	hv_json_put(object, "requires", features_json(note->required));
	hv_json_put(object, "wants", features_json(note->wanted));
}

static void print_json(const struct hv_image *image)
{
	struct json_object *object = json_object_new_object();
	const struct pv_note *note = &image->note;

	hv_json_put_u64(object, "version", 1);
	hv_json_put_text(object, "path", image->file.path);
	hv_json_put_text(object, "machine", image->native ? "native"
							  : "paravirtual");
	if (!image->native)
		put_note(object, note);
	put_entry(object, image);
	if (!image->native)
		hv_json_put_u64(object, "stack_bytes", image->stack_bytes);
	hv_json_put_u64(object, "memory_bytes", hv_image_memory_need(image));
	hv_json_put(object, "segments", segments_json(image));
	hv_json_print(stdout, object);
	json_object_put(object);
}

int hv_cmd_inspect(int argc, char **argv)
{
	struct options options = { 0 };
	struct hv_error err = { 0 };
	struct hv_image image;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (hv_image_open(&image, options.path, &err) < 0) {
		fprintf(stderr, "paravane: %s\n", err.text);
		return (int)err.status;
	}
	if (options.json)
		print_json(&image);
	else if (image.native)
		print_native(&image);
	else
		print_text(&image);
	hv_image_done(&image);
	return 0;
}
