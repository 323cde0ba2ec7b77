/* SPDX-License-Identifier: MIT
 *
 * A queue from its opening to its end, driven by a guest the test plays.
 */
#include <criterion/criterion.h>
#include <pvabi/error.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fake-guest.h"
#include "../pattern.h"

#define DISK_BYTES 1000100u
#define ENTRIES 32u

static struct fake_guest guest;
static char path[] = "/tmp/paravane-test-queue.XXXXXX";

static void make_disk(void)
{
	static uint8_t bytes[DISK_BYTES];
	int fd = mkstemp(path);

	for (uint32_t i = 0; i < DISK_BYTES; i++)
		bytes[i] = pattern_byte(i);
	cr_assert_eq(write(fd, bytes, DISK_BYTES), DISK_BYTES);
	close(fd);
}

static void setup(void)
{
	make_disk();
	cr_assert_eq(fake_guest_make(&guest, path), 0);
	cr_assert_eq(fake_queue_open(&guest, ENTRIES), 0);
}

static void teardown(void)
{
	fake_guest_free(&guest);
	unlink(path);
}

TestSuite(block_queue, .init = setup, .fini = teardown, .timeout = 60);

static bool is_pattern(pv_gpa_t gpa, uint64_t offset, uint32_t len)
{
	const uint8_t *bytes = fake_ram(&guest, gpa);

	for (uint32_t i = 0; i < len; i++)
		if (bytes[i] != pattern_byte(offset + i))
			return false;
	return true;
}

static struct pv_ring_rsp answer_to(const struct pv_blk_request *request)
{
	struct pv_ring_rsp rsp = { .status = 1000 };

	fake_put(&guest, request);
	fake_publish(&guest, guest.req_prod);
	cr_assert(fake_pop(&guest, &rsp), "no answer came");
	return rsp;
}

static void wait_until_ended(void)
{
	for (int naps = 0; naps < 100000 && !atomic_load(&guest.vm.ending); naps++)
		fake_nap();
}

Test(block_queue, a_read_brings_data_and_its_token)
{
	struct pv_blk_request r = fake_read(0x1234567890, 8192, FAKE_BUFFER, 4096);
	struct pv_ring_rsp rsp = answer_to(&r);

	cr_assert_eq(rsp.status, 0);
	cr_assert_eq(rsp.done_bytes, 4096);
	cr_assert_eq(rsp.token, 0x1234567890);
	cr_assert(is_pattern(FAKE_BUFFER, 8192, 4096));
}

Test(block_queue, a_full_ring_is_answered_each_once)
{
	unsigned seen[ENTRIES] = { 0 };
	struct pv_ring_rsp rsp;

	for (unsigned round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < ENTRIES; i++) {
			struct pv_blk_request r = fake_read(
				i, i * 4096, FAKE_BUFFER + i * 4096, 4096);

			fake_put(&guest, &r);
		}
		fake_publish(&guest, guest.req_prod);
		for (uint32_t i = 0; i < ENTRIES; i++) {
			cr_assert(fake_pop(&guest, &rsp));
			cr_assert_eq(rsp.status, 0);
			cr_assert_lt(rsp.token, ENTRIES);
			seen[rsp.token]++;
		}
	}
	for (uint32_t i = 0; i < ENTRIES; i++)
		cr_assert_eq(seen[i], 50);
}

Test(block_queue, an_idle_queue_asks_for_a_doorbell_and_hears_it)
{
	struct pv_blk_request r = fake_read(1, 0, FAKE_BUFFER, 512);
	struct hv_blk_stats stats;

	answer_to(&r);
	for (int naps = 0; naps < 100000; naps++) {
		if (__atomic_load_n(&guest.ring->req_event, __ATOMIC_SEQ_CST) ==
		    guest.req_prod + 1)
			break;
		fake_nap();
	}
	cr_assert_eq(guest.ring->req_event, guest.req_prod + 1);
	usleep(20000);
	cr_assert_eq(answer_to(&r).status, 0);
	hv_block_stats(guest.vm.device[0], &stats);
	cr_assert_geq(stats.ring.doorbells, 1);
	cr_assert_eq(stats.requests, 2);
	cr_assert_eq(stats.read_bytes, 1024);
}

Test(block_queue, an_event_is_sent_only_where_one_was_asked_for)
{
	struct pv_blk_request r = fake_read(1, 0, FAKE_BUFFER, 512);
	struct hv_blk_stats stats;

	answer_to(&r);
	cr_assert_eq(fake_vcpu.pending[FAKE_PORT / 64], 0);
	__atomic_store_n(&guest.ring->rsp_event, guest.rsp_cons + 1,
			 __ATOMIC_SEQ_CST);
	answer_to(&r);
	hv_block_stats(guest.vm.device[0], &stats);
	for (int naps = 0; naps < 1000 && !stats.ring.events_sent; naps++) {
		fake_nap();
		hv_block_stats(guest.vm.device[0], &stats);
	}
	cr_assert_eq(stats.ring.events_sent, 1);
	cr_assert_eq(fake_vcpu.pending[FAKE_PORT / 64],
		     UINT64_C(1) << FAKE_PORT % 64);
	cr_assert_eq(stats.ring.events_suppressed, 1);
}

