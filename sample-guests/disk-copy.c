/* SPDX-License-Identifier: MIT
 *
 * Written is not yet safe: copy one disk to another, flush, and only then read
 * back what the second one has and compare.
 *
 *	paravane run --block FROM,ro,id=from --block TO,id=to disk-copy.elf
 */
#include <pvguest/pvguest.h>

PVG_NOTE(PV_FEATURE_BLOCK, PV_FEATURES_V1, 0, 16 << 20);

/* Long synchronous transfers go as several requests at once. */
#define PIECE_BYTES (4u << 20)

static uint8_t *from_piece, *to_piece;

static void open_disk(struct pvg_blk *ret_disk, const char *name)
{
	int error = pvg_blk_open(ret_disk, name);

	if (error) {
		pvg_printf("no disk %s (%s): give it with --block FILE,id=%s\n",
			   name, pvg_error_text(error), name);
		exit(1);
	}
}

static void check(int error, const char *doing, const struct pvg_blk *disk,
		  uint64_t offset)
{
	if (error) {
		pvg_printf("%s disk %s failed at byte %lu: %s\n", doing,
			   disk->name, offset, pvg_error_text(error));
		exit(1);
	}
}

/* Transfers are whole blocks; a disk may end within its last one. */
static uint64_t whole_blocks(const struct pvg_blk *disk, uint64_t len)
{
	uint64_t block = disk->config.logical_block_bytes;

	return (len + block - 1) / block * block;
}

static void read_piece(struct pvg_blk *disk, uint64_t offset,
		       uint8_t *ret_piece, uint64_t len)
{
	check(pvg_blk_read(disk, offset, ret_piece, whole_blocks(disk, len)),
	      "reading", disk, offset);
}

static void copy_piece(struct pvg_blk *from, struct pvg_blk *to,
		       uint64_t offset, uint64_t len)
{
	read_piece(from, offset, from_piece, len);
	memset(from_piece + len, 0, PIECE_BYTES - len);
	check(pvg_blk_write(to, offset, from_piece, whole_blocks(to, len)),
	      "writing", to, offset);
}

static void verify_piece(struct pvg_blk *from, struct pvg_blk *to,
			 uint64_t offset, uint64_t len)
{
	read_piece(from, offset, from_piece, len);
	read_piece(to, offset, to_piece, len);
	if (memcmp(from_piece, to_piece, len) != 0)
		pvg_panic("the disks differ in the %lu bytes at byte %lu", len,
			  offset);
}

typedef void piece_function(struct pvg_blk *from, struct pvg_blk *to,
			    uint64_t offset, uint64_t len);

static void for_each_piece(piece_function *fn, struct pvg_blk *from,
			   struct pvg_blk *to)
{
	uint64_t size = from->config.size_bytes;

	for (uint64_t at = 0; at < size; at += PIECE_BYTES)
		fn(from, to, at, size - at < PIECE_BYTES ? size - at
							 : PIECE_BYTES);
}

int main(void)
{
	struct pvg_blk from, to;

	open_disk(&from, "from");
	open_disk(&to, "to");
	if (to.config.size_bytes < from.config.size_bytes) {
		pvg_printf("disk to has %lu bytes, %lu are needed\n",
			   to.config.size_bytes, from.config.size_bytes);
		return 1;
	}
	from_piece = aligned_alloc(PVG_PAGE_BYTES, PIECE_BYTES);
	to_piece = aligned_alloc(PVG_PAGE_BYTES, PIECE_BYTES);
	pvg_assert(from_piece && to_piece);
	for_each_piece(copy_piece, &from, &to);
	check(pvg_blk_flush(&to), "flushing", &to, from.config.size_bytes);
	for_each_piece(verify_piece, &from, &to);
	pvg_printf("%lu bytes copied, flushed and verified\n",
		   from.config.size_bytes);
	return 0;
}
