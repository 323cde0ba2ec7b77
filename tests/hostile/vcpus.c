/* SPDX-License-Identifier: MIT
 *
 * What if vCPUs that there are not are named, one is brought up twice, all bring each
 * other up and go down at once, or events come for one that is going?
 *
 * Clauses: K1 to K5, M8, O29.
 */
#include "../guest/tap.h"
#include "kernel.h"

KERNEL_NOTE;

#define SECOND UINT64_C(1000000000)
#define PORT 16

static void add(unsigned *to, unsigned n)
{
	__atomic_fetch_add(to, n, __ATOMIC_SEQ_CST);
}

static unsigned get(const unsigned *from)
{
	return __atomic_load_n(from, __ATOMIC_SEQ_CST);
}

/* ---- numbers and masks */

static void absent(void)
{
	const uint64_t vcpus = pvg_boot.vcpus, stack = 65536;
	const uint64_t numbers[] = {
		vcpus, 63, 64, 255, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1,
		UINT64_C(1) << 63, UINT64_MAX,
	};
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t n = numbers[i];

		if (n < vcpus)
			continue;
		wrong += CALL4(PV_OP_VCPU_UP, n, 4096, stack, 0) != -PV_ENODEV;
		wrong += CALL2(PV_OP_SEND_EVENT, n, PORT) != -PV_ENODEV;
		wrong += CALL1(PV_OP_YIELD_TO, n) != -PV_ENODEV;
	}
	tap_equal(wrong, 0, "vCPUs that there are not");
	wrong = 0;
	for (uint64_t bit = vcpus; bit < 64; bit++)
		wrong += CALL3(PV_OP_MMU_FLUSH, UINT64_C(1) << bit | 1, 0, 0) !=
			 -PV_EINVAL;
	if (vcpus < 64)
		wrong += CALL3(PV_OP_MMU_FLUSH, UINT64_MAX, 0, 0) != -PV_EINVAL;
	tap_equal(wrong, 0, "masks that name them");
	tap_equal(CALL3(PV_OP_MMU_FLUSH, UINT64_MAX >> (64 - vcpus), 0, 0), 0,
		  "a mask of all there are, up or not");
	tap_equal(CALL3(PV_OP_MMU_FLUSH, 0, UINT64_MAX, UINT64_MAX), 0,
		  "a mask of none, and a range that wraps");
}

static void bad_ports(void)
{
	const uint64_t ports[] = {
		PV_PORTS, PV_PORTS + 16, (UINT64_C(1) << 32) + 16, UINT64_MAX,
	};
	uint64_t before[PV_PORT_WORDS];
	unsigned wrong = 0;

	memcpy(before, kernel_page(0)->pending, sizeof(before));
	for (uint64_t port = 0; port < PV_PORT_FIRST_FREE; port++)
		wrong += CALL2(PV_OP_SEND_EVENT, 0, port) != -PV_EINVAL;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		wrong += CALL2(PV_OP_SEND_EVENT, 0, ports[i]) != -PV_EINVAL;
	wrong += memcmp(before, kernel_page(0)->pending, sizeof(before)) != 0;
	tap_equal(wrong, 0, "ports that are fixed, or that there are not");
}

static void bad_beginnings(void)
{
	const uint64_t bad[] = { NOT_CANONICAL, UINT64_C(1) << 63,
				 UINT64_C(0xffff7fffffffffff) };
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wrong += CALL4(PV_OP_VCPU_UP, 1, bad[i], 65536, 0) != -PV_EINVAL;
		wrong += CALL4(PV_OP_VCPU_UP, 1, 4096, bad[i], 0) != -PV_EINVAL;
	}
	tap_equal(wrong, 0, "entries and stacks that are no address");
	tap_ok(kernel_is_down(1), "bring nobody up");
	tap_equal(CALL4(PV_OP_VCPU_UP, 0, 4096, 65536, 0), -PV_EBUSY,
		  "oneself is up");
	tap_equal(CALL0(PV_OP_VCPU_DOWN), -PV_EBUSY, "the only one stays up");
}

/* ---- the shortest life: an operation as its entry, and no stack */

static void down_at_once(void)
{
	uint64_t down = pvg_boot.ops_addr + PV_OP_VCPU_DOWN * PV_OP_SLOT_BYTES;
	unsigned ups = 0;

	for (unsigned i = 0; i < 200; i++) {
		int64_t answer;

		while ((answer = CALL4(PV_OP_VCPU_UP, 1, down, 0, 0)) ==
		       -PV_EBUSY)
			CALL0(PV_OP_YIELD);
		ups += answer == 0;
	}
	tap_equal(ups, 200, "lives of one operation each");
}

/* ---- twice */

static unsigned lives[PV_VCPUS_MAX], successes;
static volatile bool stop;

static void live(uint64_t number)
{
	add(&lives[number], 1);
	kernel_down();
}

