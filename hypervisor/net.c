/* SPDX-License-Identifier: MIT
 *
 * See net.h.
 */
#include "net.h"

#include <pvabi/pvabi.h>
#include <stdlib.h>
#include <string.h>

#include "vm.h"

_Static_assert(PV_NET_QUEUES_MAX <= HV_QUEUES_MAX, "any device's are as many");

/* The longest that Linux hands on to be segmented: an IP packet of 64 KiB. */
#define OFFLOAD_BYTES_MAX ((64u << 10) + HV_FRAME_MORE_BYTES)

struct hv_net {
	struct hv_pv_device device;
	struct hv_net_target target;
};

static struct hv_net *net_of(struct hv_pv_device *device)
{
	return HV_OWNER(device, struct hv_net, device);
}

static void describe(const struct hv_pv_device *device, void *ret_config)
{
	const struct hv_net *net = (const void *)device;

	memcpy(ret_config, &net->target.config, sizeof(net->target.config));
}

static bool receives(const struct hv_ring_place *place)
{
	return place->queue % 2 == 0;
}

static int queue_create(struct hv_pv_device *device,
			const struct hv_ring_place *place,
			struct hv_ring **ret_ring)
{
	(void)device;
	return receives(place) ? hv_net_receive_create(place, ret_ring)
			       : hv_net_send_create(place, ret_ring);
}

static void queue_free(struct hv_ring *ring)
{
	if (receives(&ring->place))
		hv_net_receive_free(ring);
	else
		hv_net_send_free(ring);
}

static void queue_open(struct hv_pv_device *device, struct hv_ring *ring)
{
	struct hv_net_target *target = &net_of(device)->target;

	if (!target->loop) {
		target->loop = device->vm->loop;
		hv_wire_attach(&target->wire, target->loop);
	}
	if (receives(&ring->place))
		hv_net_receive_open(ring, target);
	else
		hv_net_send_open(ring, target);
}

static void queue_close(struct hv_ring *ring, struct hv_job *job)
{
	if (receives(&ring->place))
		hv_net_receive_close(ring, job);
	else
		hv_net_send_close(ring, job);
}

static void net_free(struct hv_pv_device *device)
{
	struct hv_net *net = net_of(device);

	hv_wire_done(&net->target.wire);
	free(net);
}

static const struct hv_pv_device_ops net_ops = {
	.type = PV_DEVICE_NET,
	.name = "network",
	.feature = PV_FEATURE_NET,
	.queues = PV_NET_QUEUES_MAX,
	.entries_max = PV_NET_ENTRIES_MAX,
	.describe = describe,
	.queue_create = queue_create,
	.queue_free = queue_free,
	.queue_open = queue_open,
	.queue_close = queue_close,
	.free = net_free,
};

static void configure(struct hv_net_target *target,
		      const struct hv_net_spec *spec)
{
	uint32_t mtu_bytes = hv_net_mtu(spec, &target->wire);
	uint32_t frame_bytes = mtu_bytes + HV_FRAME_MORE_BYTES;
	struct pv_net_config *config = &target->config;

	hv_net_mac(spec, config->mac);
	config->mtu_bytes = (uint16_t)mtu_bytes;
	if (target->wire.has_headers)
		config->flags = PV_NET_CAN_CHECKSUM | PV_NET_CAN_TCP4 |
				PV_NET_CAN_TCP6;
	config->receive_bytes_min =
		(uint32_t)sizeof(struct pv_net_frame) +
		(target->offload ? OFFLOAD_BYTES_MAX : frame_bytes);
	config->send_bytes_max = frame_bytes;
	config->segments_max = PV_NET_SEGMENTS_MAX;
}

int hv_net_add(struct hv_vm *vm, const struct hv_net_spec *spec, bool offload,
	       struct hv_error *err)
{
	struct hv_net *net = calloc(1, sizeof(*net));

	if (!net)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	if (hv_wire_open(&net->target.wire, spec, offload, err) < 0) {
		free(net);
		return -1;
	}
	net->target.offload = offload && net->target.wire.has_headers;
	configure(&net->target, spec);
	net->device.ops = &net_ops;
	memcpy(net->device.name, spec->id, sizeof(net->device.name));
	hv_pv_device_add(vm, &net->device);
	return 0;
}

void hv_net_stats(const struct hv_pv_device *device,
		  struct hv_net_stats *ret_stats)
{
	const struct hv_net *net = (const void *)device;

	hv_counters_read(&net->target.stats, ret_stats, sizeof(*ret_stats));
}
