/* SPDX-License-Identifier: MIT
 *
 * See output.h.
 */
#include "output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What follows the key on the line that begins with it, or NULL. */
static const char *after_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text) {
		if (strncmp(text, key, len) == 0 && text[len] == ' ')
			return text + len + 1;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

bool hv_output_word(const struct hv_output *output, const char *key,
		    unsigned index, char ret_word[HV_OUTPUT_WORD_BYTES])
{
	const char *word = after_key(output->out, key);
	size_t len;

	if (word && !strchr(word, '\n'))
		word = NULL;
	while (word && index--) {
		word += strcspn(word, " \n");
		word = *word == ' ' ? word + 1 : NULL;
	}
	len = word ? strcspn(word, " \n") : 0;
	snprintf(ret_word, HV_OUTPUT_WORD_BYTES, "%.*s", (int)len,
		 len ? word : "");
	return len > 0;
}

/* The last line that begins so, and has anything in it; `text` if there is none. */
static const char *last_line(const char *text, const char *beginning)
{
	const char *line = text;

	for (; *text; text += strspn(text, "\r\n")) {
		if (strncmp(text, beginning, strlen(beginning)) == 0)
			line = text;
		text += strcspn(text, "\r\n");
	}
	return line;
}

/* A guest that panics says why on its console, and a backtrace behind it. What
 * paravane says before its last line are remarks. */
void hv_output_reason(const struct hv_output *output, const char **ret_text,
		      int *ret_len)
{
	const char *panic = last_line(output->out, "panic: ");

	if (strncmp(panic, "panic: ", 7) == 0)
		*ret_text = panic;
	else if (output->err[0])
		*ret_text = last_line(output->err, "paravane: ");
	else
		*ret_text = last_line(output->out, "");
	*ret_len = (int)strcspn(*ret_text, "\r\n");
}

bool hv_output_number(const struct hv_output *output, const char *key,
		      double *ret_number)
{
	char word[HV_OUTPUT_WORD_BYTES], *end;

	if (!hv_output_word(output, key, 0, word))
		return false;
	*ret_number = strtod(word, &end);
	return *end == '\0' && isfinite(*ret_number);
}
