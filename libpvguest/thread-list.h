/* SPDX-License-Identifier: MIT
 *
 * Lists of threads: those that are ready, and those that wait for one thing. A
 * thread is in one at most.
 */
#ifndef PVG_THREAD_LIST_H
#define PVG_THREAD_LIST_H

#include "scheduler.h"

/* As a whole: pvg_condition_signal looks at it without the lock. */
static inline void thread_list_set_first(struct pvg_waiters *list,
					 struct pvg_thread *first)
{
	__atomic_store_n(&list->first, first, __ATOMIC_RELAXED);
}

static inline void thread_list_append(struct pvg_waiters *list,
				      struct pvg_thread *thread)
{
	thread->list = list;
	thread->next = NULL;
	thread->prev = list->last;
	if (list->last)
		list->last->next = thread;
	else
		thread_list_set_first(list, thread);
	list->last = thread;
}

/* From whichever list it is in, if any. */
static inline void thread_list_remove(struct pvg_thread *thread)
{
	struct pvg_waiters *list = thread->list;

	if (!list)
		return;
	if (thread->prev)
		thread->prev->next = thread->next;
	else
		thread_list_set_first(list, thread->next);
	if (thread->next)
		thread->next->prev = thread->prev;
	else
		list->last = thread->prev;
	thread->list = NULL;
}

/* Take the first that may run on a vCPU; NULL if none may. Those that may not are
 * walked past each time: few threads are tied to a vCPU. */
static inline struct pvg_thread *thread_list_take(struct pvg_waiters *list,
						  unsigned vcpu)
{
	struct pvg_thread *thread = list->first;

	while (thread && !(thread->vcpus >> vcpu & 1))
		thread = thread->next;
	if (thread)
		thread_list_remove(thread);
	return thread;
}

#endif
