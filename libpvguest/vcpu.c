/* SPDX-License-Identifier: MIT
 *
 * vCPUs: the library's side of a vCPU's page, up, and down.
 */
#include <pvguest/libc.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>
#include <pvguest/upcall.h>
#include <pvguest/vcpu.h>

#include "internal.h"

static struct pvg_percpu percpus[PV_VCPUS_MAX];

void pvg_vcpu_prepare(unsigned vcpu)
{
	struct pv_vcpu *page = pvg_vcpu_page(vcpu);

	page->own[PVG_OWN_SELF] = (uint64_t)(uintptr_t)page;
	page->own[PVG_OWN_THREAD] = 0;
	page->own[PVG_OWN_PERCPU] = (uint64_t)(uintptr_t)&percpus[vcpu];
	page->own[PVG_OWN_USER] = 0;
	memset(percpus[vcpu].unmasked, 0, sizeof(percpus[vcpu].unmasked));
	percpus[vcpu].upcalls = false;
	percpus[vcpu].traps = false;
	percpus[vcpu].handling = false;
	for (int i = 0; i < PV_PORT_WORDS; i++)
		__atomic_store_n(&page->masked[i], UINT64_MAX,
				 __ATOMIC_RELEASE);
}

/* What a vCPU needs to begin, at the top of its stack. */
struct beginning {
	unsigned vcpu;
	void (*fn)(void *arg);
	void *arg;
	void *stack;
	size_t stack_pages;
} PV_ALIGNED(16);

/* It is up, so it was down, and does not need its former stack. */
static void take_stack(struct pvg_percpu *percpu, const struct beginning *begin)
{
	if (percpu->stack)
		pvg_pages_free(percpu->stack, percpu->stack_pages);
	percpu->stack = begin->stack;
	percpu->stack_pages = begin->stack_pages;
}

__attribute__((noreturn)) static void vcpu_begin(struct beginning *begin)
{
	pvg_vcpu_prepare(begin->vcpu);
	take_stack(pvg_percpu(), begin);
	pvg_unmask();
	begin->fn(begin->arg);
	pvg_vcpu_down();
	pvg_panic("vCPU %u has nothing to do any more, and no other is up",
		  pvg_vcpu_number());
}

int pvg_vcpu_up(unsigned vcpu, void (*fn)(void *arg), void *arg,
		size_t stack_bytes)
{
	size_t pages = pvg_pages_for(stack_bytes ? stack_bytes
						 : PV_STACK_DEFAULT_BYTES);
	char *stack = pvg_pages_alloc(pages);
	struct beginning *begin;
	uint64_t *sp;
	int64_t answer;

	if (!stack)
		return -PV_ENOMEM;
	begin = (struct beginning *)(void *)(stack + pages * PVG_PAGE_BYTES) -
		1;
	*begin = (struct beginning){ vcpu, fn, arg, stack, pages };
	/* As after a call from nowhere; see <pvabi/boot.h>. */
	sp = (uint64_t *)(void *)begin - 1;
	*sp = 0;
	answer = pvg_op_vcpu_up(vcpu, (uint64_t)(uintptr_t)vcpu_begin,
				(uint64_t)(uintptr_t)sp,
				(uint64_t)(uintptr_t)begin);
	if (answer < 0)
		pvg_pages_free(stack, pages);
	return (int)answer;
}

int pvg_vcpu_down(void)
{
	bool was_masked = pvg_mask_save();
	int answer = (int)pvg_op_vcpu_down();

	pvg_mask_restore(was_masked);
	return answer;
}
