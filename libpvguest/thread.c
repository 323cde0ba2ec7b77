/* SPDX-License-Identifier: MIT
 *
 * A thread's memory, its beginning and its end. Read first scheduler.h.
 *
 *	pages	canary			the stack ends here
 *		stack			grows down
 *		__thread variables
 *		struct pvg_thread	FS base; the end of the pages
 */
#include <pvguest/clock.h>
#include <pvguest/console.h>
#include <pvguest/libc.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>

#include "thread-list.h"

#define CANARY UINT64_C(0x7b1d5c90e3a2f846)

/* What pvg_thread_switch takes off a stack, and what it returns to. */
struct first_frame {
	uint32_t mxcsr;
	uint32_t x87_control;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	void (*rip)(void);
	uint64_t nowhere; /* where a function's return address is: 0 ends a
			   * backtrace */
};

/* The first thing a thread does. It was switched to: the lock is its to free. */
__attribute__((noreturn)) static void begin(void)
{
	struct pvg_thread *self = pvg_thread_self();

	pvg_sched_unlock(false);
	self->fn(self->arg);
	pvg_thread_exit();
}

static size_t stack_bytes(const struct pvg_thread_options *options)
{
	size_t bytes = options->stack_bytes ? options->stack_bytes
					    : PVG_THREAD_STACK_BYTES;

	return bytes < PVG_THREAD_STACK_MIN_BYTES ? PVG_THREAD_STACK_MIN_BYTES
						  : bytes;
}

static void *place_first_frame(char *stack_top)
{
	struct first_frame *frame =
		(struct first_frame *)(void *)(stack_top - sizeof(*frame));

	*frame = (struct first_frame){ .mxcsr = PVG_MXCSR,
				       .x87_control = PVG_X87_CONTROL,
				       .rip = begin };
	return frame;
}

static void set_name(struct pvg_thread *thread, const char *name)
{
	static unsigned nameless;

	if (name)
		strncpy(thread->name, name, sizeof(thread->name) - 1);
	else
		pvg_snprintf(thread->name, sizeof(thread->name), "nameless %u",
			     __atomic_add_fetch(&nameless, 1, __ATOMIC_RELAXED));
}

static uint64_t *canary(const struct pvg_thread *thread)
{
	return thread->pages;
}

struct pvg_thread *pvg_thread_new(const struct pvg_thread_options *options,
				  void (*fn)(void *arg), void *arg)
{
	size_t above_stack = pvg_tls_space() + sizeof(struct pvg_thread);
	size_t bytes = stack_bytes(options);
	struct pvg_thread *thread;
	size_t count;
	char *pages;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	count = pvg_pages_for(bytes + above_stack);
	pages = pvg_pages_alloc(count);
	if (!pages)
		return NULL;
	thread = (struct pvg_thread *)(void *)(pages + count * PVG_PAGE_BYTES) -
		 1;
	memset(thread, 0, sizeof(*thread));
	pvg_tls_init(thread);
	thread->pages = pages;
	thread->pages_count = count;
	thread->vcpus = options->vcpus ? options->vcpus : UINT64_MAX;
	thread->fn = fn;
	thread->arg = arg;
	set_name(thread, options->name);
	*canary(thread) = CANARY;
	thread->sp = place_first_frame((char *)thread - pvg_tls_space());
	return thread;
}

void pvg_thread_free(struct pvg_thread *thread)
{
	pvg_pages_free(thread->pages, thread->pages_count);
}

void pvg_thread_check_stack(const struct pvg_thread *thread)
{
	if (PVG_UNLIKELY(thread->pages && *canary(thread) != CANARY))
		pvg_panic("thread \"%s\" ran over the end of its stack (%p)",
			  thread->name, thread->pages);
}

int pvg_thread_create(struct pvg_thread **ret_thread, void (*fn)(void *arg),
		      void *arg, const struct pvg_thread_options *options)
{
	static const struct pvg_thread_options defaults;
	struct pvg_thread *thread;
	uint64_t running;
	bool was_masked;

	if (!options)
		options = &defaults;
	running = UINT64_MAX >> (64 - pvg_sched.vcpus);
	if (!pvg_sched.vcpus || (options->vcpus && !(options->vcpus & running)))
		return -PV_EINVAL;
	thread = pvg_thread_new(options, fn, arg);
	if (!thread)
		return -PV_ENOMEM;
	thread->nobody_joins = !ret_thread;
	if (ret_thread)
		*ret_thread = thread;
	was_masked = pvg_sched_lock();
	pvg_sched_ready(thread);
	pvg_sched_unlock(was_masked);
	return 0;
}

void pvg_thread_join(struct pvg_thread *thread)
{
	bool was_masked = pvg_sched_lock();

	if (thread == pvg_thread_self())
		pvg_panic("thread \"%s\" joins itself", thread->name);
	if (thread->joined)
		pvg_panic("thread \"%s\" is joined twice", thread->name);
	thread->joined = true;
	while (!thread->ended)
		pvg_sched_wait(&thread->joiner, PV_FOREVER);
	pvg_sched_unlock(was_masked);
	pvg_thread_free(thread);
}

void pvg_thread_exit(void)
{
	struct pvg_thread *self = pvg_thread_self();

	pvg_sched_lock();
	self->ended = true;
	if (!self->nobody_joins)
		pvg_sched_wake_first(&self->joiner);
	else if (self->pages)
		sched_here()->gone = self;
	pvg_sched_leave();
	__builtin_unreachable();
}

void pvg_thread_yield(void)
{
	bool was_masked;

	if (!pvg_sched.vcpus)
		return;
	was_masked = pvg_sched_lock();
	pvg_sched_yield(false);
	pvg_sched_unlock(was_masked);
}

/* With upcalls masked it has to wait for the unmasking, which calls the exit hook
 * if there seems to be something pending. */
void pvg_preempt_late(void)
{
	struct pv_vcpu *vcpu = pvg_vcpu();

	if (vcpu->own[PVG_OWN_PREEMPT] != SWITCH_DUE)
		return;
	if (pvg_masked())
		__atomic_store_n(&vcpu->upcalls_pending, 1, __ATOMIC_RELAXED);
	else
		pvg_thread_yield();
}

const char *pvg_thread_name(const struct pvg_thread *thread)
{
	return thread ? thread->name : "";
}
