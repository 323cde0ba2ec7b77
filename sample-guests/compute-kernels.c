/* SPDX-License-Identifier: MIT
 *
 * See compute-kernels.h; the table is at the end.
 */
#include "compute-kernels.h"

#include <stddef.h>

#include "sha256.h"

static inline uint64_t xorshift(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* One long chain of dependent integer operations. */
static uint64_t run_mix(void *buffer, uint32_t iterations)
{
	uint64_t x = 88172645463325252u, hash = 0xcbf29ce484222325u;

	(void)buffer;
	for (uint32_t i = 0; i < iterations; i++) {
		x = xorshift(x);
		hash = (hash ^ (x & 0xff)) * 0x100000001b3u;
	}
	return hash;
}

/* Three arrays through the caches: as many bytes read and written as fit. */
static uint64_t run_stream(void *buffer, uint32_t iterations)
{
	size_t count = COMPUTE_BUFFER_BYTES / 4 / sizeof(uint64_t);
	uint64_t *a = buffer, *b = a + count, *c = b + count;
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		b[i] = i;
		c[i] = ~i;
	}
	for (uint32_t pass = 0; pass < iterations; pass++)
		for (size_t i = 0; i < count; i++) {
			a[i] = b[i] + 3 * c[i];
			b[i] = a[i] ^ pass;
		}
	for (size_t i = 0; i < count; i++)
		sum = sum * 31 + a[i];
	return sum;
}

#define SIDE 96
#define PAIRS (SIDE / 2)

typedef double pair __attribute__((vector_size(16)));

/* c = a * b, rows of SIDE numbers. */
static void multiply(const double *a, const pair *b, pair *c)
{
	for (int i = 0; i < SIDE; i++, a += SIDE, c += PAIRS) {
		for (int j = 0; j < PAIRS; j++)
			c[j] = (pair){ 0, 0 };
		for (int k = 0; k < SIDE; k++)
			for (int j = 0; j < PAIRS; j++)
				c[j] += (pair){ a[k], a[k] } * b[k * PAIRS + j];
	}
}

/* Double precision, two at a time (SSE2), from the first caches. */
static uint64_t run_matmul(void *buffer, uint32_t iterations)
{
	double *a = buffer;
	pair *b = (pair *)buffer + SIDE * PAIRS, *c = b + SIDE * PAIRS;
	double sum = 0;

	for (int i = 0; i < SIDE * SIDE; i++)
		a[i] = i % 7;
	for (int i = 0; i < SIDE * PAIRS; i++)
		b[i] = (pair){ i % 5, i % 3 };
	for (uint32_t pass = 0; pass < iterations; pass++) {
		a[0] = pass % 11; /* no two passes do the same */
		multiply(a, b, c);
		sum += c[0][0] + c[SIDE * PAIRS - 1][1];
	}
	return (uint64_t)sum; /* of whole numbers, far below 2^53: exact */
}

/* Strided stores of single bytes: Eratosthenes to a million. */
static uint64_t run_sieve(void *buffer, uint32_t iterations)
{
	enum { LIMIT = 1000000 };
	uint8_t *composite = buffer;
	uint64_t primes = 0;

	for (uint32_t pass = 0; pass < iterations; pass++) {
		for (uint32_t i = 0; i < LIMIT; i++)
			composite[i] = 0;
		for (uint32_t i = 2; i < LIMIT; i++) {
			if (composite[i])
				continue;
			primes++;
			for (uint64_t j = (uint64_t)i * i; j < LIMIT; j += i)
				composite[j] = 1;
		}
	}
	return primes;
}

static void sort(uint32_t *first, uint32_t *last)
{
	while (first < last) {
		uint32_t pivot = first[(last - first) / 2];
		uint32_t *low = first, *high = last;

		while (low <= high) {
			while (*low < pivot)
				low++;
			while (*high > pivot)
				high--;
			if (low <= high) {
				uint32_t swap = *low;

				*low++ = *high;
				*high-- = swap;
			}
		}
		sort(first, high);
		first = low;
	}
}

/* Branches nobody can predict, and calls: quicksort of random numbers. */
static uint64_t run_sort(void *buffer, uint32_t iterations)
{
	enum { COUNT = 32768 };
	uint32_t *number = buffer;
	uint64_t x = 88172645463325252u, sum = 0;

	for (uint32_t pass = 0; pass < iterations; pass++) {
		for (int i = 0; i < COUNT; i++) {
			x = xorshift(x);
			number[i] = (uint32_t)x;
		}
		sort(number, number + COUNT - 1);
		for (int i = 0; i < COUNT; i++)
			sum = sum * 31 + number[i];
	}
	return sum;
}

/* As many integer operations at once as the processor can do. */
static uint64_t run_sha256(void *buffer, uint32_t iterations)
{
	enum { BYTES = 64 << 10 };
	uint8_t *bytes = buffer, digest[SHA256_BYTES];
	struct sha256 hash;
	uint64_t sum = 0;

	for (int i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(i * 7);
	sha256_init(&hash);
	for (uint32_t pass = 0; pass < iterations; pass++)
		sha256_update(&hash, bytes, BYTES);
	sha256_final(&hash, digest);
	for (int i = 0; i < 8; i++)
		sum = sum << 8 | digest[i];
	return sum;
}

/* And what bounds each. */
const struct compute_kernel compute_kernels[COMPUTE_KERNELS] = {
	{ "mix", 6000000, run_mix },  /* dependent integer operations */
	{ "stream", 60, run_stream }, /* memory bandwidth */
	{ "matmul", 50, run_matmul }, /* SSE2 double precision */
	{ "sieve", 6, run_sieve },    /* strided byte stores */
	{ "sort", 5, run_sort },      /* unpredictable branches */
	{ "sha256", 70, run_sha256 }, /* parallel integer operations */
};
