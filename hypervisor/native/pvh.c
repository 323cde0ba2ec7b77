/* SPDX-License-Identifier: MIT
 *
 * What a PVH kernel is told at its entry: hvm_start_info, version 1, of Xen's public
 * interface, with the memory map, the command line, and where ACPI's tables are. All
 * of it lies from HV_NATIVE_BOOT on, with the RSDP first, where those who search for it
 * find it.
 */
#include <assert.h>
#include <string.h>

#include "../machine.h"
#include "native.h"

#define MAGIC 0x336ec578u
#define VERSION 1u

struct start_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list, command_line, rsdp;
	uint64_t memory_map;
	uint32_t memory_map_entries, reserved;
};

struct memory_entry {
	uint64_t address, bytes;
	uint32_t type, reserved;
};

enum { MEMORY_RAM = 1, MEMORY_RESERVED = 2 }; /* as of E820 */
#define MEMORY_ENTRIES_MAX 5u

/* How much of the room is taken. What is not the command line's is little. */
struct place {
	uint8_t *base;
	uint64_t room, used;
};

static void *take(struct place *place, uint64_t bytes, pv_gpa_t *ret_gpa)
{
	uint64_t at = hv_round_up(place->used, 16);

	assert(bytes <= place->room - at);
	place->used = at + bytes;
	*ret_gpa = HV_NATIVE_BOOT + at;
	return place->base + at;
}

/* ---- the command line: words, with double quotes around blanks */

struct text {
	char *at;
	uint64_t left; /* for more than this and a NUL */
	bool full;
};

static void put(struct text *text, const char *more)
{
	size_t len = strlen(more);

	if (len > text->left) {
		text->full = true;
		return;
	}
	memcpy(text->at, more, len);
	text->at += len;
	text->left -= len;
}

static int put_word(struct text *text, const char *word, struct hv_error *err)
{
	bool quote = !*word || strpbrk(word, " \t\n");

	if (strchr(word, '"'))
		return hv_fail(err, HV_STATUS_USAGE,
			       "the argument %.200s has a double quote, which the command line of a bare-metal kernel cannot carry",
			       word);
	put(text, quote ? "\"" : "");
	put(text, word);
	put(text, quote ? "\" " : " ");
	return 0;
}

static int put_command_line(struct place *place, struct hv_vm *vm,
			    const struct hv_machine_options *options,
			    pv_gpa_t *ret_gpa, struct hv_error *err)
{
	char word[HV_VIRTIO_WORD_BYTES];
	struct text text;

	text.at = take(place, 1, ret_gpa);
	text.left = place->room - place->used;
	text.full = false;
	for (int i = 1; i < options->argc; i++)
		if (put_word(&text, options->argv[i], err) < 0)
			return -1;
	for (unsigned i = 0; i < options->disks; i++) {
		hv_virtio_word(hv_virtio_block_device(vm->native->disk[i]), word);
		put(&text, word);
	}
	for (unsigned i = 0; i < options->nets; i++) {
		hv_virtio_word(hv_virtio_net_device(vm->native->net[i]), word);
		put(&text, word);
	}
	/* As Linux has it. CPUID says so too, but on some hosts answers itself. */
	if (vm->native->interpreted)
		put(&text, "noxsave ");
	if (text.full)
		return hv_fail(err, HV_STATUS_USAGE,
			       "the arguments after -- are too long: a bare-metal kernel's command line has %llu bytes",
			       (unsigned long long)(place->room - place->used));
	place->used = place->room - text.left;
	return 0;
}

/* ---- memory */

static unsigned fill_map(struct memory_entry *map, uint64_t ram_bytes)
{
	const struct memory_entry low[] = {
		{ 0, HV_NATIVE_ROM, MEMORY_RAM, 0 },
		{ HV_NATIVE_ROM, HV_NATIVE_ROM_END - HV_NATIVE_ROM,
		  MEMORY_RESERVED, 0 },
	};
	uint64_t below = ram_bytes < HV_NATIVE_HOLE ? ram_bytes : HV_NATIVE_HOLE;
	unsigned n = 2;

	memcpy(map, low, sizeof(low));
	map[n++] = (struct memory_entry){ HV_NATIVE_ROM_END,
					  below - HV_NATIVE_ROM_END, MEMORY_RAM,
					  0 };
	if (ram_bytes > below) {
		map[n++] = (struct memory_entry){ HV_NATIVE_HOLE,
						  HV_NATIVE_HOLE_END -
							  HV_NATIVE_HOLE,
						  MEMORY_RESERVED, 0 };
		map[n++] = (struct memory_entry){ HV_NATIVE_HOLE_END,
						  ram_bytes - below, MEMORY_RAM,
						  0 };
	}
	return n;
}

int hv_native_tell(struct hv_vm *vm, const struct hv_machine_options *options,
		   pv_gpa_t *ret_start_info, struct hv_error *err)
{
	struct place place = { .base = vm->memory.base + HV_NATIVE_BOOT,
			       .room = HV_NATIVE_BOOT_END - HV_NATIVE_BOOT };
	struct start_info *info;
	pv_gpa_t map, line;

	/* The vCPUs are no more than fit, and the rest is small. */
	place.used = hv_acpi_write(place.base, place.room, HV_NATIVE_BOOT,
				   vm->vcpus);
	info = take(&place, sizeof(*info), ret_start_info);
	*info = (struct start_info){ .magic = MAGIC, .version = VERSION,
				     .rsdp = HV_NATIVE_BOOT };
	info->memory_map_entries = fill_map(
		take(&place, MEMORY_ENTRIES_MAX * sizeof(struct memory_entry),
		     &map),
		options->ram_bytes);
	info->memory_map = map;
	if (put_command_line(&place, vm, options, &line, err) < 0)
		return -1;
	info->command_line = line;
	return 0;
}
