/* SPDX-License-Identifier: MIT
 *
 * What a request is answered: text that is written here, and a file that follows.
 */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include <pvguest/pvguest.h>

#include "request.h"
#include "site.h"

struct answer {
	int status;
	char *text; /* from malloc: the head, and what of the body is not a file */
	uint32_t text_bytes;
	uint64_t body_bytes; /* as the head tells it */
	const struct site_file *file; /* the body, if not NULL */
};

/* For the status page. */
struct web_counters {
	uint64_t connections, open, requests, refused, answered_bytes;
};
extern struct web_counters web_counters;

struct pv_netif;

/* Once, before the others. */
void answers_prepare(const struct site *site, const struct pv_netif *interface);
/* 0, or -PV_ENOMEM. The text is the caller's to free. */
int answer_request(struct answer *ret_answer, const struct request *request);
/* For what request_parse refused, or another reason: the connection is closed. */
int answer_refusal(struct answer *ret_answer, int http_status);

#endif
