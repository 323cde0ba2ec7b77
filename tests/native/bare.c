/* SPDX-License-Identifier: MIT
 *
 * From the entry to one of the kernel's cases, named by the first word of the command
 * line.
 */
#include "bare.h"

const struct start_info *bare_info;
char bare_devices[512];

void *memset(void *to, int byte, size_t bytes);
void *memcpy(void *to, const void *from, size_t bytes);

void *memset(void *to, int byte, size_t bytes)
{
	return bare_set(to, byte, bytes);
}

void *memcpy(void *to, const void *from, size_t bytes)
{
	const uint8_t *source = from;

	for (uint8_t *at = to; bytes--;)
		*(volatile uint8_t *)at++ = *source++;
	return to;
}

__attribute__((weak)) void bare_other(void)
{
}

static void copy_word(char *to, size_t room, const char **from)
{
	while (**from && **from != ' ' && --room)
		*to++ = *(*from)++;
	*to = 0;
	while (**from == ' ')
		++*from;
}

static void list(void)
{
	for (const struct bare_case *c = bare_cases; c->name; c++) {
		print(c->name);
		print(" ");
		print(c->status);
		print(" ");
		print(c->regex);
		print("\n");
	}
}

void bare_start(const struct start_info *info)
{
	const char *line = (const char *)(uintptr_t)info->command_line;
	char word[64];
	size_t n = 0;

	bare_info = info;
	copy_word(word, sizeof(word), &line);
	while (*line && n < sizeof(bare_devices) - 1)
		bare_devices[n++] = *line++;
	if (same_text(word, "list")) {
		list();
		bare_exit(0);
	}
	for (const struct bare_case *c = bare_cases; c->name; c++)
		if (same_text(word, c->name)) {
			c->run();
			bare_exit(0);
		}
	bare_exit(2);
}
