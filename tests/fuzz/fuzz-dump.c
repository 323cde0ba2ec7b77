/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: reading a dump, and walking through one. The input is taken twice: as
 * a file, and as patches to a good dump, which reach the deep checks, and its page
 * tables, at once.
 */
#include <assert.h>

#include "../made-dump.h"
#include "dump.h"
#include "json.h"
#include "walk-report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_memories(const struct hv_dump *dump)
{
	uint8_t byte;

	for (unsigned i = 0; i < HV_DUMP_MEMORIES; i++) {
		const struct hv_dump_memory *m = &dump->head.memory[i];

		if (!m->bytes)
			continue;
		assert(hv_dump_memory_at(dump, m->gpa, m->bytes) == m);
		assert(hv_dump_read(dump, m->gpa, &byte, 1));
		assert(hv_dump_read(dump, m->gpa + m->bytes - 1, &byte, 1));
	}
}

static void walk(const struct hv_dump *dump, const struct hv_dump_vcpu *vcpu,
		 uint64_t gva)
{
	const struct hv_walk_view view = {
		.dump = dump, .vcpu = vcpu, .root = hv_dump_tables(vcpu),
		.user = vcpu->flags & HV_DUMP_USER,
	};

	json_object_put(hv_walk_json(&view, gva));
}

static void walk_all(const struct hv_dump *dump)
{
	for (unsigned i = 0; i < dump->head.vcpus; i++) {
		const struct hv_dump_vcpu *vcpu = &dump->vcpu[i];
		const struct hv_walk_view view = { .dump = dump, .vcpu = vcpu };

		json_object_put(hv_walk_layers_json(&view));
		walk(dump, vcpu, MADE_GVA);
		walk(dump, vcpu, MADE_GVA_WINDOW + 0xff8);
		walk(dump, vcpu, MADE_GVA_LOOP);
		walk(dump, vcpu, vcpu->regs.rip);
	}
}

static void try_dump(const void *data, size_t bytes)
{
	static struct hv_dump dump;
	struct hv_error err = { .text = "" };

	if (hv_dump_parse(&dump, data, bytes, &err) < 0) {
		assert(err.status == HV_STATUS_IMAGE && err.text[0]);
		return;
	}
	assert(dump.head.vcpus >= 1 && dump.head.vcpus <= PV_VCPUS_MAX);
	assert(dump.head.ranges <= HV_RANGES_MAX);
	check_memories(&dump);
	walk_all(&dump);
}

/* Two bytes of where, one of what: in the headers and the note, or in the page
 * tables; the first two bytes are how much of the file to cut off. */
static void try_patches(const uint8_t *data, size_t bytes)
{
	static struct made_dump made;
	uint8_t *file = (uint8_t *)&made;
	size_t left = sizeof(made);

	if (bytes < 2)
		return;
	make_dump(&made);
	if (data[1] & 0x80)
		left -= (size_t)(data[0] | (data[1] & 0x7f) << 8) % left;
	for (size_t i = 2; i + 3 <= bytes; i += 3)
		file[(data[i] | data[i + 1] << 8) % sizeof(made)] = data[i + 2];
	try_dump(file, left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	try_dump(data, bytes);
	try_patches(data, bytes);
	return 0;
}
