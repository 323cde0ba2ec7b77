/* SPDX-License-Identifier: MIT
 *
 * What a client wrote: the head of an HTTP/1.0 or 1.1 request. Nothing of it is
 * trusted, and nothing here waits or allocates.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_HEAD_MAX_BYTES 8192
#define REQUEST_PATH_MAX_CHARS 1023

struct request {
	char path[REQUEST_PATH_MAX_CHARS + 1]; /* decoded, without the query; starts
						* with a slash */
	bool is_head; /* HEAD: the answer's body is left out. Else GET */
	bool stays;   /* the connection is kept for another request */
};

/* The length of the request head that text starts with, up to and including its empty
 * line; 0 while that is not there yet. */
size_t request_head_bytes(const char *text, size_t len_bytes);

/* Understand a head of that length. 0, or the HTTP status that refuses it: 400 what is
 * no HTTP, 405 a method, 413 a body, 414 a path that is too long, 505 a version. */
int request_parse(const char *head, size_t head_bytes, struct request *ret_request);

#endif
