/* SPDX-License-Identifier: MIT
 *
 * Spinlocks between host threads, each of them a vCPU of its own.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hosted.h"

#define RAM_BYTES (8u << 20)
#define VCPUS 4u
#define ROUNDS 20000u

static unsigned yields;

static int64_t yield_to(uint64_t vcpu, uint64_t b, uint64_t c, uint64_t d,
			uint64_t e)
{
	(void)b, (void)c, (void)d, (void)e;
	cr_assert_lt(vcpu, VCPUS);
	__atomic_fetch_add(&yields, 1, __ATOMIC_RELAXED);
	sched_yield();
	return 0;
}

static void setup(void)
{
	void *ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pvg_hosted_boot(ram, RAM_BYTES);
	pvg_boot.vcpus = VCPUS;
	pvg_hosted_set_op(PV_OP_YIELD_TO, yield_to);
	pvg_hosted_set_op(PV_OP_YIELD, yield_to);
}

TestSuite(pvg_spinlock, .init = setup, .timeout = 60);

static void on_all_vcpus(void *(*fn)(void *number))
{
	pthread_t thread[VCPUS];

	for (uintptr_t i = 0; i < VCPUS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, fn, (void *)i), 0);
	for (unsigned i = 0; i < VCPUS; i++)
		pthread_join(thread[i], NULL);
}

static struct pvg_spinlock lock;
static uint64_t shared[2];

static void *add(void *number)
{
	pvg_hosted_enter((unsigned)(uintptr_t)number);
	for (unsigned i = 0; i < ROUNDS; i++) {
		bool was_masked = pvg_spin_lock_masked(&lock);

		cr_assert_eq(shared[0], shared[1]);
		shared[0]++;
		shared[1]++;
		pvg_spin_unlock_masked(&lock, was_masked);
	}
	return NULL;
}

Test(pvg_spinlock, one_at_a_time)
{
	on_all_vcpus(add);
	cr_assert_eq(shared[0], VCPUS * ROUNDS);
	cr_assert_eq(lock.holder, 0);
}

Test(pvg_spinlock, a_held_lock_is_not_taken)
{
	pvg_spin_lock(&lock);
	cr_assert_eq(lock.holder, 1);
	cr_assert(!pvg_spin_trylock(&lock));
	pvg_spin_unlock(&lock);
	cr_assert(pvg_spin_trylock(&lock));
}

static void *wait_for_it(void *number)
{
	pvg_hosted_enter(1);
	pvg_spin_lock(&lock);
	pvg_spin_unlock(&lock);
	return number;
}

Test(pvg_spinlock, who_waits_long_yields_to_the_holder)
{
	pthread_t thread;

	pvg_hosted_enter(3);
	pvg_spin_lock(&lock);
	cr_assert_eq(pthread_create(&thread, NULL, wait_for_it, NULL), 0);
	while (__atomic_load_n(&yields, __ATOMIC_RELAXED) < 3)
		sched_yield();
	pvg_spin_unlock(&lock);
	pthread_join(thread, NULL);
}

Test(pvg_spinlock, with_one_vcpu_masking_is_all)
{
	bool was_masked;

	pvg_boot.vcpus = 1;
	was_masked = pvg_spin_lock_masked(&lock);
	cr_assert(pvg_masked());
	cr_assert_eq(lock.holder, 0);
	pvg_spin_unlock_masked(&lock, was_masked);
	cr_assert(!pvg_masked());
}

/* What vCPUs share in the library. */
static void *use_the_heap(void *number)
{
	unsigned seed = 1 + (unsigned)(uintptr_t)number;
	uint8_t *object[64] = { NULL };
	size_t len[64] = { 0 };

	pvg_hosted_enter((unsigned)(uintptr_t)number);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned slot = (unsigned)rand_r(&seed) % 64;

		for (size_t at = 0; at < len[slot]; at += 31)
			cr_assert_eq(object[slot][at], slot + 1);
		pvguest_free(object[slot]);
		len[slot] = (size_t)rand_r(&seed) %
			    (rand_r(&seed) % 16 ? 600 : 20000);
		object[slot] = pvguest_malloc(len[slot]);
		cr_assert(object[slot] || len[slot] > 2016);
		if (!object[slot])
			len[slot] = 0;
		memset(object[slot], (int)slot + 1, len[slot]);
	}
	for (unsigned slot = 0; slot < 64; slot++)
		pvguest_free(object[slot]);
	return NULL;
}

Test(pvg_spinlock, the_heap_is_everybodys)
{
	on_all_vcpus(use_the_heap);
	cr_assert_geq(pvg_pages_available(), RAM_BYTES / 4096 - 30);
}

static uint8_t port_owner[PV_PORTS];

static void *use_ports(void *number)
{
	pvg_hosted_enter((unsigned)(uintptr_t)number);
	for (unsigned i = 0; i < ROUNDS; i++) {
		int port = pvg_port_alloc();

		cr_assert_geq(port, PV_PORT_FIRST_FREE);
		cr_assert_eq(__atomic_exchange_n(&port_owner[port], 1,
						 __ATOMIC_SEQ_CST), 0);
		__atomic_store_n(&port_owner[port], 0, __ATOMIC_SEQ_CST);
		pvg_port_free((unsigned)port);
	}
	return NULL;
}

Test(pvg_spinlock, a_port_is_given_out_once)
{
	on_all_vcpus(use_ports);
}