/* All try to bring up the last. */
static void bring_up_last(uint64_t arg)
{
	unsigned last = pvg_boot.vcpus - 1;

	while (!stop) {
		int64_t answer = kernel_up(last, live, last);

		if (answer == 0)
			add(&successes, 1);
		else if (answer != -PV_EBUSY)
			add(&successes, 1000000);
	}
	if (arg)
		kernel_down();
}

static void all_down(void)
{
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_wait_down(n);
}

static void stop_soon(uint64_t arg)
{
	uint64_t end = kernel_now() + SECOND / 2;

	(void)arg;
	while (kernel_now() < end)
		CALL0(PV_OP_YIELD);
	stop = true;
	kernel_down();
}

static void twice_at_once(void)
{
	unsigned last = pvg_boot.vcpus - 1;

	if (pvg_boot.vcpus < 4)
		return;
	/* Its last life without a stack may not have begun yet. */
	while (kernel_up(1, stop_soon, 1) == -PV_EBUSY)
		CALL0(PV_OP_YIELD);
	for (unsigned n = 2; n < last; n++)
		kernel_up(n, bring_up_last, n);
	bring_up_last(0);
	all_down();
	pvg_printf("# %u lives\n", lives[last]);
	tap_ok(lives[last] > 0, "several bring up the same");
	tap_equal(successes, lives[last], "each answer of 0 is one life");
}

/* ---- each brings up whom it can and goes down, all the time */

static unsigned odd_answers;

static void bring_up_others(uint64_t number)
{
	for (unsigned i = 1; i < pvg_boot.vcpus && !stop; i++) {
		int64_t answer;

		if (i == number)
			continue;
		answer = kernel_up(i, bring_up_others, i);
		add(&successes, answer == 0);
		add(&odd_answers, answer != 0 && answer != -PV_EBUSY);
		CALL2(PV_OP_SEND_EVENT, i, PORT);
		CALL3(PV_OP_MMU_FLUSH, UINT64_C(1) << i, 0, 0);
	}
	if (number) {
		add(&lives[number], 1);
		kernel_down();
	}
}

static unsigned all_lives(void)
{
	unsigned sum = 0;

	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		sum += get(&lives[n]);
	return sum;
}

/* Whom another is about to bring up may look down for the moment. */
static bool all_at_rest(void)
{
	uint64_t end = kernel_now() + 10 * SECOND;

	while (get(&successes) != all_lives())
		if (kernel_now() > end)
			return false;
	all_down();
	return get(&successes) == all_lives();
}

static void up_and_down_storm(void)
{
	uint64_t end = kernel_now() + SECOND;

	memset(lives, 0, sizeof(lives));
	successes = 0;
	stop = false;
	while (kernel_now() < end)
		bring_up_others(0);
	stop = true;
	tap_ok(all_at_rest(), "each that was brought up has lived and gone");
	tap_equal(odd_answers, 0, "and whoever could not be was up");
	pvg_printf("# %u lives\n", successes);
}

/* ---- events for one that goes */

static unsigned taken;

static void take_events(uint64_t number)
{
	uint64_t bit = UINT64_C(1) << PORT % 64;
	uint64_t *word = &kernel_page((unsigned)number)->pending[PORT / 64];

	for (unsigned i = 0; i < 3; i++)
		if (__atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST) & bit)
			add(&taken, 1);
	kernel_down();
}

static void events_for_one_that_goes(void)
{
	unsigned sent, lost = 0;

	kernel_page(1)->pending[PORT / 64] = 0;
	for (sent = 0; sent < 300 && !lost; sent++) {
		uint64_t end = kernel_now() + 5 * SECOND;

		CALL2(PV_OP_SEND_EVENT, 1, PORT);
		while (get(&taken) == sent && !lost) {
			kernel_up(1, take_events, 1);
			lost = kernel_now() > end;
		}
	}
	kernel_wait_down(1);
	tap_equal(lost, 0, "no event for one that is going down is lost");
	tap_equal(taken, sent, "and none comes twice");
}

/* ---- all go down: one cannot */

static unsigned arrived, last_ones;

static void second_life(uint64_t arg)
{
	(void)arg;
	all_down();
	tap_equal(last_ones, 1, "if all go down at once, one stays up");
	pvg_exit(tap_done());
}

static void go_down_together(uint64_t number)
{
	add(&arrived, 1);
	while (get(&arrived) < pvg_boot.vcpus)
		CALL0(PV_OP_YIELD);
	kernel_try_down();
	add(&last_ones, 1);
	if (number == 0)
		second_life(0);
	while (kernel_up(0, second_life, 0) != 0)
		CALL0(PV_OP_YIELD);
	kernel_down();
}

int main(void)
{
	absent();
	bad_ports();
	if (pvg_boot.vcpus < 2)
		return tap_done();
	bad_beginnings();
	down_at_once();
	twice_at_once();
	up_and_down_storm();
	events_for_one_that_goes();
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, go_down_together, n);
	go_down_together(0);
	return 1;
}
