/* SPDX-License-Identifier: MIT
 *
 * Alarms: when they ring, and that they leave nothing behind.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alarm.h"
#include "futex.h"

#define MICROSECOND UINT64_C(1000)
#define MILLISECOND UINT64_C(1000000)
#define FAR (HV_WAIT_MOST_NS)
#define PATTERN 0xa5

TestSuite(alarm, .timeout = 30);

/* Neighbours of the byte are nobody's to write. */
static uint8_t bytes[3];
static struct hv_alarm alarm_;

static uint8_t byte_now(void)
{
	return __atomic_load_n(&bytes[1], __ATOMIC_RELAXED);
}

static void make(void)
{
	int r;

	bytes[0] = bytes[2] = PATTERN;
	bytes[1] = 0;
	r = hv_alarm_make(&alarm_, &bytes[1]);
	if (r == -EPERM || r == -ENOSYS)
		cr_skip_test("this host refuses an io_uring");
	cr_assert_eq(r, 0);
	cr_assert(!hv_alarm_armed(&alarm_));
}

static void set(uint64_t after_ns)
{
	cr_assert_eq(hv_alarm_set(&alarm_, after_ns), 0);
}

static void await(void)
{
	while (hv_alarm_armed(&alarm_))
		;
	cr_assert_eq(byte_now(), 1);
	cr_assert_eq(bytes[0], PATTERN);
	cr_assert_eq(bytes[2], PATTERN);
	bytes[1] = 0;
}

Test(alarm, rings_at_its_time_and_not_before)
{
	uint64_t start = hv_host_ns();

	make();
	set(5 * MILLISECOND);
	await();
	cr_assert_geq(hv_host_ns() - start, 5 * MILLISECOND);
	hv_alarm_done(&alarm_);
}

Test(alarm, rings_at_once)
{
	make();
	set(0);
	await();
	hv_alarm_done(&alarm_);
}

/* Which it need not end. */
Test(alarm, rings_in_a_wait)
{
	_Atomic uint32_t word = 7;

	make();
	set(5 * MILLISECOND);
	hv_futex_wait_until(&word, 7, hv_host_ns() + 20 * MILLISECOND);
	await();
	hv_alarm_done(&alarm_);
}

Test(alarm, the_last_time_that_was_set_holds)
{
	uint64_t start;

	make();
	set(FAR);
	set(MILLISECOND);
	await();
	start = hv_host_ns();
	set(5 * MILLISECOND);
	set(50 * MILLISECOND);
	/* It may have rung on the way; it is set again then, as it is after that. */
	await();
	if (hv_host_ns() - start < 50 * MILLISECOND) {
		set(start + 50 * MILLISECOND - hv_host_ns());
		await();
	}
	cr_assert_geq(hv_host_ns() - start, 50 * MILLISECOND);
	hv_alarm_done(&alarm_);
}

Test(alarm, rings_again_and_again)
{
	make();
	for (unsigned i = 0; i < 2000; i++) {
		set(i % 50 * MICROSECOND);
		await();
	}
	hv_alarm_done(&alarm_);
}

/* Set while it rings: whatever became of the former time, it rings. */
Test(alarm, none_is_lost_that_is_set_as_another_rings)
{
	make();
	for (unsigned i = 0; i < 5000; i++) {
		set(i % 40 * MICROSECOND);
		set(i % 7 * 10 * MICROSECOND);
		await();
	}
	hv_alarm_done(&alarm_);
}

Test(alarm, one_that_is_done_writes_nothing)
{
	for (unsigned i = 0; i < 200; i++) {
		make();
		set(i % 40 * MICROSECOND);
		hv_alarm_done(&alarm_);
		cr_assert(!hv_alarm_armed(&alarm_));
		bytes[1] = 0;
		usleep(100);
		cr_assert_eq(byte_now(), 0);
	}
}

Test(alarm, leaves_no_descriptor_behind)
{
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

	close(before);
	hv_alarm_done(&alarm_);
	make();
	set(FAR);
	hv_alarm_done(&alarm_);
	hv_alarm_done(&alarm_);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(after, before);
	close(after);
}

/* As a container's filter may. */
static void forbid(uint32_t call)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]), .filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		cr_skip_test("this host has no filters of system calls");
}

Test(alarm, one_that_cannot_be_set_is_told_of)
{
	make();
	forbid(SYS_io_uring_enter);
	cr_assert_eq(hv_alarm_set(&alarm_, 0), -EPERM);
	cr_assert(!hv_alarm_armed(&alarm_));
	hv_alarm_done(&alarm_);
}
