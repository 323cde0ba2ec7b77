/* SPDX-License-Identifier: MIT
 *
 * Thread-local variables: does every thread have its own, that begin as they were
 * declared, whatever their alignment?
 */
#include "threads.h"

#define THREADS 20

static __thread int initialised = 12345;
static __thread char zeroes[300];
static __thread uint64_t aligned[8] __attribute__((aligned(64))) = { 1, 2, 3 };
static __thread int *own_address = NULL;
static __thread uint8_t byte = 0x5a;
/* Not touched by the compiler's knowledge of it. */
__thread uint64_t visible = 99;

static bool as_declared(void)
{
	bool zero = true;

	for (size_t i = 0; i < sizeof(zeroes); i++)
		zero &= zeroes[i] == 0;
	return zero && initialised == 12345 && aligned[0] == 1 &&
	       aligned[1] == 2 && aligned[2] == 3 && aligned[7] == 0 &&
	       !own_address && byte == 0x5a && visible == 99;
}

static void spoil(uint64_t with)
{
	memset(zeroes, (int)with, sizeof(zeroes));
	initialised = (int)with;
	aligned[7] = with;
	own_address = &initialised;
	byte = (uint8_t)with;
	visible = with;
}

static bool as_spoilt(uint64_t with)
{
	return zeroes[0] == (char)with && zeroes[299] == (char)with &&
	       initialised == (int)with && aligned[7] == with &&
	       own_address == &initialised && byte == (uint8_t)with &&
	       visible == with;
}

struct finding {
	uint64_t number;
	bool declared, aligned, kept;
	int *address;
};

static void look(void *arg)
{
	struct finding *found = arg;
	uint64_t began = pvg_clock_ns();

	found->declared = as_declared();
	found->aligned = ((uintptr_t)aligned & 63) == 0;
	found->address = &initialised;
	found->kept = true;
	spoil(found->number);
	while (pvg_clock_ns() - began < 200 * MILLISECOND) {
		found->kept &= as_spoilt(found->number);
		if (found->number % 2)
			pvg_thread_yield();
	}
}

static void each_its_own(void)
{
	static struct finding found[THREADS];
	struct pvg_thread *thread[THREADS];
	unsigned wrong = 0, unaligned = 0, lost = 0, shared = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		found[i].number = i + 1000;
		thread[i] = start(look, &found[i]);
	}
	join_all(thread, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		wrong += !found[i].declared;
		unaligned += !found[i].aligned;
		lost += !found[i].kept;
		for (unsigned j = 0; j < i; j++)
			shared += found[i].address == found[j].address;
	}
	tap_equal(wrong, 0, "each thread's begin as declared");
	tap_equal(unaligned, 0, "and aligned");
	tap_equal(lost, 0, "each keeps what it wrote, over all switches");
	tap_equal(shared, 0, "nobody has another's");
}

int main(void)
{
	tap_ok(as_declared(), "main's begin as declared, without a scheduler");
	tap_equal((int64_t)((uintptr_t)aligned & 63), 0, "and aligned");
	spoil(7);
	if (!threads_start())
		return tap_done();
	tap_ok(as_spoilt(7), "with one they are still the same");
	each_its_own();
	tap_ok(as_spoilt(7), "main keeps its own");
	return tap_done();
}
