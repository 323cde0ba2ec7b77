/* SPDX-License-Identifier: MIT
 *
 * `paravane walk DUMP ADDRESS...`: where an address of a guest's leads, level by
 * level.
 */
#include "cmd.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "image.h"
#include "json.h"
#include "registers.h"
#include "status.h"
#include "symbols.h"
#include "walk-report.h"

enum { KEY_VCPU = 0x100, KEY_ROOT, KEY_USER };

struct options {
	const char *path;
	char **address;
	unsigned addresses;
	uint64_t vcpu, root;
	bool root_given, user, json;
};

/* "0x1f0" or "496", nothing behind it. */
static bool parse_number(const char *text, uint64_t *ret)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	char *end;

	if (!digits[0] || digits[strspn(digits, hex ? "0123456789abcdefABCDEF"
						    : "0123456789")])
		return false;
	errno = 0;
	*ret = strtoull(digits, &end, hex ? 16 : 10);
	return errno == 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case KEY_VCPU:
		if (!parse_number(arg, &options->vcpu))
			argp_error(state, "--vcpu %s is not a number of a vCPU",
				   arg);
		return 0;
	case KEY_ROOT:
		options->root_given = true;
		if (!parse_number(arg, &options->root) ||
		    options->root % PV_PAGE_BYTES)
			argp_error(state, "--root %s is not the guest-physical address of a page, such as 0x1000",
				   arg);
		return 0;
	case KEY_USER:
		options->user = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!options->path)
			options->path = arg;
		else
			options->address[options->addresses++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->path)
			argp_error(state, "name the DUMP: `paravane run --dump FILE` makes one");
		else if (!options->addresses)
			argp_error(state, "give an ADDRESS: a number, a register such as rip, or a symbol of the image");
		else if (options->user && options->root_given)
			argp_error(state, "--user and --root both choose page tables: give one of them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_list[] = {
	{ "vcpu", KEY_VCPU, "N", 0,
	  "Through the page tables, and with the registers, of vCPU N (default 0)", 0 },
	{ "user", KEY_USER, NULL, 0,
	  "Through the page tables of its user mode, even if it is not there now", 0 },
	{ "root", KEY_ROOT, "GPA", 0,
	  "Through the page tables whose root is at this guest-physical address", 0 },
	{ "json", 'j', NULL, 0, "Print JSON instead of text", 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.args_doc = "DUMP ADDRESS...",
	.doc = "Show where guest-virtual addresses lead, in the state of a guest that `paravane run --dump DUMP` wrote: "
	       "through each level of the page tables in force to a guest-physical address, and from there to the "
	       "host's; with the rights of each level, what lies there and what is in it."
	       "\vADDRESS is 0x and hexadecimal digits, a decimal number, a register (rip, rsp, ..., fs_base, gs_base) or "
	       "a symbol of the guest's image, if that is still where it was; +NUMBER or -NUMBER may follow: rsp+8.\n\n"
	       "Exits with 0, also if an address is not mapped; with 120 if the command line is wrong; with 121 and a "
	       "sentence on stderr if DUMP is no dump that this paravane can read.",
};

/* ---- addresses */

static bool is_register(const struct hv_dump_vcpu *vcpu, const char *name,
			uint64_t *ret)
{
	for (unsigned i = 0; i < HV_REGISTERS; i++)
		if (!strcmp(name, hv_register_names[i])) {
			*ret = hv_register(&vcpu->regs, i);
			return true;
		}
	if (!strcmp(name, "fs_base"))
		*ret = vcpu->fs_base;
	else if (!strcmp(name, "gs_base"))
		*ret = vcpu->gs_base;
	else
		return false;
	return true;
}

static int no_address(const struct hv_walk_view *view, const char *text,
		      struct hv_error *err)
{
	if (!view->dump->head.image_path[0])
		return hv_fail(err, HV_STATUS_USAGE, "%s is neither a number nor a register, and the dump does not tell where the image is, whose symbol it may be",
			       text);
	if (!view->image)
		return hv_fail(err, HV_STATUS_USAGE, "%s is neither a number nor a register, and the image whose symbol it may be is not at %s any more, or has changed",
			       text, view->dump->head.image_path);
	return hv_fail(err, HV_STATUS_USAGE, "%s is neither a number nor a register nor a symbol of %s",
		       text, view->dump->head.image_path);
}

/* The part before + or -, which no symbol of C's has. */
static int find_base(const struct hv_walk_view *view, const char *text, size_t len,
		     uint64_t *ret, struct hv_error *err)
{
	char *name = strndup(text, len);
	bool found;

	if (!name)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	found = parse_number(name, ret) || is_register(view->vcpu, name, ret) ||
		(view->image && hv_symbol_named(view->image, name, ret));
	free(name);
	return found ? 0 : no_address(view, text, err);
}

static int find_address(const struct hv_walk_view *view, const char *text,
			uint64_t *ret, struct hv_error *err)
{
	size_t len = strcspn(text, "+-");
	uint64_t offset = 0;

	if (find_base(view, text, len, ret, err) < 0)
		return -1;
	if (text[len] && !parse_number(text + len + 1, &offset))
		return hv_fail(err, HV_STATUS_USAGE,
			       "%s: what follows + or - is not a number", text);
	*ret += text[len] == '-' ? -offset : offset;
	return 0;
}

/* ---- the command */

/* An image that was built anew has other symbols. */
static bool is_the_image(const struct hv_image *image, const struct hv_dump *dump)
{
	return image->file.bytes == dump->head.image_bytes &&
	       image->file.mtime_ns == dump->head.image_mtime_ns;
}

static bool open_image(const struct hv_dump *dump, struct hv_image *ret_image)
{
	struct hv_error err = { .text = "" };

	if (!dump->head.image_path[0] ||
	    hv_image_open(ret_image, dump->head.image_path, &err) < 0)
		return false;
	if (is_the_image(ret_image, dump))
		return true;
	hv_image_done(ret_image);
	return false;
}

static int choose_view(const struct options *options, struct hv_walk_view *view,
		       struct hv_error *err)
{
	const struct hv_dump *dump = view->dump;
	const struct hv_dump_vcpu *vcpu = &dump->vcpu[0];

	if (options->vcpu >= dump->head.vcpus)
		return hv_fail(err, HV_STATUS_USAGE,
			       "there is no vCPU %" PRIu64 ": the guest has %u, counted from 0",
			       options->vcpu, dump->head.vcpus);
	vcpu += options->vcpu;
	view->vcpu = vcpu;
	view->given = options->root_given;
	view->user = !view->given &&
		     (options->user || vcpu->flags & HV_DUMP_USER);
	if (!view->given && !(vcpu->flags & HV_DUMP_UP))
		return hv_fail(err, HV_STATUS_USAGE,
			       "vCPU %u is down and has no page tables; use --root or another --vcpu",
			       vcpu->number);
	if (view->given)
		view->root = options->root;
	else
		view->root = options->user ? vcpu->user_tables
					   : hv_dump_tables(vcpu);
	if (view->user && !vcpu->user_tables)
		return hv_fail(err, HV_STATUS_USAGE,
			       "vCPU %u was never in user mode", vcpu->number);
	return 0;
}

static int walk_all(const struct options *options, const struct hv_walk_view *view,
		    const uint64_t gva[])
{
	struct json_object *object, *list;

	if (!options->json) {
		hv_walk_print_layers(view);
		for (unsigned i = 0; i < options->addresses; i++)
			hv_walk_print(view, gva[i]);
		return 0;
	}
	object = hv_walk_layers_json(view);
	list = json_object_new_array();
	for (unsigned i = 0; i < options->addresses; i++)
		json_object_array_add(list, hv_walk_json(view, gva[i]));
	hv_json_put(object, "walks", list);
	hv_json_print(stdout, object);
	json_object_put(object);
	return 0;
}

/* All addresses are understood before anything is printed. */
static int walk(const struct options *options, struct hv_walk_view *view,
		struct hv_error *err)
{
	uint64_t *gva = calloc(options->addresses, sizeof(*gva));
	int status = gva ? choose_view(options, view, err)
			 : hv_fail(err, HV_STATUS_FAILED, "out of memory");

	for (unsigned i = 0; i < options->addresses && status == 0; i++)
		status = find_address(view, options->address[i], &gva[i], err);
	if (status == 0)
		status = walk_all(options, view, gva);
	free(gva);
	return status;
}

static int walk_dump(const struct options *options, struct hv_error *err)
{
	static struct hv_dump dump;
	struct hv_image image;
	struct hv_walk_view view = { .dump = &dump };
	int status;

	if (hv_dump_open(&dump, options->path, err) < 0)
		return -1;
	if (open_image(&dump, &image))
		view.image = &image;
	status = walk(options, &view, err);
	if (view.image)
		hv_image_done(&image);
	hv_dump_done(&dump);
	return status;
}

int hv_cmd_walk(int argc, char **argv)
{
	struct options options = {
		.address = calloc((size_t)argc + 1, sizeof(char *)),
	};
	struct hv_error err = { .text = "" };
	int status = 0;

	if (!options.address) {
		fprintf(stderr, "paravane: out of memory\n");
		return HV_STATUS_FAILED;
	}
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (walk_dump(&options, &err) < 0) {
		fprintf(stderr, "paravane: %s\n", err.text);
		status = (int)err.status;
	}
	free(options.address);
	return status;
}
