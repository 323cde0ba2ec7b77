/* SPDX-License-Identifier: MIT
 *
 * A chunk is free; or being read; or its owner's; or it waits until the network has
 * no frame left that refers to it. Those that wait do so in the order of their marks.
 */
#include "chunk.h"
#include "give-up.h"

#include <pv-netif.h>

static struct chunk chunks[CHUNKS];
static struct chunk *free_chunks;
static struct chunk *waiting, **waiting_end = &waiting;
static struct pvg_blk *chunk_disk;
static struct pv_netif *chunk_netif;
static void (*tell_owner)(void *owner);

static void make_free(struct chunk *chunk)
{
	chunk->next = free_chunks;
	free_chunks = chunk;
}

static void read_is_done(struct pvg_blk_request *request)
{
	struct chunk *chunk = request->user;

	chunk->state = request->status == 0 ? CHUNK_READ : CHUNK_FAILED;
	if (chunk->owner)
		tell_owner(chunk->owner);
	else
		make_free(chunk);
}

void chunks_prepare(struct pvg_blk *disk, struct pv_netif *interface,
		    void (*on_read)(void *owner))
{
	chunk_disk = disk;
	chunk_netif = interface;
	tell_owner = on_read;
	for (int i = 0; i < CHUNKS; i++) {
		chunks[i].memory = aligned_alloc(PVG_PAGE_BYTES, CHUNK_BYTES);
		if (!chunks[i].memory)
			give_up("there is no memory for %d pieces of files: give more with --mem",
				CHUNKS);
		chunks[i].request.user = &chunks[i];
		chunks[i].request.done = read_is_done;
		make_free(&chunks[i]);
	}
}

static void free_what_waited(void)
{
	while (waiting && pv_netif_has_passed(chunk_netif, waiting->mark)) {
		struct chunk *chunk = waiting;

		waiting = chunk->next;
		if (!waiting)
			waiting_end = &waiting;
		make_free(chunk);
	}
}

bool chunk_is_free(void)
{
	if (!free_chunks)
		free_what_waited();
	return free_chunks && pvg_blk_in_flight(chunk_disk) <= chunk_disk->ring.mask;
}

bool chunk_waits_for_network(void)
{
	return waiting != NULL;
}

/* The disk reads whole blocks: what of the first is before the offset takes room. */
static uint32_t before(uint64_t offset_bytes)
{
	return (uint32_t)(offset_bytes % chunk_disk->config.logical_block_bytes);
}

uint32_t chunk_room(uint64_t offset_bytes)
{
	uint32_t most = chunk_disk->config.request_bytes_max;

	return (most < CHUNK_BYTES ? most : CHUNK_BYTES) - before(offset_bytes);
}

struct chunk *chunk_read(void *owner, uint64_t offset_bytes, uint32_t len_bytes)
{
	uint32_t block = chunk_disk->config.logical_block_bytes;
	uint32_t skipped = before(offset_bytes);
	struct chunk *chunk;
	int error;

	if (!chunk_is_free())
		return NULL;
	chunk = free_chunks;
	free_chunks = chunk->next;
	chunk->owner = owner;
	chunk->state = CHUNK_READING;
	chunk->bytes = chunk->memory + skipped;
	chunk->len_bytes = len_bytes;
	chunk->written_bytes = 0;
	pvg_blk_prep_read(&chunk->request, offset_bytes - skipped, chunk->memory,
			  (skipped + len_bytes + block - 1) / block * block);
	error = pvg_blk_submit(chunk_disk, &chunk->request);
	pvg_assert(error == 0);
	return chunk;
}

void chunk_release(struct chunk *chunk)
{
	chunk->owner = NULL;
	if (chunk->state == CHUNK_READING)
		return; /* read_is_done */
	if (chunk->written_bytes == 0) {
		make_free(chunk);
		return;
	}
	chunk->mark = pv_netif_mark(chunk_netif);
	chunk->next = NULL;
	*waiting_end = chunk;
	waiting_end = &chunk->next;
}
