/* SPDX-License-Identifier: MIT
 *
 * The disk: an archive in the format of POSIX tar ("ustar"). All of it is read at
 * the start, and programs are paged in from there.
 *
 * A member is a block of 512 bytes that describes it, then its bytes in as many
 * blocks as they take. A block of zeroes ends the archive. Numbers are octal text.
 */
#include "minikernel.h"

#define BLOCK 512
#define IMAGE_MAX_BYTES (16ul << 20)

struct member {
	char name[100];
	char mode[8], uid[8], gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char linked[100];
	char magic[6]; /* "ustar" */
	char rest[249];
};
_Static_assert(sizeof(struct member) == BLOCK, "a member is a block");

static struct {
	const uint8_t *bytes;
	uint64_t len;
} image;

static uint64_t octal(const char *text, size_t len)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len && text[i] >= '0' && text[i] <= '7'; i++)
		number = number * 8 + (uint64_t)(text[i] - '0');
	return number;
}

/* The sum of all bytes, with blanks in place of itself. */
static bool is_intact(const struct member *member)
{
	const uint8_t *byte = (const uint8_t *)member;
	uint64_t sum = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		bool own = i - offsetof(struct member, checksum) <
			   sizeof(member->checksum);

		sum += own ? ' ' : byte[i];
	}
	return sum == octal(member->checksum, sizeof(member->checksum)) &&
	       memcmp(member->magic, "ustar", 5) == 0;
}

static const struct member *member_at(uint64_t offset)
{
	return (const struct member *)(const void *)(image.bytes + offset);
}

/* The member at *offset, and *offset at the next one; NULL at the end. */
static const struct member *next_member(uint64_t *offset)
{
	const struct member *member = member_at(*offset);

	if (member->name[0] == '\0')
		return NULL;
	*offset += BLOCK + (octal(member->size, sizeof(member->size)) + BLOCK -
			    1) / BLOCK * BLOCK;
	return member;
}

/* Afterwards the walk over all members is known to stay inside. */
static void check(void)
{
	uint64_t offset = 0;

	for (;;) {
		const struct member *member;
		uint64_t before = offset;

		if (image.len - offset < BLOCK)
			give_up("the disk's archive is cut off at byte %lu",
				image.len);
		if (member_at(offset)->name[0] != '\0' &&
		    !is_intact(member_at(offset)))
			give_up("the disk has no tar archive at byte %lu",
				offset);
		member = next_member(&offset);
		if (!member)
			return;
		if (offset > image.len || offset <= before)
			give_up("the disk's archive is cut off: %.100s does "
				"not fit into %lu bytes", member->name,
				image.len);
	}
}

void image_load(void)
{
	uint64_t size = disk_open();
	void *bytes;

	if (size > IMAGE_MAX_BYTES)
		give_up("the disk is too large: %lu bytes", size);
	/* Its last block may be a short one, and is read as a whole. */
	bytes = pvg_pages_alloc(pvg_pages_for(size));
	if (!bytes)
		give_up("there is no memory for what is on the disk");
	disk_read_all(bytes);
	image.bytes = bytes;
	image.len = size;
	check();
}

bool image_find(const char *name, struct image_file *ret_file)
{
	const struct member *member;
	uint64_t offset = 0, at = 0;

	while ((member = next_member(&offset))) {
		if (strncmp(member->name, name, sizeof(member->name)) == 0) {
			ret_file->bytes = image.bytes + at + BLOCK;
			ret_file->len = octal(member->size,
					      sizeof(member->size));
			return true;
		}
		at = offset;
	}
	return false;
}
