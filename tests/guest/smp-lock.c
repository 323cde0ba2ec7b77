/* SPDX-License-Identifier: MIT
 *
 * What vCPUs share, all at once, also when there are more of them than CPUs: a
 * spinlock, the heap, ports, and lines on the console.
 *
 * Clauses: K6, K7.
 */
#include "tap.h"

#define ROUNDS 1000u

static struct pvg_spinlock lock;
static volatile uint64_t shared[2];
static unsigned wrong, done;

static void add_under_lock(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		bool was_masked = pvg_spin_lock_masked(&lock);

		if (shared[0] != shared[1])
			wrong++;
		shared[0] = shared[0] + 1;
		if (i % 100 == 0)
			pvg_op_yield(); /* the worst time to be away */
		shared[1] = shared[1] + 1;
		pvg_spin_unlock_masked(&lock, was_masked);
	}
}

static void use_the_heap(unsigned seed)
{
	uint8_t *object[32] = { NULL };
	size_t len[32] = { 0 };

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned slot = (seed = seed * 1103515245 + 12345) >> 16 & 31;

		for (size_t k = 0; k < len[slot]; k += 97)
			if (object[slot][k] != (uint8_t)(slot + pvg_vcpu_number()))
				__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
		free(object[slot]);
		len[slot] = seed >> 8 & (seed & 64 ? 255 : 8191);
		object[slot] = malloc(len[slot]);
		memset(object[slot], (int)(slot + pvg_vcpu_number()), len[slot]);
	}
	for (unsigned slot = 0; slot < 32; slot++)
		free(object[slot]);
}

static unsigned port_users[PV_PORTS];

static void use_ports(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		int port = pvg_port_alloc();

		if (port < 0 || __atomic_exchange_n(&port_users[port], 1,
						    __ATOMIC_SEQ_CST))
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&port_users[port], 0, __ATOMIC_SEQ_CST);
		pvg_port_free((unsigned)port);
	}
}

static void print(void)
{
	for (unsigned i = 0; i < 5; i++)
		pvg_printf("# vCPU %u, line %u of %s\n", pvg_vcpu_number(), i,
			   "five, whole");
}

static void do_all(void *arg)
{
	(void)arg;
	add_under_lock();
	use_the_heap(pvg_vcpu_number() + 1);
	use_ports();
	print();
	__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

int main(void)
{
	size_t pages = pvg_pages_available();

	if (!tap_granted(PV_FEATURE_SMP))
		return tap_done();
	for (unsigned n = 1; n < pvg_vcpus(); n++)
		pvg_vcpu_up(n, do_all, NULL, 0);
	do_all(NULL);
	while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < pvg_vcpus())
		pvg_op_yield();
	tap_equal((int64_t)shared[1], ROUNDS * pvg_vcpus(),
		  "what is under the lock is done one at a time");
	tap_equal(wrong, 0, "nothing is given to two at once");
	/* Their stacks, and one page kept for each size of object. */
	tap_ok(pages - pvg_pages_available() <= pvg_vcpus() * 16 + 24,
	       "and nothing is lost");
	return tap_done();
}
