/* SPDX-License-Identifier: MIT
 *
 * Virtio's split queue, the device's end: chapter 2.7 of the specification, whose
 * structures are those of <linux/virtio_ring.h>. The guest may write any of it at any
 * time: indices and descriptors are read once and checked.
 */
#include <linux/virtio_ring.h>

#include "native.h"
#include "virtio.h"

/* The rings, each with the word that ends it: what event_index is about. */
#define AVAILABLE_BYTES(entries) (sizeof(struct vring_avail) + (entries) * 2 + 2)
#define USED_BYTES(entries) \
	(sizeof(struct vring_used) + (entries) * sizeof(struct vring_used_elem) + 2)

static void *ram(const struct hv_virtq *queue, pv_gpa_t gpa, uint64_t bytes)
{
	return hv_native_ram(queue->vm, gpa, bytes);
}

static struct vring_avail *available(const struct hv_virtq *queue)
{
	return ram(queue, queue->place.available, 0);
}

static struct vring_used *used(const struct hv_virtq *queue)
{
	return ram(queue, queue->place.used, 0);
}

/* The guest's: interrupt when `put` passes it. */
static uint16_t *used_event(const struct hv_virtq *queue)
{
	return &available(queue)->ring[queue->place.entries];
}

/* Ours: notify when the guest's index passes it. */
static uint16_t *available_event(const struct hv_virtq *queue)
{
	return (uint16_t *)(void *)&used(queue)->ring[queue->place.entries];
}

static bool is_power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

static bool fits(const struct hv_virtq *queue, pv_gpa_t gpa, uint64_t bytes,
		 unsigned align)
{
	return gpa % align == 0 && ram(queue, gpa, bytes);
}

int hv_virtq_open(struct hv_virtq *ret_queue, const struct hv_vm *vm,
		  const struct hv_virtq_place *place, bool event_index)
{
	struct hv_virtq queue = { .vm = vm, .place = *place,
				  .event_index = event_index };
	uint64_t n = place->entries;

	if (!is_power_of_two(place->entries) || n > HV_VIRTQ_MAX ||
	    !fits(&queue, place->descriptors, n * sizeof(struct vring_desc), 16) ||
	    !fits(&queue, place->available, AVAILABLE_BYTES(n), 2) ||
	    !fits(&queue, place->used, USED_BYTES(n), 4))
		return -1;
	*ret_queue = queue;
	return 0;
}

int hv_virtq_waiting(const struct hv_virtq *queue)
{
	uint16_t index = __atomic_load_n(&available(queue)->idx, __ATOMIC_SEQ_CST);
	uint16_t waiting = (uint16_t)(index - queue->taken);

	return waiting <= queue->place.entries ? waiting : -1;
}

/* ---- a chain of descriptors */

static int add_buffer(const struct hv_virtq *queue,
		      const struct vring_desc *descriptor,
		      struct hv_virtq_chain *chain)
{
	struct iovec *iov = &chain->iov[chain->readable + chain->writable];
	bool writable = descriptor->flags & VRING_DESC_F_WRITE;

	if (!descriptor->len)
		return 0;
	if (!writable && chain->writable)
		return -1;
	iov->iov_base = ram(queue, descriptor->addr, descriptor->len);
	iov->iov_len = descriptor->len;
	*(writable ? &chain->writable : &chain->readable) += 1;
	return iov->iov_base ? 0 : -1;
}

/* Where descriptors are: in the queue, or in a table that one of those names. */
struct table {
	const struct vring_desc *at;
	uint32_t entries;
	bool indirect;
};

static int go_indirect(const struct hv_virtq *queue, struct table *table,
		       const struct vring_desc *descriptor)
{
	if (table->indirect || (descriptor->flags & VRING_DESC_F_NEXT) ||
	    descriptor->addr % sizeof(void *) || !descriptor->len ||
	    descriptor->len % sizeof(*descriptor))
		return -1;
	table->at = ram(queue, descriptor->addr, descriptor->len);
	table->entries = descriptor->len / (uint32_t)sizeof(*descriptor);
	table->indirect = true;
	return table->at ? 0 : -1;
}

/* No chain is longer than the queue, so one that is has a loop, or is a mistake. */
static int follow(const struct hv_virtq *queue, struct hv_virtq_chain *chain)
{
	struct table table = {
		.at = ram(queue, queue->place.descriptors, 0),
		.entries = queue->place.entries,
	};
	uint32_t next = chain->head, buffers = 0;
	struct vring_desc descriptor;

	do {
		if (next >= table.entries || buffers == queue->place.entries)
			return -1;
		hv_copy_once(&descriptor, &table.at[next], sizeof(descriptor));
		if (descriptor.flags & VRING_DESC_F_INDIRECT) {
			if (go_indirect(queue, &table, &descriptor) < 0)
				return -1;
			next = 0;
			continue;
		}
		if (add_buffer(queue, &descriptor, chain) < 0)
			return -1;
		buffers++;
		next = descriptor.next;
	} while (descriptor.flags & (VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT));
	return 0;
}

int hv_virtq_take(struct hv_virtq *queue, struct hv_virtq_chain *ret_chain)
{
	uint16_t slot = queue->taken++ & (uint16_t)(queue->place.entries - 1);

	ret_chain->readable = ret_chain->writable = 0;
	ret_chain->head = __atomic_load_n(&available(queue)->ring[slot],
					  __ATOMIC_RELAXED);
	return follow(queue, ret_chain);
}

/* ---- what was done */

void hv_virtq_put(struct hv_virtq *queue, uint16_t head, uint32_t bytes)
{
	uint16_t slot = queue->put++ & (uint16_t)(queue->place.entries - 1);

	used(queue)->ring[slot] = (struct vring_used_elem){ .id = head,
							    .len = bytes };
}

enum hv_virtq_show hv_virtq_show(struct hv_virtq *queue)
{
	uint16_t old = queue->shown;
	bool wanted;

	if (queue->put == old)
		return HV_VIRTQ_NOTHING;
	queue->shown = queue->put;
	/* After the elements; and before the look at what the guest wants, since
	 * it writes that and then looks at the index. */
	__atomic_store_n(&used(queue)->idx, queue->put, __ATOMIC_SEQ_CST);
	if (queue->event_index)
		wanted = vring_need_event(__atomic_load_n(used_event(queue),
							  __ATOMIC_SEQ_CST),
					  queue->put, old);
	else
		wanted = !(__atomic_load_n(&available(queue)->flags,
					   __ATOMIC_SEQ_CST) &
			   VRING_AVAIL_F_NO_INTERRUPT);
	return wanted ? HV_VIRTQ_INTERRUPT : HV_VIRTQ_SHOWN;
}

/* With an event index it is passed once and then asks for nothing more. */
void hv_virtq_listen(struct hv_virtq *queue, bool listen)
{
	if (!queue->event_index)
		__atomic_store_n(&used(queue)->flags,
				 listen ? 0 : VRING_USED_F_NO_NOTIFY,
				 __ATOMIC_SEQ_CST);
	else if (listen)
		__atomic_store_n(available_event(queue), queue->taken,
				 __ATOMIC_SEQ_CST);
}
