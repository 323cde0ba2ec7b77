/* SPDX-License-Identifier: MIT
 *
 * Pieces of files on their way from the disk to the network: the disk reads into a
 * chunk, TCP sends from it, and nothing is copied. There is a fixed number, shared
 * by all connections.
 */
#ifndef WEB_CHUNK_H
#define WEB_CHUNK_H

#include <pvguest/pvguest.h>

#define CHUNK_BYTES (64u << 10)
#define CHUNKS 160

enum chunk_state { CHUNK_READING, CHUNK_READ, CHUNK_FAILED };

struct chunk {
	struct pvg_blk_request request;
	enum chunk_state state;
	void *owner; /* NULL: nobody waits for it any more */
	const uint8_t *bytes;   /* once read: of the file */
	uint32_t len_bytes;     /* of the file */
	uint32_t written_bytes; /* given to TCP */
	uint64_t stream_end;    /* where they end in what the connection sends */

	uint8_t *memory;
	uint64_t mark; /* see pv_netif_mark */
	struct chunk *next;
};

struct pv_netif;

/* Once; on_read is called with the owner of a chunk that has been read, or failed.
 * Gives up if there is no memory. */
void chunks_prepare(struct pvg_blk *disk, struct pv_netif *interface,
		    void (*on_read)(void *owner));

/* Begin to read a part of the disk, CHUNK_BYTES less one block at most. NULL if all
 * chunks are in use. */
struct chunk *chunk_read(void *owner, uint64_t offset_bytes, uint32_t len_bytes);

/* The most that one chunk holds of a file from this offset on. */
uint32_t chunk_room(uint64_t offset_bytes);

/* Its owner is done with it: all of it has arrived, or nobody wants it. */
void chunk_release(struct chunk *chunk);

/* Whether chunk_read could answer other than NULL. */
bool chunk_is_free(void);
/* Whether there are chunks that wait only for frames to have gone out. */
bool chunk_waits_for_network(void);

#endif
