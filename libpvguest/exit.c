/* SPDX-License-Identifier: MIT
 *
 * The orderly end: handlers, destructors, flush, EXIT. C++ objects register
 * their destructors here too (cxx.c).
 */
#include <pvguest/console.h>
#include <pvguest/libc.h>
#include <pvguest/ops.h>
#include <pvguest/panic.h>

#include "internal.h"

struct handler {
	void (*fn)(void *arg);
	void *arg;
	struct handler *next;
};

/* As many as C promises; more come from the heap. */
#define FIRST_HANDLERS 32

static struct handler *handlers;
static struct handler first_handlers[FIRST_HANDLERS];
static unsigned first_handlers_used;

int pvg_at_exit(void (*fn)(void *arg), void *arg)
{
	struct handler *handler;

	if (first_handlers_used < FIRST_HANDLERS)
		handler = &first_handlers[first_handlers_used++];
	else
		handler = malloc(sizeof(*handler));
	if (!handler)
		return -1;
	*handler = (struct handler){ fn, arg, handlers };
	handlers = handler;
	return 0;
}

static void call_plain(void *arg)
{
	void (*fn)(void) = (void (*)(void))(uintptr_t)arg;

	fn();
}

int atexit(void (*fn)(void))
{
	return pvg_at_exit(call_plain, (void *)(uintptr_t)fn);
}

/* A handler may register another, or call exit itself: each is taken off the
 * list before it runs. */
static void run_handlers(void)
{
	while (handlers) {
		struct handler *handler = handlers;

		handlers = handler->next;
		handler->fn(handler->arg);
	}
}

static void call_destructors(void)
{
	size_t i = (size_t)(pvg_fini_array_end - pvg_fini_array_start);

	while (i-- > 0)
		pvg_fini_array_start[i]();
}

void pvg_exit(int status)
{
	run_handlers();
	call_destructors();
	pvg_console_flush();
	pvg_op_exit((uint64_t)(int64_t)status);
}

void exit(int status)
{
	pvg_exit(status);
}
