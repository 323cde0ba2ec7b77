/* SPDX-License-Identifier: MIT
 *
 * See stats.h.
 */
#include "stats.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "block.h"
#include "clock.h"
#include "operations.h"
#include "vm.h"

static const char *const exit_names[HV_EXIT_KINDS] = {
	[HV_EXIT_OPERATION] = "operation",
	[HV_EXIT_DOORBELL] = "doorbell",
	[HV_EXIT_FAULT] = "fault",
	[HV_EXIT_KICKED] = "kicked",
	[HV_EXIT_DEAD] = "dead",
};

uint64_t hv_process_start_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return hv_host_ns() - (uint64_t)used.tv_sec * 1000000000 -
	       (uint64_t)used.tv_nsec;
}

static void put(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static struct json_object *exits_json(const struct hv_stats *stats)
{
	struct json_object *exits = json_object_new_object();
	unsigned i;

	for (i = 0; i < HV_EXIT_KINDS; i++)
		put(exits, exit_names[i], stats->exits[i]);
	return exits;
}

static struct json_object *operations_json(const struct hv_stats *stats)
{
	struct json_object *operations = json_object_new_object();
	char number[16];
	unsigned i;

	for (i = 0; i < PV_OP_SLOTS; i++) {
		const char *name = hv_operation_name(i);

		if (!stats->operations[i])
			continue;
		snprintf(number, sizeof(number), "%u", i);
		put(operations, name ? name : number, stats->operations[i]);
	}
	return operations;
}

static struct json_object *block_json(const struct hv_vm *vm)
{
	struct json_object *list = json_object_new_array();
	unsigned i;

	for (i = 0; i < vm->blocks; i++) {
		struct json_object *o = json_object_new_object();
		struct hv_block_stats b;

		hv_block_stats(vm->block[i], &b);
		put(o, "requests", b.requests);
		put(o, "failed", b.failed);
		put(o, "read_bytes", b.read_bytes);
		put(o, "written_bytes", b.written_bytes);
		put(o, "doorbells", b.doorbells);
		put(o, "events_sent", b.events_sent);
		put(o, "events_suppressed", b.events_suppressed);
		put(o, "batches", b.submits);
		json_object_array_add(list, o);
	}
	return list;
}

/* Resident bytes of this process, guest RAM left out. */
static uint64_t own_resident_bytes(const struct hv_memory *ram)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	uint64_t from = 0, to, kib, total = 0;
	uintptr_t base = (uintptr_t)ram->base;
	char line[512];

	if (!maps)
		return 0;
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &from, &to) == 2)
			continue;
		if (sscanf(line, "Rss: %" SCNu64 " kB", &kib) == 1 &&
		    from - base >= ram->bytes)
			total += kib << 10;
	}
	fclose(maps);
	return total;
}

static struct json_object *stats_json(struct hv_vm *vm)
{
	const struct hv_stats *s = &vm->stats;
	struct json_object *o = json_object_new_object();

	put(o, "version", 1);
	json_object_object_add(o, "engine",
			       json_object_new_string(vm->engine->ops->name));
	put(o, "ram_bytes", vm->memory.bytes);
	put(o, "start_to_entry_ns", s->entry_ns - s->process_ns);
	put(o, "start_to_exit_ns", s->end_ns - s->process_ns);
	put(o, "blocked_ns", s->blocked_ns);
	put(o, "monitor_resident_bytes", own_resident_bytes(&vm->memory));
	put(o, "console_read_bytes", s->console_read_bytes);
	put(o, "console_written_bytes", s->console_written_bytes);
	json_object_object_add(o, "exits", exits_json(s));
	json_object_object_add(o, "operations", operations_json(s));
	json_object_object_add(o, "block", block_json(vm));
	return o;
}

int hv_stats_write(struct hv_vm *vm, const char *path, struct hv_error *err)
{
	struct json_object *o = stats_json(vm);
	const char *text = json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	FILE *out = path ? fopen(path, "we") : stderr;
	int bad = !out || fprintf(out, "%s\n", text) < 0;

	if (out && (path ? fclose(out) : fflush(out)))
		bad = 1;
	json_object_put(o);
	if (bad)
		return hv_fail(err, HV_STATUS_FAILED,
			       "cannot write statistics to %s: %s",
			       path ? path : "stderr", strerror(errno));
	return 0;
}
