/* SPDX-License-Identifier: MIT
 *
 * Keep a disk busy while computing: the SHA-256 of a whole disk, read with many
 * requests in flight. A slot is a buffer and the request that fills it; the
 * hash takes them in order, and a slot that was hashed reads on at once.
 *
 *	paravane run --block FILE disk-hash.elf -- [DISK-NAME]
 */
#include <pvguest/pvguest.h>

#include "sha256.h"

PVG_NOTE(PV_FEATURE_BLOCK, PV_FEATURES_V1, 0, 16 << 20);

#define SLOTS 32
#define SLOT_BYTES (128u << 10)

static struct slot {
	struct pvg_blk_request request;
	uint8_t *buffer;
} slots[SLOTS];

/* Ask for the piece that starts at an offset, if there is one. A request is
 * whole blocks; what it reads past the end of the disk is zeroes. */
static void read_ahead(struct pvg_blk *disk, uint64_t offset)
{
	struct slot *slot = &slots[offset / SLOT_BYTES % SLOTS];
	uint64_t end = pvg_blk_blocks(disk) * disk->config.logical_block_bytes;
	uint64_t len = end - offset;
	int error;

	if (offset >= end)
		return;
	if (len > SLOT_BYTES)
		len = SLOT_BYTES;
	pvg_blk_prep_read(&slot->request, offset, slot->buffer, (uint32_t)len);
	/* The queue has at least as many entries as there are slots. */
	error = pvg_blk_submit(disk, &slot->request);
	pvg_assert(error == 0);
}

static void hash_piece(struct pvg_blk *disk, struct sha256 *hash,
		       uint64_t offset)
{
	struct slot *slot = &slots[offset / SLOT_BYTES % SLOTS];
	uint64_t len = disk->config.size_bytes - offset;
	int error = pvg_blk_wait_for(disk, &slot->request);

	if (error)
		pvg_panic("reading at byte %lu of disk %s failed: %s", offset,
			  disk->name, pvg_error_text(error));
	sha256_update(hash, slot->buffer, len < SLOT_BYTES ? len : SLOT_BYTES);
	read_ahead(disk, offset + SLOTS * SLOT_BYTES);
	/* The disk works while the next pieces are hashed. It is told of eight
	 * at once: ringing costs more than waiting a little. */
	if (offset / SLOT_BYTES % 8 == 7)
		pvg_blk_kick(disk);
}

static void hash_disk(struct pvg_blk *disk, struct sha256 *hash)
{
	for (int i = 0; i < SLOTS; i++) {
		slots[i].buffer = aligned_alloc(PVG_PAGE_BYTES, SLOT_BYTES);
		pvg_assert(slots[i].buffer);
	}
	for (uint64_t i = 0; i < SLOTS; i++)
		read_ahead(disk, i * SLOT_BYTES);
	sha256_init(hash);
	for (uint64_t at = 0; at < disk->config.size_bytes; at += SLOT_BYTES)
		hash_piece(disk, hash, at);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL; /* NULL: the first disk */
	uint8_t digest[SHA256_BYTES];
	char text[SHA256_HEX_CHARS + 1];
	struct sha256 hash;
	struct pvg_blk disk;
	int error = pvg_blk_open(&disk, name);

	if (error) {
		pvg_printf("cannot open disk %s (%s): give it with --block\n",
			   name ? name : "0", pvg_error_text(error));
		return 1;
	}
	hash_disk(&disk, &hash);
	sha256_final(&hash, digest);
	sha256_hex(digest, text);
	pvg_printf("%s  %s\n", text, disk.name);
	return 0;
}
