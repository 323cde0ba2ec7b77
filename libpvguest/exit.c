/* SPDX-License-Identifier: MIT
 *
 * The orderly end: handlers, destructors, flush, EXIT. C++ objects register
 * their destructors here too (cxx.c).
 */
#include <pvguest/console.h>
#include <pvguest/libc.h>
#include <pvguest/ops.h>
#include <pvguest/panic.h>
#include <pvguest/spinlock.h>

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
static struct pvg_spinlock handlers_lock;

static struct handler *handler_alloc(void)
{
	unsigned i = __atomic_fetch_add(&first_handlers_used, 1,
					__ATOMIC_RELAXED);

	return i < FIRST_HANDLERS ? &first_handlers[i]
				  : malloc(sizeof(struct handler));
}

int pvg_at_exit(void (*fn)(void *arg), void *arg)
{
	struct handler *handler = handler_alloc();
	bool was_masked;

	if (!handler)
		return -1;
	was_masked = pvg_spin_lock_masked(&handlers_lock);
	*handler = (struct handler){ fn, arg, handlers };
	handlers = handler;
	pvg_spin_unlock_masked(&handlers_lock, was_masked);
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

static struct handler *handler_take(void)
{
	bool was_masked = pvg_spin_lock_masked(&handlers_lock);
	struct handler *handler = handlers;

	if (handler)
		handlers = handler->next;
	pvg_spin_unlock_masked(&handlers_lock, was_masked);
	return handler;
}

/* A handler may register another, or call exit itself: each is taken off the
 * list before it runs. */
static void run_handlers(void)
{
	struct handler *handler;

	while ((handler = handler_take()))
		handler->fn(handler->arg);
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
