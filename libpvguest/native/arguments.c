/* SPDX-License-Identifier: MIT
 *
 * The loader's command line as main's arguments: words between blanks; double quotes
 * keep blanks together. The first argument is made up: no loader tells it.
 */
#include <pvguest/libc.h>
#include <pvguest/panic.h>

#include "../internal.h"

#define ARGUMENTS_BYTES (32u << 10)

static char text[ARGUMENTS_BYTES] = "native";

static void put(uint32_t *at, char byte)
{
	if (*at == sizeof(text))
		pvg_panic("the command line is longer than %zu bytes",
			  sizeof(text));
	text[(*at)++] = byte;
}

/* One word, from line on; where it ends. */
static const char *take_word(const char *line, uint32_t *at)
{
	bool quoted = false;

	for (; *line && (quoted || *line != ' '); line++)
		if (*line == '"')
			quoted = !quoted;
		else
			put(at, *line);
	put(at, '\0');
	return line;
}

/* A word for us, as Linux would have it for itself: a device, or that XSAVE is not to
 * be used, whatever CPUID says (software KVM, which interprets the kernel, knows only
 * FXSAVE, but programs ask the processor itself). */
static bool is_ours(const char *word)
{
	if (strcmp(word, "noxsave") != 0)
		return pvg_device_announced(word);
	pvg_boot.xcr0 = 0;
	return true;
}

void pvg_arguments_take(const char *line)
{
	uint32_t at = (uint32_t)strlen(text) + 1;

	pvg_boot.argc = 1;
	for (;;) {
		uint32_t start = at;

		while (*line == ' ')
			line++;
		if (!*line)
			break;
		line = take_word(line, &at);
		if (is_ours(&text[start]))
			at = start;
		else
			pvg_boot.argc++;
	}
	pvg_boot.args_addr = (uint64_t)(uintptr_t)text;
	pvg_boot.args_bytes = at;
}
