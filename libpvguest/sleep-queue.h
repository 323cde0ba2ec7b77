/* SPDX-License-Identifier: MIT
 *
 * Threads by the time they are to be woken at: a pairing heap, whose nodes are
 * the threads' own. Those of one deadline come out as they went in.
 */
#ifndef PVG_SLEEP_QUEUE_H
#define PVG_SLEEP_QUEUE_H

#include <stdint.h>

/* One sleeper; all zero is one that does not sleep. */
struct sleep_node {
	uint64_t deadline_ns;
	uint64_t order; /* of arrival */
	struct sleep_node *child; /* the first of those that sleep longer */
	struct sleep_node *next;  /* sibling */
	struct sleep_node **at;   /* what points here; NULL: not in a queue */
};

struct sleep_queue {
	struct sleep_node *first; /* NULL: nobody sleeps */
	uint64_t arrivals;
};

/* O(1). */
void pvg_sleep_add(struct sleep_queue *queue, struct sleep_node *node,
		   uint64_t deadline_ns);
/* Wherever it is, if it is; O(log n) on average. */
void pvg_sleep_remove(struct sleep_node *node);

/* PV_FOREVER for an empty queue. */
static inline uint64_t sleep_first_deadline(const struct sleep_queue *queue)
{
	return queue->first ? queue->first->deadline_ns : UINT64_MAX;
}

#endif
