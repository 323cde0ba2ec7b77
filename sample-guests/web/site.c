/* SPDX-License-Identifier: MIT
 *
 * Tar archives: a block of 512 bytes that tells of a file, the file, filled up to
 * whole blocks, and so on until a block of zeroes.
 */
#include "site.h"
#include "give-up.h"

#define BLOCK_BYTES 512
#define FILES_MAX 65536
#define LONG_NAME_MAX_BYTES 4096

struct tar_head {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type,
		link[100], magic[6], version[2], user[32], group[32], major[8], minor[8],
		prefix[155], unused[12];
};
PV_SIZE_IS(struct tar_head, BLOCK_BYTES);

/* Where the archive is read, and what has been found that is about the next file. */
struct reader {
	struct site *site;
	uint64_t offset_bytes;
	char *next_name; /* NULL: that in its head */
};

__attribute__((noreturn, format(printf, 2, 3))) static void
refuse(const struct reader *reader, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	pvg_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	give_up("disk %s is no tar archive that can be served: at byte %lu %s",
		reader->site->disk->name, reader->offset_bytes, text);
}

static void *need(void *memory)
{
	if (!memory)
		give_up("there is no memory for the names of files: give more with --mem");
	return memory;
}

/* Any part of the disk, through a copy of the blocks it is in. */
static void read_disk(const struct reader *reader, void *ret_bytes, size_t len_bytes)
{
	static uint8_t blocks[LONG_NAME_MAX_BYTES + 2 * 4096] PV_ALIGNED(4096);
	struct pvg_blk *disk = reader->site->disk;
	uint64_t block = disk->config.logical_block_bytes;
	uint64_t start = reader->offset_bytes / block * block;
	uint64_t end = reader->offset_bytes + len_bytes;
	int error;

	if (end > disk->config.size_bytes)
		refuse(reader, "it ends too early");
	error = pvg_blk_read(disk, start, blocks,
			     (end - start + block - 1) / block * block);
	if (error)
		give_up("reading disk %s failed: %s", disk->name,
			pvg_error_text(error));
	memcpy(ret_bytes, blocks + (reader->offset_bytes - start), len_bytes);
}

/* Octal digits in blanks; from 8 GiB on GNU tar writes binary numbers. */
static uint64_t number(const struct reader *reader, const char *digits, size_t chars)
{
	uint64_t value = 0;
	size_t i = 0;

	if ((unsigned char)digits[0] == 0x80) {
		for (i = chars - 8; i < chars; i++)
			value = value << 8 | (unsigned char)digits[i];
		return value;
	}
	while (i < chars && digits[i] == ' ')
		i++;
	for (; i < chars && digits[i] >= '0' && digits[i] <= '7'; i++)
		value = value * 8 + (uint64_t)(digits[i] - '0');
	if (i < chars && digits[i] != ' ' && digits[i] != '\0')
		refuse(reader, "there is no number where one should be");
	return value;
}

static uint64_t checksum(const struct tar_head *head)
{
	const unsigned char *byte = (const unsigned char *)head;
	size_t at = offsetof(struct tar_head, checksum);
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(*head); i++)
		sum += i >= at && i < at + sizeof(head->checksum) ? ' ' : byte[i];
	return sum;
}

static bool is_empty(const struct tar_head *head)
{
	const char *bytes = (const char *)head;

	return bytes[0] == '\0' && memcmp(bytes, bytes + 1, sizeof(*head) - 1) == 0;
}

static char *copy_name(const char *name, size_t chars)
{
	char *copy = need(malloc(chars + 1));

	memcpy(copy, name, chars);
	copy[chars] = '\0';
	return copy;
}

static char *name_in_head(const struct tar_head *head)
{
	size_t prefix = 0, chars = strnlen(head->name, sizeof(head->name));
	char name[sizeof(head->prefix) + 1 + sizeof(head->name)];

	/* GNU tar has other things there, and another magic. */
	if (memcmp(head->magic, "ustar", sizeof(head->magic)) == 0)
		prefix = strnlen(head->prefix, sizeof(head->prefix));
	memcpy(name, head->prefix, prefix);
	if (prefix > 0)
		name[prefix++] = '/';
	memcpy(name + prefix, head->name, chars);
	return copy_name(name, prefix + chars);
}

