/* SPDX-License-Identifier: MIT
 *
 * See stats.h.
 */
#include "stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "block.h"
#include "clock.h"
#include "json.h"
#include "native/native.h"
#include "net.h"
#include "operations.h"
#include "vm.h"

static const char *const exit_names[HV_EXIT_KINDS] = {
	[HV_EXIT_OPERATION] = "operation",
	[HV_EXIT_DOORBELL] = "doorbell",
	[HV_EXIT_FAULT] = "fault",
	[HV_EXIT_SYSCALL] = "syscall",
	[HV_EXIT_RETURN] = "upcall_return",
	[HV_EXIT_PORT] = "port",
	[HV_EXIT_KICKED] = "kicked",
	[HV_EXIT_DEAD] = "dead",
};

uint64_t hv_process_start_ns(void)
{
	return hv_host_ns() - hv_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static uint64_t *words(struct hv_vcpu_stats *stats)
{
	return (uint64_t *)(void *)stats;
}

static struct hv_vcpu_stats sum_of_vcpus(struct hv_vm *vm)
{
	struct hv_vcpu_stats sum = { .blocked_ns = 0 };

	for (unsigned i = 0; i < vm->vcpus; i++)
		for (size_t c = 0; c < sizeof(sum) / sizeof(uint64_t); c++)
			words(&sum)[c] += words(&vm->vcpu[i].stats)[c];
	return sum;
}

static struct json_object *exits_json(const struct hv_vcpu_stats *stats)
{
	struct json_object *exits = json_object_new_object();

	for (unsigned i = 0; i < HV_EXIT_KINDS; i++)
		hv_json_put_u64(exits, exit_names[i], stats->exits[i]);
	return exits;
}

static struct json_object *operations_json(const struct hv_vcpu_stats *stats)
{
	struct json_object *operations = json_object_new_object();
	char number[16];

	for (unsigned i = 0; i < PV_OP_SLOTS; i++) {
		const char *name = hv_operation_name(i);

		if (!stats->operations[i])
			continue;
		snprintf(number, sizeof(number), "%u", i);
		hv_json_put_u64(operations, name ? name : number,
				stats->operations[i]);
	}
	return operations;
}

static void put_ring(struct json_object *o, const struct hv_ring_stats *ring)
{
	hv_json_put_u64(o, "doorbells", ring->doorbells);
	hv_json_put_u64(o, "events_sent", ring->events_sent);
	hv_json_put_u64(o, "events_suppressed", ring->events_suppressed);
}

struct json_object *hv_stats_disk(const struct hv_blk_stats *b)
{
	struct json_object *o = json_object_new_object();

	hv_json_put_u64(o, "requests", b->requests);
	hv_json_put_u64(o, "failed", b->failed);
	hv_json_put_u64(o, "read_bytes", b->read_bytes);
	hv_json_put_u64(o, "written_bytes", b->written_bytes);
	put_ring(o, &b->ring);
	hv_json_put_u64(o, "batches", b->batches);
	return o;
}

struct json_object *hv_stats_net(const struct hv_net_stats *n)
{
	struct json_object *o = json_object_new_object();

	hv_json_put_u64(o, "received_frames", n->received_frames);
	hv_json_put_u64(o, "received_bytes", n->received_bytes);
	hv_json_put_u64(o, "too_short", n->too_short);
	hv_json_put_u64(o, "too_long", n->too_long);
	hv_json_put_u64(o, "not_understood", n->not_understood);
	hv_json_put_u64(o, "receive_errors", n->receive_errors);
	hv_json_put_u64(o, "sent_frames", n->sent_frames);
	hv_json_put_u64(o, "sent_bytes", n->sent_bytes);
	hv_json_put_u64(o, "sent_to_nobody", n->sent_to_nobody);
	hv_json_put_u64(o, "send_waits", n->send_waits);
	hv_json_put_u64(o, "failed", n->failed);
	put_ring(o, &n->ring);
	return o;
}

static struct json_object *block_json(const struct hv_vm *vm)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < vm->devices; i++) {
		struct hv_blk_stats stats;

		if (vm->device[i]->ops->type != PV_DEVICE_BLOCK)
			continue;
		hv_block_stats(vm->device[i], &stats);
		json_object_array_add(list, hv_stats_disk(&stats));
	}
	return list;
}

static struct json_object *net_json(const struct hv_vm *vm)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < vm->devices; i++) {
		struct hv_net_stats stats;

		if (vm->device[i]->ops->type != PV_DEVICE_NET)
			continue;
		hv_net_stats(vm->device[i], &stats);
		json_object_array_add(list, hv_stats_net(&stats));
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

/* What native machines do not have. */
static void put_paravirtual(struct json_object *o, const struct hv_vm *vm,
			    const struct hv_vcpu_stats *sum)
{
	hv_json_put_u64(o, "blocked_ns", sum->blocked_ns);
	hv_json_put_u64(o, "upcalls", sum->upcalls);
	hv_json_put_u64(o, "traps", sum->traps);
	hv_json_put_u64(o, "user_runs", sum->user_runs);
	hv_json_put_u64(o, "flushes", sum->flushes);
	hv_json_put(o, "exits", exits_json(sum));
	hv_json_put(o, "operations", operations_json(sum));
	hv_json_put(o, "block", block_json(vm));
	hv_json_put(o, "net", net_json(vm));
}

static struct json_object *counters(struct hv_engine *engine)
{
	return engine->ops->counters ? engine->ops->counters(engine) : NULL;
}

static struct json_object *stats_json(struct hv_vm *vm)
{
	const struct hv_stats *s = &vm->stats;
	const struct hv_vcpu_stats sum = sum_of_vcpus(vm);
	struct json_object *o = json_object_new_object();

	hv_json_put_u64(o, "version", 1);
	hv_json_put_text(o, "engine", vm->engine->ops->name);
	hv_json_put_u64(o, "ram_bytes", vm->native ? vm->native->ram_bytes
						  : vm->memory.bytes);
	hv_json_put_u64(o, "start_to_entry_ns", s->entry_ns - s->process_ns);
	hv_json_put_u64(o, "start_to_exit_ns", s->end_ns - s->process_ns);
	hv_json_put_u64(o, "vcpus", vm->vcpus);
	hv_json_put_u64(o, "monitor_resident_bytes", own_resident_bytes(&vm->memory));
	hv_json_put_u64(o, "console_read_bytes", sum.console_read_bytes);
	hv_json_put_u64(o, "console_written_bytes", sum.console_written_bytes);
	if (vm->native)
		hv_native_stats(vm, o);
	else
		put_paravirtual(o, vm, &sum);
	hv_json_put(o, "kvm", counters(vm->engine));
	return o;
}

int hv_stats_write(struct hv_vm *vm, FILE *out, struct hv_error *err)
{
	struct json_object *o = stats_json(vm);
	int bad = hv_json_print(out, o) < 0;

	bad |= (out == stderr ? fflush(out) : fclose(out)) != 0;
	json_object_put(o);
	if (bad)
		return hv_fail(err, HV_STATUS_FAILED,
			       "cannot write all of the statistics: %s",
			       strerror(errno));
	return 0;
}
