/* SPDX-License-Identifier: MIT
 *
 * Do vector registers keep their values while the guest computes? The host
 * interrupts it meanwhile: its timer ticks, and a doorbell may be served
 * without this program calling a function that could destroy them.
 *
 * Clauses: E5, E9.
 */
#include "tap.h"

#define SPIN_NS 50000000

static const uint8_t value[32] __attribute__((aligned(32))) = {
	0,  1,  2,  3,  4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
};

/* For `ticks` of the time-stamp counter, between loading and storing. */
#define SPIN                            \
	"	rdtsc\n"                \
	"	shlq $32, %%rdx\n"      \
	"	orq %%rdx, %%rax\n"     \
	"	leaq (%%rax,%2), %%rcx\n" \
	"1:	rdtsc\n"                \
	"	shlq $32, %%rdx\n"      \
	"	orq %%rdx, %%rax\n"     \
	"	cmpq %%rcx, %%rax\n"    \
	"	jb 1b\n"

static void keep_sse(uint8_t *ret_value, uint64_t ticks)
{
	__asm__ volatile("	movdqa (%1), %%xmm0\n"
			 "	movdqa 16(%1), %%xmm15\n" SPIN
			 "	movdqu %%xmm0, (%0)\n"
			 "	movdqu %%xmm15, 16(%0)\n"
			 : : "r"(ret_value), "r"(value), "r"(ticks)
			 : "rax", "rcx", "rdx", "xmm0", "xmm15", "memory", "cc");
}

static void keep_avx(uint8_t *ret_value, uint64_t ticks)
{
	__asm__ volatile("	vmovdqa (%1), %%ymm7\n" SPIN
			 "	vmovdqu %%ymm7, (%0)\n"
			 "	vzeroupper\n"
			 : : "r"(ret_value), "r"(value), "r"(ticks)
			 : "rax", "rcx", "rdx", "xmm7", "memory", "cc");
}

static uint64_t ticks_of(uint64_t ns)
{
	uint64_t start = pvg_clock_ns(), tsc = pvg_rdtsc();

	while (pvg_clock_ns() - start < 1000000)
		;
	return (pvg_rdtsc() - tsc) * (ns / 1000000);
}

static void arithmetic(void)
{
	volatile double third = 1.0 / 3.0;
	double sum = 0;

	for (int i = 0; i < 3000; i++) {
		sum += third;
		if (i % 1000 == 0)
			pvg_op_nop();
	}
	tap_ok(sum > 999.999999 && sum < 1000.000001,
	       "floating point is right across operations");
}

int main(void)
{
	uint64_t ticks = ticks_of(SPIN_NS);
	uint8_t after[32];

	keep_sse(after, ticks);
	tap_ok(memcmp(after, value, 32) == 0, "SSE registers keep their values");
	if (pvg_boot.xcr0 & 4) {
		memset(after, 0, 32);
		keep_avx(after, ticks);
		tap_ok(memcmp(after, value, 32) == 0,
		       "AVX registers keep their values");
	} else {
		tap_skip("AVX registers keep their values", "no AVX state");
	}
	arithmetic();
	return tap_done();
}
