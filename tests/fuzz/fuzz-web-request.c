/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: the web server's requests. The input is taken twice: as it is, and as
 * the fields behind a good first line.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* In memory of its own length, so that what is read beyond it is seen. */
static void take(const char *text, size_t bytes)
{
	struct request request;
	size_t head_bytes = request_head_bytes(text, bytes);
	char *head;
	int refusal;

	assert(head_bytes <= bytes);
	if (head_bytes == 0)
		return;
	head = malloc(head_bytes);
	assert(head);
	memcpy(head, text, head_bytes);
	assert(request_head_bytes(head, head_bytes) == head_bytes);
	refusal = request_parse(head, head_bytes, &request);
	assert(refusal == 0 || (refusal >= 400 && refusal <= 505));
	if (refusal == 0) {
		assert(request.path[0] == '/');
		assert(strnlen(request.path, sizeof(request.path)) <=
		       REQUEST_PATH_MAX_CHARS);
	}
	free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const char first[] = "GET /%41 HTTP/1.1\r\nHost: a\r\n";
	size_t first_bytes = sizeof(first) - 1;
	char *text = malloc(first_bytes + bytes + 4);

	assert(text);
	memcpy(text, first, first_bytes);
	memcpy(text + first_bytes, data, bytes);
	memcpy(text + first_bytes + bytes, "\r\n\r\n", 4);
	take(text + first_bytes, bytes + 4);
	take(text, first_bytes + bytes + 4);
	free(text);
	return 0;
}
