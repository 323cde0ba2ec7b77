/* SPDX-License-Identifier: MIT
 *
 * See hosted.h. The operations page is made of real code, as a hypervisor's is:
 * a jump to the test's function in each slot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "hosted.h"
#include "../internal.h"

struct pv_boot_info pvg_boot;
const struct pv_clock *pvg_clock_record;

__thread struct pv_vcpu *pvg_hosted_vcpu;
static struct pv_vcpu vcpu[PVG_HOSTED_VCPUS];
static struct pv_memory_range free_range;
static pvg_hosted_op *operations[PV_OP_SLOTS];

static int64_t op_none(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
		       uint64_t e)
{
	(void)a, (void)b, (void)c, (void)d, (void)e;
	return -PV_ENOSYS;
}

static int64_t op_exit(uint64_t status, uint64_t b, uint64_t c, uint64_t d,
		       uint64_t e)
{
	(void)b, (void)c, (void)d, (void)e;
	exit((int)status);
}

static int64_t op_crash(uint64_t gpa, uint64_t len, uint64_t c, uint64_t d,
			uint64_t e)
{
	(void)c, (void)d, (void)e;
	fprintf(stderr, "%.*s\n", (int)len, (const char *)(uintptr_t)gpa);
	abort();
}

static int64_t op_console_write(uint64_t gpa, uint64_t len, uint64_t c,
				uint64_t d, uint64_t e)
{
	(void)c, (void)d, (void)e;
	return write(STDOUT_FILENO, (const void *)(uintptr_t)gpa, len);
}

static int64_t op_clock(uint64_t which, uint64_t b, uint64_t c, uint64_t d,
			uint64_t e)
{
	struct timespec now;

	(void)b, (void)c, (void)d, (void)e;
	clock_gettime(which == PV_CLOCK_WALL ? CLOCK_REALTIME : CLOCK_MONOTONIC,
		      &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t op_random(uint64_t gpa, uint64_t len, uint64_t c, uint64_t d,
			 uint64_t e)
{
	(void)c, (void)d, (void)e;
	if (len > PV_RANDOM_MAX_BYTES)
		len = PV_RANDOM_MAX_BYTES;
	memset((void *)(uintptr_t)gpa, 4, len); /* chosen by fair dice roll */
	return (int64_t)len;
}

/* movabs $operations + number, %rax; jmp *(%rax) */
static void write_slot(uint8_t *slot, enum pv_op number)
{
	uint64_t target = pvg_hosted_addr(&operations[number]);
	static const uint8_t movabs[] = { 0x48, 0xb8 }, jmp[] = { 0xff, 0x20 };

	memcpy(slot, movabs, 2);
	memcpy(slot + 2, &target, 8);
	memcpy(slot + 10, jmp, 2);
}

static uint64_t make_operations_page(void)
{
	uint8_t *page = mmap(NULL, PV_PAGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		abort();
	for (unsigned i = 0; i < PV_OP_SLOTS; i++)
		write_slot(page + i * PV_OP_SLOT_BYTES, (enum pv_op)i);
	if (mprotect(page, PV_PAGE_BYTES, PROT_READ | PROT_EXEC) != 0)
		abort();
	return pvg_hosted_addr(page);
}

void pvg_hosted_set_op(enum pv_op number, pvg_hosted_op *op)
{
	operations[number] = op;
}

void pvg_hosted_enter(unsigned number)
{
	pvg_hosted_vcpu = &vcpu[number];
}

void pvg_hosted_boot(void *free_memory, size_t bytes)
{
	static uint64_t operations_page;

	if (!operations_page)
		operations_page = make_operations_page();
	for (unsigned i = 0; i < PV_OP_SLOTS; i++)
		operations[i] = op_none;
	operations[PV_OP_EXIT] = op_exit;
	operations[PV_OP_CRASH] = op_crash;
	operations[PV_OP_CONSOLE_WRITE] = op_console_write;
	operations[PV_OP_CLOCK] = op_clock;
	operations[PV_OP_RANDOM] = op_random;
	memset(vcpu, 0, sizeof(vcpu));
	free_range = (struct pv_memory_range){ pvg_hosted_addr(free_memory),
					       bytes, PV_MEMORY_FREE, 0 };
	pvg_clock_record = NULL;
	pvg_boot = (struct pv_boot_info){
		.magic = PV_BOOT_MAGIC,
		.size_bytes = sizeof(pvg_boot),
		.abi_version = PV_ABI_VERSION,
		.features = PV_FEATURES_V1 & ~PV_FEATURE_CLOCK,
		.ops_addr = operations_page,
		.vcpu_addr = pvg_hosted_addr(vcpu),
		.vcpu_stride_bytes = PV_PAGE_BYTES,
		.vcpus = 1,
		.ram_bytes = bytes,
		.ranges_addr = pvg_hosted_addr(&free_range),
		.ranges = 1,
	};
	for (unsigned i = 0; i < PVG_HOSTED_VCPUS; i++) {
		vcpu[i].number = i;
		pvg_vcpu_prepare(i);
	}
	pvg_hosted_enter(0);
}
