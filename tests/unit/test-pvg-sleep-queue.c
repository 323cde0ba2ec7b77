/* SPDX-License-Identifier: MIT
 *
 * The scheduler's queues: who sleeps, by deadline, against a simple model; and
 * lists of threads.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "hosted.h"
#include "../thread-list.h"

#define NODES 500

static struct sleep_queue queue;
static struct sleep_node node[NODES];

static unsigned first(void)
{
	cr_assert_not_null(queue.first);
	return (unsigned)(queue.first - node);
}

Test(sleep_queue, empty_has_no_deadline)
{
	cr_assert_eq(sleep_first_deadline(&queue), PV_FOREVER);
	pvg_sleep_remove(&node[0]); /* is in none: nothing happens */
	pvg_sleep_add(&queue, &node[0], 5);
	cr_assert_eq(sleep_first_deadline(&queue), 5);
	pvg_sleep_remove(&node[0]);
	cr_assert_eq(sleep_first_deadline(&queue), PV_FOREVER);
	pvg_sleep_remove(&node[0]);
}

Test(sleep_queue, equal_deadlines_come_out_as_they_went_in)
{
	for (unsigned i = 0; i < NODES; i++)
		pvg_sleep_add(&queue, &node[i], 100 + i % 3);
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = turn; i < NODES; i += 3) {
			cr_assert_eq(first(), i);
			pvg_sleep_remove(&node[i]);
		}
	}
	cr_assert_null(queue.first);
}

/* The model: deadline and order of arrival of each, 0 when it is not in. */
static struct {
	uint64_t deadline, arrival;
} model[NODES];

static int model_first(void)
{
	int best = -1;

	for (int i = 0; i < NODES; i++) {
		if (!model[i].deadline)
			continue;
		if (best < 0 || model[i].deadline < model[best].deadline ||
		    (model[i].deadline == model[best].deadline &&
		     model[i].arrival < model[best].arrival))
			best = i;
	}
	return best;
}

Test(sleep_queue, random_lives_as_in_a_simple_model)
{
	uint64_t arrivals = 0;

	srandom(1);
	for (int round = 0; round < 30000; round++) {
		int i = (int)(random() % NODES), best;

		if (model[i].deadline) {
			pvg_sleep_remove(&node[i]);
			model[i].deadline = 0;
		} else {
			model[i].deadline = 1 + (uint64_t)random() % 1000;
			model[i].arrival = ++arrivals;
			pvg_sleep_add(&queue, &node[i], model[i].deadline);
		}
		best = model_first();
		if (best < 0)
			cr_assert_null(queue.first);
		else
			cr_assert_eq(queue.first, &node[best]);
		if (best >= 0 && random() % 4 == 0) {
			pvg_sleep_remove(&node[best]);
			model[best].deadline = 0;
		}
	}
	for (int best; (best = model_first()) >= 0; model[best].deadline = 0) {
		cr_assert_eq(queue.first, &node[best]);
		pvg_sleep_remove(&node[best]);
	}
	cr_assert_null(queue.first);
}

static struct pvg_thread thread[4];
static struct pvg_waiters list;

static void setup(void)
{
	for (int i = 0; i < 4; i++)
		thread[i].vcpus = UINT64_MAX;
}

Test(thread_list, first_in_first_out, .init = setup)
{
	for (int i = 0; i < 4; i++)
		thread_list_append(&list, &thread[i]);
	for (int i = 0; i < 4; i++) {
		cr_assert_eq(thread[i].list, &list);
		cr_assert_eq(thread_list_take(&list, 63), &thread[i]);
		cr_assert_null(thread[i].list);
	}
	cr_assert_null(thread_list_take(&list, 0));
	cr_assert_null(list.first);
	cr_assert_null(list.last);
}

Test(thread_list, anyone_may_leave, .init = setup)
{
	static const int leave[][4] = {
		{ 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 1, 3, 0, 2 }, { 2, 0, 3, 1 }
	};

	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 4; i++)
			thread_list_append(&list, &thread[i]);
		for (int i = 0; i < 4; i++) {
			thread_list_remove(&thread[leave[round][i]]);
			thread_list_remove(&thread[leave[round][i]]);
		}
		cr_assert_null(list.first);
		cr_assert_null(list.last);
	}
}

Test(thread_list, those_that_must_run_elsewhere_are_passed_by, .init = setup)
{
	thread[0].vcpus = 1 << 2;
	thread[2].vcpus = 1 << 2 | 1 << 1;
	for (int i = 0; i < 4; i++)
		thread_list_append(&list, &thread[i]);
	cr_assert_eq(thread_list_take(&list, 0), &thread[1]);
	cr_assert_eq(thread_list_take(&list, 1), &thread[2]);
	cr_assert_eq(thread_list_take(&list, 0), &thread[3]);
	cr_assert_null(thread_list_take(&list, 0));
	cr_assert_eq(thread_list_take(&list, 2), &thread[0]);
}
