/* SPDX-License-Identifier: MIT
 *
 * What --stats tells of a native machine: exits to this program by reason and by
 * device, and what KVM itself counted.
 */
#include "../block-io.h"
#include "../json.h"
#include "../wire-io.h"
#include "native.h"

static const char *const exit_names[HV_NATIVE_EXITS] = {
	[HV_NATIVE_EXIT_PORT] = "port",
	[HV_NATIVE_EXIT_MMIO] = "mmio",
	[HV_NATIVE_EXIT_KICKED] = "kicked",
	[HV_NATIVE_EXIT_DEAD] = "dead",
};

static struct json_object *exits_json(const struct hv_vm *vm)
{
	struct json_object *exits = json_object_new_object();

	for (unsigned kind = 0; kind < HV_NATIVE_EXITS; kind++) {
		uint64_t sum = 0;

		for (unsigned i = 0; i < vm->vcpus; i++)
			sum += vm->native->cpu[i].exits[kind];
		hv_json_put_u64(exits, exit_names[kind], sum);
	}
	return exits;
}

static struct json_object *devices_json(const struct hv_bus *bus)
{
	struct json_object *devices = json_object_new_object();

	for (unsigned i = 0; i < bus->devices; i++)
		hv_json_put_u64(devices, bus->device[i]->name,
				bus->device[i]->accesses);
	hv_json_put_u64(devices, "none", bus->unknown_accesses);
	return devices;
}

static struct json_object *block_json(const struct hv_native *native)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < HV_BLOCK_DEVICES_MAX && native->disk[i]; i++) {
		struct hv_blk_stats stats;

		hv_virtio_block_stats(native->disk[i], &stats);
		json_object_array_add(list, hv_stats_disk(&stats));
	}
	return list;
}

static struct json_object *net_json(const struct hv_native *native)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < HV_NETS_MAX && native->net[i]; i++) {
		struct hv_net_stats stats;

		hv_virtio_net_stats(native->net[i], &stats);
		json_object_array_add(list, hv_stats_net(&stats));
	}
	return list;
}

void hv_native_stats(struct hv_vm *vm, struct json_object *o)
{
	hv_json_put(o, "exits", exits_json(vm));
	hv_json_put(o, "devices", devices_json(&vm->native->bus));
	hv_json_put(o, "block", block_json(vm->native));
	hv_json_put(o, "net", net_json(vm->native));
}
