/* SPDX-License-Identifier: MIT
 *
 * See sleep-queue.h.
 */
#include <stdbool.h>
#include <stddef.h>

#include "sleep-queue.h"

static bool before(const struct sleep_node *a, const struct sleep_node *b)
{
	if (a->deadline_ns != b->deadline_ns)
		return a->deadline_ns < b->deadline_ns;
	return a->order < b->order;
}

/* Put a tree where a pointer is. */
static void place(struct sleep_node **at, struct sleep_node *node)
{
	*at = node;
	if (node)
		node->at = at;
}

/* Two trees become one: the later is the first child of the earlier, which is
 * returned. Either may be NULL. */
static struct sleep_node *meld(struct sleep_node *a, struct sleep_node *b)
{
	struct sleep_node *earlier, *later;

	if (!a || !b)
		return a ? a : b;
	earlier = before(a, b) ? a : b;
	later = earlier == a ? b : a;
	place(&later->next, earlier->child);
	place(&earlier->child, later);
	earlier->next = NULL;
	return earlier;
}

/* A list of siblings becomes one tree: two by two from the left, then these
 * from the right, which is what makes it logarithmic. */
static struct sleep_node *meld_all(struct sleep_node *node)
{
	struct sleep_node *pairs = NULL, *tree = NULL;

	while (node) {
		struct sleep_node *second = node->next, *rest, *pair;

		rest = second ? second->next : NULL;
		pair = meld(node, second);
		pair->next = pairs;
		pairs = pair;
		node = rest;
	}
	while (pairs) {
		struct sleep_node *rest = pairs->next;

		pairs->next = NULL;
		tree = meld(tree, pairs);
		pairs = rest;
	}
	return tree;
}

void pvg_sleep_add(struct sleep_queue *queue, struct sleep_node *node,
		   uint64_t deadline_ns)
{
	node->deadline_ns = deadline_ns;
	node->order = queue->arrivals++;
	node->child = node->next = NULL;
	place(&queue->first, meld(queue->first, node));
}

/* The node's children take its place, all in one tree: none of them is before the
 * node's parent, so the order of the heap holds. */
void pvg_sleep_remove(struct sleep_node *node)
{
	struct sleep_node **at = node->at, *next = node->next, *children;

	if (!at)
		return;
	children = meld_all(node->child);
	if (children) {
		place(&children->next, next);
		place(at, children);
	} else {
		place(at, next);
	}
	node->at = NULL;
	node->child = node->next = NULL;
}