static char *without_start(char *name)
{
	size_t skip = 0;

	while (name[skip] == '/' || (name[skip] == '.' && name[skip + 1] == '/'))
		skip++;
	memmove(name, name + skip, strlen(name + skip) + 1);
	return name;
}

static void add_file(struct reader *reader, char *name, uint64_t len_bytes)
{
	struct site *site = reader->site;

	if (site->count == FILES_MAX)
		refuse(reader, "there are more than %d files", FILES_MAX);
	if ((site->count & (site->count - 1)) == 0)
		site->files = need(realloc(
			site->files, (site->count ? site->count * 2 : 1) *
					     sizeof(*site->files)));
	site->files[site->count++] = (struct site_file){
		.name = without_start(name),
		.offset_bytes = reader->offset_bytes + BLOCK_BYTES,
		.len_bytes = len_bytes,
	};
}

static char *read_text(struct reader *reader, uint64_t len_bytes)
{
	char *text;

	if (len_bytes > LONG_NAME_MAX_BYTES)
		refuse(reader, "a name has more than %d bytes", LONG_NAME_MAX_BYTES);
	text = need(malloc(len_bytes + 1));
	reader->offset_bytes += BLOCK_BYTES;
	read_disk(reader, text, len_bytes);
	reader->offset_bytes -= BLOCK_BYTES;
	text[len_bytes] = '\0';
	return text;
}

/* Records of "LENGTH NAME=VALUE\n", of which the length counts all. */
static void read_pax(struct reader *reader, uint64_t len_bytes)
{
	char *text = read_text(reader, len_bytes);
	char *at = text, *end = text + len_bytes;

	while (at < end) {
		char *word;
		unsigned long chars = strtoul(at, &word, 10);

		if (chars == 0 || chars > (size_t)(end - at) || *word != ' ' ||
		    (size_t)(word - at) + 2 > chars)
			refuse(reader, "a record of pax is wrong");
		word++;
		at += chars;
		if (strncmp(word, "size=", 5) == 0)
			refuse(reader, "a size is told by pax; make it with --format=gnu");
		if (at - word <= 5 || strncmp(word, "path=", 5) != 0)
			continue;
		free(reader->next_name);
		reader->next_name = copy_name(word + 5,
					      (size_t)(at - 1 - (word + 5)));
	}
	free(text);
}

static void read_entry(struct reader *reader, const struct tar_head *head,
		       uint64_t len_bytes)
{
	char *name = reader->next_name;

	switch (head->type) {
	case 'L': /* GNU tar's long name of the next */
		free(name);
		reader->next_name = read_text(reader, len_bytes);
		return;
	case 'x':
		read_pax(reader, len_bytes);
		return;
	case 'g': /* about all of them: nothing of use */
		return;
	case '0':
	case '7':
	case '\0':
		add_file(reader, name ? name : name_in_head(head), len_bytes);
		break;
	default: /* directories, links and the like are not served */
		free(name);
	}
	reader->next_name = NULL;
}

void site_read(struct site *ret_site, struct pvg_blk *disk)
{
	struct reader reader = { .site = ret_site };
	struct tar_head head;

	*ret_site = (struct site){ .disk = disk };
	for (read_disk(&reader, &head, sizeof(head)); !is_empty(&head);
	     read_disk(&reader, &head, sizeof(head))) {
		uint64_t len_bytes = number(&reader, head.size, sizeof(head.size));

		if (number(&reader, head.checksum, sizeof(head.checksum)) !=
		    checksum(&head))
			refuse(&reader, "the checksum is wrong");
		if (len_bytes > disk->config.size_bytes - reader.offset_bytes)
			refuse(&reader, "there is a file that ends behind it");
		read_entry(&reader, &head, len_bytes);
		reader.offset_bytes += BLOCK_BYTES + (len_bytes + BLOCK_BYTES - 1) /
							     BLOCK_BYTES *
							     BLOCK_BYTES;
		if (reader.offset_bytes > disk->config.size_bytes - BLOCK_BYTES)
			break; /* nothing follows: as short as it can be */
	}
}

const struct site_file *site_find(const struct site *site, const char *name)
{
	for (uint32_t i = site->count; i > 0; i--)
		if (strcmp(site->files[i - 1].name, name) == 0)
			return &site->files[i - 1];
	return NULL;
}
