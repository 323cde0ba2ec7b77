/* SPDX-License-Identifier: MIT
 *
 * Virtio's split queue, the driver's end: see virtio.h. Free descriptors are linked by
 * their `next`, so that those taken one after another are a chain already.
 *
 * x86 keeps stores in order, and loads (SDM volume 3, 9.2.2); what is left to do is to
 * keep the compiler from reordering, and one full barrier before the device's wish not
 * to be notified is read.
 */
#include <pvguest/libc.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>

#include "../internal.h"
#include "virtio.h"

static uint16_t slot(const struct pvg_virtq *queue, uint16_t index)
{
	return index & (uint16_t)(queue->entries - 1);
}

bool pvg_virtq_make(struct pvg_virtq *ret_queue, uint32_t entries)
{
	/* In this order each part is aligned as it must be. */
	size_t pages = pvg_pages_for(
		entries * sizeof(struct pvg_virtq_descriptor) +
		sizeof(struct pvg_virtq_used) +
		sizeof(struct pvg_virtq_available));
	char *at = pvg_pages_alloc(pages);

	if (!at)
		return false;
	memset(at, 0, pages * PVG_PAGE_BYTES);
	*ret_queue = (struct pvg_virtq){ .entries = (uint16_t)entries,
					 .free_count = (uint16_t)entries };
	ret_queue->descriptor = (struct pvg_virtq_descriptor *)(void *)at;
	at += entries * sizeof(struct pvg_virtq_descriptor);
	ret_queue->used = (struct pvg_virtq_used *)(void *)at;
	at += sizeof(struct pvg_virtq_used);
	ret_queue->available = (struct pvg_virtq_available *)(void *)at;
	for (uint32_t i = 0; i < entries; i++)
		ret_queue->descriptor[i].next = (uint16_t)(i + 1);
	return true;
}

void pvg_virtq_rewind(struct pvg_virtq *queue)
{
	memset(queue->used, 0, sizeof(*queue->used));
	memset(queue->available, 0, sizeof(*queue->available));
	queue->offered = queue->shown = queue->taken = 0;
}

void pvg_virtq_add(struct pvg_virtq *queue, struct pvg_virtq_chain *chain,
		   const volatile void *at, uint32_t len_bytes, unsigned flags)
{
	uint16_t number = queue->free;
	struct pvg_virtq_descriptor *descriptor = &queue->descriptor[number];

	descriptor->gpa = (pv_gpa_t)(uintptr_t)at;
	descriptor->len_bytes = len_bytes;
	descriptor->flags = (uint16_t)(flags | PVG_VIRTQ_NEXT);
	queue->free = descriptor->next;
	queue->free_count--;
	if (chain->descriptors++ == 0)
		chain->head = number;
	chain->last = number;
}

void pvg_virtq_offer(struct pvg_virtq *queue, const struct pvg_virtq_chain *chain)
{
	queue->descriptor[chain->last].flags &= (uint16_t)~PVG_VIRTQ_NEXT;
	queue->available->head[slot(queue, queue->offered++)] = chain->head;
}

bool pvg_virtq_show(struct pvg_virtq *queue)
{
	if (queue->shown == queue->offered)
		return false;
	queue->shown = queue->offered;
	/* Release: the chains. */
	__atomic_store_n(&queue->available->index, queue->offered,
			 __ATOMIC_RELEASE);
	/* Full: our index before its wish; it does the reverse. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(__atomic_load_n(&queue->used->flags, __ATOMIC_RELAXED) &
		 PVG_VIRTQ_NO_NOTIFY);
}

bool pvg_virtq_is_done(const struct pvg_virtq *queue)
{
	/* Acquire: what is told, and what was read, is complete. */
	return __atomic_load_n(&queue->used->index, __ATOMIC_ACQUIRE) !=
	       queue->taken;
}

bool pvg_virtq_take(struct pvg_virtq *queue, const char *name, uint16_t *ret_head,
		    uint32_t *ret_bytes)
{
	uint16_t at = slot(queue, queue->taken);
	uint32_t head;

	if (!pvg_virtq_is_done(queue))
		return false;
	head = __atomic_load_n(&queue->used->done[at].head, __ATOMIC_RELAXED);
	*ret_bytes = __atomic_load_n(&queue->used->done[at].len_bytes,
				     __ATOMIC_RELAXED);
	if (head >= queue->entries)
		pvg_panic("%s: the device is done with request %u, and its "
			  "queue has %u entries", name, head, queue->entries);
	queue->taken++;
	*ret_head = (uint16_t)head;
	return true;
}

void pvg_virtq_give_back(struct pvg_virtq *queue,
			 const struct pvg_virtq_chain *chain)
{
	queue->descriptor[chain->last].next = queue->free;
	queue->free = chain->head;
	queue->free_count = (uint16_t)(queue->free_count + chain->descriptors);
}