Test(block_queue, the_short_last_block_reads_as_zeroes_past_the_size)
{
	const uint32_t last = DISK_BYTES / 512 * 512;
	struct pv_blk_request r = fake_read(1, last - 512, FAKE_BUFFER, 1024);
	uint8_t *bytes = fake_ram(&guest, FAKE_BUFFER);

	memset(bytes, 0xa5, 2048);
	cr_assert_eq(answer_to(&r).status, 0);
	cr_assert(is_pattern(FAKE_BUFFER, last - 512, 512 + DISK_BYTES - last));
	for (uint32_t i = 512 + DISK_BYTES - last; i < 1024; i++)
		cr_assert_eq(bytes[i], 0);
	cr_assert_eq(bytes[1024], 0xa5);
}

Test(block_queue, a_write_past_the_size_does_not_grow_the_file)
{
	const uint32_t last = DISK_BYTES / 512 * 512;
	struct pv_blk_request w = fake_read(1, last, FAKE_BUFFER, 512);
	struct pv_blk_request flush = { .op = PV_BLK_FLUSH, .token = 2 };
	struct stat st;

	w.op = PV_BLK_WRITE;
	cr_assert_eq(answer_to(&w).status, 0);
	cr_assert_eq(answer_to(&flush).status, 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_size, DISK_BYTES);
}

/* What lies past the size is never written: it must not count as done. */
Test(block_queue, a_write_that_fails_in_the_short_last_block_moved_nothing)
{
	const uint32_t last = DISK_BYTES / 512 * 512;
	const struct rlimit limit = { last, RLIM_INFINITY };
	struct pv_blk_request w = fake_read(1, last, FAKE_BUFFER, 512);
	struct pv_ring_rsp rsp;

	w.op = PV_BLK_WRITE;
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	rsp = answer_to(&w);
	cr_assert_eq(rsp.status, -PV_ENOSPC);
	cr_assert_eq(rsp.done_bytes, 0);
}

Test(block_queue, a_file_that_shrank_gives_an_error_or_zeroes_and_no_crash)
{
	struct pv_blk_request r = fake_read(1, 8192, FAKE_BUFFER, 4096);
	struct pv_ring_rsp rsp;

	cr_assert_eq(truncate(path, 8192 + 1000), 0);
	rsp = answer_to(&r);
	cr_assert(rsp.status == -PV_EIO || rsp.status == 0);
	if (rsp.status)
		cr_assert_leq(rsp.done_bytes, 1000);
}

Test(block_queue, a_bad_request_fails_and_the_next_is_served)
{
	struct pv_blk_request bad = fake_read(1, 0, FAKE_RAM_BYTES, 512);
	struct pv_blk_request good = fake_read(2, 0, FAKE_BUFFER, 512);
	struct pv_ring_rsp rsp = answer_to(&bad);

	cr_assert_eq(rsp.status, -PV_EFAULT);
	cr_assert_eq(rsp.done_bytes, 0);
	cr_assert_eq(rsp.token, 1);
	cr_assert_eq(answer_to(&good).status, 0);
}

Test(block_queue, too_many_requests_end_the_guest)
{
	fake_publish(&guest, ENTRIES + 1);
	fake_ring_doorbell(&guest);
	wait_until_ended();
	cr_assert_eq(atomic_load(&guest.vm.ending), HV_END_KILLED);
}

Test(block_queue, answers_taken_that_were_not_given_end_the_guest)
{
	struct pv_blk_request r = fake_read(1, 0, FAKE_BUFFER, 512);

	guest.ring->rsp_cons = 1;
	fake_put(&guest, &r);
	fake_publish(&guest, guest.req_prod);
	fake_ring_doorbell(&guest);
	wait_until_ended();
	cr_assert_eq(atomic_load(&guest.vm.ending), HV_END_KILLED);
}

Test(block_queue, closing_answers_what_was_taken_and_touches_no_more)
{
	for (uint32_t i = 0; i < ENTRIES; i++) {
		struct pv_blk_request r = fake_read(
			i, 0, FAKE_BUFFER + i * 16384, 16384);

		fake_put(&guest, &r);
	}
	fake_publish(&guest, guest.req_prod);
	cr_assert_eq(hv_queue_close(&guest.vm, 0, 0), 0);
	memset(fake_ram(&guest, 0), 0xee, FAKE_RAM_BYTES / 2);
	usleep(5000);
	for (uint32_t i = 0; i < FAKE_RAM_BYTES / 2; i++)
		cr_assert_eq(guest.vm.memory.base[i], 0xee);
	cr_assert_eq(hv_queue_close(&guest.vm, 0, 0), -PV_ENODEV);
}

Test(block_queue, opening_and_closing_many_times_leaks_no_descriptor)
{
	int before = dup(0), after;

	close(before);
	for (int i = 0; i < 300; i++) {
		cr_assert_eq(hv_queue_close(&guest.vm, 0, 0), 0);
		cr_assert_eq(fake_queue_open(&guest, ENTRIES), 0);
	}
	after = dup(0);
	close(after);
	cr_assert_eq(before, after);
}

Test(block_queue, a_ring_that_is_not_zero_or_lies_elsewhere_is_refused)
{
	uint8_t *dirty = fake_ram(&guest, 65536);

	dirty[0] = 1;
	cr_assert_eq(hv_queue_open(&guest.vm.vcpu[0], 0, 1, 65536, 16, 20),
		     -PV_EINVAL);
	cr_assert_eq(hv_queue_open(&guest.vm.vcpu[0], 0, 1, 131072 + 8, 16, 20),
		     -PV_EINVAL);
	cr_assert_eq(hv_queue_open(&guest.vm.vcpu[0], 0, 1, FAKE_RAM_BYTES - 64, 16,
					 20), -PV_EFAULT);
	cr_assert_eq(hv_queue_open(&guest.vm.vcpu[0], 0, 0, 131072, 16, 20),
		     -PV_EBUSY);
}
