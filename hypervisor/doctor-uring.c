/* SPDX-License-Identifier: MIT
 *
 * Probes of io_uring, which does all I/O of the hypervisor.
 */
#include "doctor.h"

#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loop.h"

/* Linux 6.5; not in the oldest liburing this is built with. */
#define SETUP_NO_MMAP (1u << 14)

#define ENTRIES 4

/* 0: everybody, 1: one group, 2: nobody; the kernel has none before 6.6. */
static int disabled_level(void)
{
	FILE *file = fopen("/proc/sys/kernel/io_uring_disabled", "re");
	int level = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%d", &level) != 1)
		level = 0;
	fclose(file);
	return level;
}

static void explain_no_uring(struct hv_report *report, int error)
{
	const char *meaning = "guests without them run; disks, networks, console input, "
			      "--host-events and timers do not work";

	if (error == EPERM && disabled_level() > 0)
		meaning = "disks, networks, console input, --host-events and timers do not work: "
			  "`sudo sysctl kernel.io_uring_disabled=0` permits "
			  "it, or with level 1 membership in the group of "
			  "kernel.io_uring_group";
	else if (error == EINVAL || error == ENOSYS)
		meaning = "guests without them run; disks, networks, console input, "
			  "--host-events and timers need Linux 5.19 or later";
	hv_report_add(report, HV_VERDICT_MISSING, "io_uring", meaning, "%s",
		      strerror(error));
}

/* What the event loop asks for, in its order. */
static const struct setup {
	enum hv_verdict verdict;
	const char *value, *meaning;
} setups[HV_LOOP_SETUPS] = {
	{ HV_VERDICT_GOOD, "yes, with one issuer and deferred completions",
	  "disks, networks, console input, --host-events and timers are served by it" },
	{ HV_VERDICT_SLOW, "yes, with cooperative completions",
	  "it does; from Linux 6.1 on it is faster" },
};

void hv_probe_uring(struct hv_report *report)
{
	struct io_uring ring;
	int r = -EINVAL;

	for (size_t i = 0; r == -EINVAL && i < HV_LOOP_SETUPS; i++) {
		r = io_uring_queue_init(ENTRIES, &ring, hv_loop_setups[i]);
		if (r < 0)
			continue;
		io_uring_queue_exit(&ring);
		hv_report_add(report, setups[i].verdict, "io_uring",
			      setups[i].meaning, "%s", setups[i].value);
	}
	if (r < 0)
		explain_no_uring(report, -r);
}

static const struct operation {
	int number;
	const char *name;
} operations[] = {
	{ IORING_OP_READ, "read" },
	{ IORING_OP_WRITE, "write" },
	{ IORING_OP_READV, "readv" },
	{ IORING_OP_WRITEV, "writev" },
	{ IORING_OP_FSYNC, "fsync" },
	{ IORING_OP_FALLOCATE, "fallocate" },
	{ IORING_OP_TIMEOUT, "timeout" },
	{ IORING_OP_TIMEOUT_REMOVE, "timeout_remove" },
	{ IORING_OP_ASYNC_CANCEL, "async_cancel" },
	{ IORING_OP_POLL_ADD, "poll_add" },
	{ IORING_OP_SENDMSG, "sendmsg" },
	{ IORING_OP_RECVMSG, "recvmsg" },
	{ IORING_OP_RECV, "recv" },
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void list_missing(const struct io_uring_probe *probe, char *text,
			 size_t bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < OPERATIONS && used < bytes; i++) {
		if (io_uring_opcode_supported(probe, operations[i].number))
			continue;
		used += (size_t)snprintf(text + used, bytes - used, "%s%s",
					 used ? ", " : "", operations[i].name);
	}
}

void hv_probe_uring_operations(struct hv_report *report)
{
	static const char name[] = "io_uring operations";
	struct io_uring_probe *probe = io_uring_get_probe();
	char missing[128];

	if (!probe)
		return; /* hv_probe_uring told of it */
	list_missing(probe, missing, sizeof(missing));
	io_uring_free_probe(probe);
	if (missing[0])
		hv_report_add(report, HV_VERDICT_MISSING, name,
			      "requests that need these fail with an I/O error",
			      "lacks %s", missing);
	else
		hv_report_add(report, HV_VERDICT_GOOD, name,
			      "reads, writes, flushes, discards, timers and "
			      "frames are all served", "all %zu", OPERATIONS);
}

/* A ring that is born disabled and allows only what it was told to. By system
 * call, since the shared liburing 2.3 does not export its function for it. */
static bool has_restrictions(void)
{
	struct io_uring_restriction only = {
		.opcode = IORING_RESTRICTION_SQE_OP,
		.sqe_op = IORING_OP_READ_FIXED,
	};
	struct io_uring ring;
	bool there;

	if (io_uring_queue_init(ENTRIES, &ring, IORING_SETUP_R_DISABLED) < 0)
		return false;
	there = syscall(SYS_io_uring_register, ring.ring_fd,
			IORING_REGISTER_RESTRICTIONS, &only, 1) == 0;
	io_uring_queue_exit(&ring);
	return there;
}

/* The last field of both sets of offsets is the address, whether the header
 * calls it user_addr or, before Linux 6.5, resv2. */
static void put_address(void *offsets, size_t bytes, const void *address)
{
	uint64_t value = (uintptr_t)address;

	memcpy((uint8_t *)offsets + bytes - sizeof(value), &value,
	       sizeof(value));
}

/* A ring in memory of the caller's choice, which could be guest RAM. */
static bool has_own_memory(void)
{
	struct io_uring_params params = { .flags = SETUP_NO_MMAP };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int fd;

	if (pages == MAP_FAILED)
		return false;
	put_address(&params.cq_off, sizeof(params.cq_off), pages);
	put_address(&params.sq_off, sizeof(params.sq_off), pages + page);
	fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (fd >= 0)
		close(fd);
	munmap(pages, 2 * page);
	return fd >= 0;
}

void hv_probe_uring_direct(struct hv_report *report)
{
	bool restricted = has_restrictions(), own = has_own_memory();

	hv_report_add(report, restricted && own ? HV_VERDICT_GOOD
						: HV_VERDICT_MISSING,
		      "io_uring rings in guest RAM",
		      "direct block rings could be built on them; this version "
		      "of Paravane has none",
		      "restrictions %s, rings in own memory %s",
		      restricted ? "yes" : "no", own ? "yes" : "no");
}
