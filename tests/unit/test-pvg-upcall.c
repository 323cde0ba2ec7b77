/* SPDX-License-Identifier: MIT
 *
 * From pending ports to handlers: the part of upcalls that needs no hypervisor.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hosted.h"

#define RAM_BYTES (1u << 20)
#define PORT 70

static int64_t set_upcall(uint64_t entry, uint64_t stack, uint64_t c,
			  uint64_t d, uint64_t e)
{
	(void)c, (void)d, (void)e;
	cr_assert_neq(entry, 0);
	cr_assert_eq(stack, 0);
	return 0;
}

static void setup(void)
{
	void *ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pvg_hosted_boot(ram, RAM_BYTES);
	pvg_hosted_set_op(PV_OP_SET_UPCALL, set_upcall);
}

TestSuite(pvg_upcall, .init = setup, .timeout = 60);

/* What the hypervisor does, but for the interrupt. */
static void fire(unsigned port)
{
	struct pv_vcpu *vcpu = pvg_vcpu();

	__atomic_fetch_or(&vcpu->pending[port / 64], UINT64_C(1) << port % 64,
			  __ATOMIC_SEQ_CST);
	if (!(vcpu->masked[port / 64] >> port % 64 & 1))
		__atomic_store_n(&vcpu->upcalls_pending, 1, __ATOMIC_SEQ_CST);
}

static unsigned calls[PV_PORTS];

static void count(unsigned port, void *arg)
{
	cr_assert(pvg_masked());
	cr_assert(!pvg_port_pending(port));
	cr_assert_eq(arg, &calls[port]);
	calls[port]++;
}

static void handle(unsigned port)
{
	pvg_port_handle(port, count, &calls[port]);
}

Test(pvg_upcall, a_pending_port_is_handled_once)
{
	handle(PORT);
	cr_assert_eq(pvg_upcalls_start(), 0);
	fire(PORT);
	pvg_upcalls_run();
	pvg_upcalls_run();
	cr_assert_eq(calls[PORT], 1);
	cr_assert(!pvg_masked());
}

Test(pvg_upcall, unmasking_runs_what_was_held_back)
{
	handle(PORT);
	pvg_upcalls_start();
	pvg_mask();
	fire(PORT);
	cr_assert_eq(calls[PORT], 0);
	pvg_unmask();
	cr_assert_eq(calls[PORT], 1);
}

Test(pvg_upcall, masks_nest_by_save_and_restore)
{
	bool outer, inner;

	handle(PORT);
	pvg_upcalls_start();
	outer = pvg_mask_save();
	inner = pvg_mask_save();
	fire(PORT);
	pvg_mask_restore(inner);
	cr_assert_eq(calls[PORT], 0);
	pvg_mask_restore(outer);
	cr_assert_eq(calls[PORT], 1);
}

Test(pvg_upcall, every_port_reaches_its_own_handler)
{
	for (unsigned port = 0; port < PV_PORTS; port++)
		handle(port);
	pvg_upcalls_start();
	pvg_mask();
	for (unsigned port = 0; port < PV_PORTS; port++)
		fire(port);
	pvg_unmask();
	for (unsigned port = 0; port < PV_PORTS; port++)
		cr_assert_eq(calls[port], 1);
}

Test(pvg_upcall, handlers_wait_for_the_start)
{
	handle(PORT);
	fire(PORT);
	pvg_upcalls_run();
	cr_assert_eq(calls[PORT], 0);
	pvg_upcalls_start();
	cr_assert_eq(calls[PORT], 1);
}

Test(pvg_upcall, a_masked_port_is_handled_when_unmasked)
{
	handle(PORT);
	pvg_upcalls_start();
	pvg_port_mask(PORT);
	fire(PORT);
	pvg_upcalls_run();
	cr_assert_eq(calls[PORT], 0);
	pvg_port_unmask(PORT);
	cr_assert_eq(calls[PORT], 1);
}

Test(pvg_upcall, a_removed_handler_leaves_the_port_pending_and_masked)
{
	handle(PORT);
	pvg_upcalls_start();
	pvg_port_handle(PORT, NULL, NULL);
	fire(PORT);
	pvg_upcalls_run();
	cr_assert_eq(calls[PORT], 0);
	cr_assert(pvg_port_pending(PORT));
}

static unsigned again;

static void fire_again(unsigned port, void *arg)
{
	(void)arg;
	if (++again < 5)
		fire(port);
}

Test(pvg_upcall, what_fires_in_a_handler_is_handled_before_the_return)
{
	pvg_port_handle(PORT, fire_again, NULL);
	pvg_upcalls_start();
	pvg_mask();
	fire(PORT);
	pvg_unmask();
	cr_assert_eq(again, 5);
}

static void mask_other(unsigned port, void *arg)
{
	(void)arg;
	pvg_port_mask(port + 1);
}

Test(pvg_upcall, a_handler_can_mask_a_port_whose_turn_comes)
{
	pvg_port_handle(PORT, mask_other, NULL);
	handle(PORT + 1);
	pvg_upcalls_start();
	pvg_mask();
	fire(PORT);
	fire(PORT + 1);
	pvg_unmask();
	cr_assert_eq(calls[PORT + 1], 0);
	pvg_port_unmask(PORT + 1);
	cr_assert_eq(calls[PORT + 1], 1);
}

static unsigned hooked, unhandled;

static void on_exit_of_upcall(void)
{
	cr_assert(pvg_masked());
	hooked++;
}

static void on_unhandled(unsigned port)
{
	unhandled = port;
}

Test(pvg_upcall, the_hooks_are_called)
{
	pvg_upcall_exit_hook = on_exit_of_upcall;
	pvg_port_unhandled_hook = on_unhandled;
	handle(PORT);
	pvg_upcalls_start();
	pvg_port_unmask(PORT + 1);
	hooked = 0;
	fire(PORT);
	fire(PORT + 1);
	pvg_upcalls_run();
	cr_assert_eq(hooked, 1);
	cr_assert_eq(unhandled, PORT + 1);
	cr_assert(pvg_port_pending(PORT + 1));
}

static unsigned blocks;

/* The first BLOCK is ended by a port with a handler, the second by ours. */
static int64_t block(uint64_t deadline, uint64_t b, uint64_t c, uint64_t d,
		     uint64_t e)
{
	struct pv_vcpu *vcpu = pvg_vcpu();

	(void)deadline, (void)b, (void)c, (void)d, (void)e;
	cr_assert_eq(vcpu->masked[1],
		     ~(UINT64_C(1) << (PORT - 64) | UINT64_C(2) << (PORT - 64)));
	vcpu->upcalls_masked = 0;
	fire(blocks++ == 0 ? PORT : PORT + 1);
	if (vcpu->upcalls_pending)
		pvg_upcalls_run();
	return 0;
}

Test(pvg_upcall, a_wait_goes_on_after_the_handlers_of_other_ports)
{
	pvg_hosted_set_op(PV_OP_BLOCK, block);
	handle(PORT);
	pvg_upcalls_start();
	pvg_mask();
	cr_assert_eq(pvg_port_wait(PORT + 1, PV_FOREVER), 0);
	cr_assert_eq(blocks, 2);
	cr_assert_eq(calls[PORT], 1);
	cr_assert(pvg_masked());
	cr_assert(!pvg_port_pending(PORT + 1));
	cr_assert_eq(pvg_vcpu()->masked[1], ~(UINT64_C(1) << (PORT - 64)));
}
