/* SPDX-License-Identifier: MIT
 *
 * Virtio's block device by its registers and its queue, with a real disk and the real
 * loop: what tests/native asks of the whole, here without KVM, and what it cannot.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "../pattern.h"
#include "block-io.h"
#include "fake-native.h"
#include "native/virtio-request.h"

#define DISK_BYTES (100 * 512u + 100u) /* the last sector is not all there */

static struct fake_native fake;
static char path[] = "/tmp/paravane-virtio.XXXXXX";

static void make_disk(void)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	for (unsigned i = 0; i < DISK_BYTES; i++) {
		uint8_t byte = pattern_byte(i);

		cr_assert_eq(write(fd, &byte, 1), 1);
	}
	close(fd);
}

static void start(bool read_only)
{
	const struct hv_disk_spec spec = { .path = path, .id = "a-name-of-more-than-20",
					   .read_only = read_only };

	make_disk();
	cr_assert_eq(fake_native_make(&fake, &spec), 0);
	fake_start(&fake, 0);
}

static void setup(void)
{
	start(false);
}

static void setup_read_only(void)
{
	start(true);
}

static void teardown(void)
{
	fake_native_free(&fake);
	unlink(path);
}

TestSuite(virtio_block, .init = setup, .fini = teardown, .timeout = 20);
TestSuite(virtio_block_read_only, .init = setup_read_only, .fini = teardown,
	  .timeout = 20);

static void wait_used(uint16_t index)
{
	while (__atomic_load_n(&fake_used(&fake)->idx, __ATOMIC_SEQ_CST) != index)
		fake_nap();
}

static uint8_t ask(uint32_t type, uint64_t sector, uint32_t bytes)
{
	uint16_t used = fake_used(&fake)->idx;

	fake_request(&fake, type, sector, bytes);
	fake_give(&fake, 0);
	fake_write(&fake, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	wait_used((uint16_t)(used + 1));
	return *(uint8_t *)fake_ram(&fake, FAKE_STATUS);
}

static bool is_pattern(uint64_t offset, uint32_t bytes)
{
	const uint8_t *at = fake_ram(&fake, FAKE_BUFFER);

	for (uint32_t i = 0; i < bytes; i++)
		if (at[i] != pattern_byte(offset + i))
			return false;
	return true;
}

Test(virtio_block, it_reads)
{
	cr_assert_eq(ask(VIRTIO_BLK_T_IN, 2, 2048), VIRTIO_BLK_S_OK);
	cr_assert(is_pattern(1024, 2048));
	cr_assert_eq(fake_used(&fake)->ring[0].len, 2049);
}

Test(virtio_block, the_last_sector_is_filled_with_zeroes)
{
	uint8_t *buffer = fake_ram(&fake, FAKE_BUFFER);

	cr_assert_eq(fake_read(&fake, VIRTIO_MMIO_CONFIG), 101);
	memset(buffer, 0xee, 512);
	cr_assert_eq(ask(VIRTIO_BLK_T_IN, 100, 512), VIRTIO_BLK_S_OK);
	cr_assert(is_pattern(51200, 100));
	cr_assert(buffer[100] == 0 && buffer[511] == 0);
	cr_assert_eq(ask(VIRTIO_BLK_T_IN, 101, 512), VIRTIO_BLK_S_IOERR);
	cr_assert_eq(ask(VIRTIO_BLK_T_IN, 100, 1024), VIRTIO_BLK_S_IOERR);
}

Test(virtio_block, names_are_cut_at_20_bytes)
{
	uint8_t *buffer = fake_ram(&fake, FAKE_BUFFER);

	memset(buffer, 0xee, 32);
	cr_assert_eq(ask(VIRTIO_BLK_T_GET_ID, 0, 32), VIRTIO_BLK_S_OK);
	cr_assert_eq(memcmp(buffer, "a-name-of-more-than-20", 20), 0);
	cr_assert_eq(buffer[20], 0xee);
	memset(buffer, 0xee, 32);
	cr_assert_eq(ask(VIRTIO_BLK_T_GET_ID, 0, 3), VIRTIO_BLK_S_OK);
	cr_assert(buffer[2] == 'n' && buffer[3] == 0xee);
}

Test(virtio_block_read_only, it_is_not_changed)
{
	cr_assert(fake_read(&fake, VIRTIO_MMIO_DEVICE_FEATURES) &
		  1u << VIRTIO_BLK_F_RO);
	cr_assert_eq(ask(VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	cr_assert_eq(ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, 16), VIRTIO_BLK_S_IOERR);
	cr_assert_eq(ask(VIRTIO_BLK_T_DISCARD, 0, 16), VIRTIO_BLK_S_IOERR);
	cr_assert_eq(ask(VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	cr_assert(is_pattern(0, 512));
}

Test(virtio_block, zeroes_are_written_where_asked)
{
	struct virtio_blk_discard_write_zeroes *range = fake_ram(&fake, FAKE_BUFFER);

	*range = (struct virtio_blk_discard_write_zeroes){ 3, 2, 1 };
	cr_assert_eq(ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, sizeof(*range)),
		     VIRTIO_BLK_S_OK);
	cr_assert_eq(ask(VIRTIO_BLK_T_IN, 3, 1024), VIRTIO_BLK_S_OK);
	for (unsigned i = 0; i < 1024; i++)
		cr_assert_eq(((uint8_t *)range)[i], 0);
	*range = (struct virtio_blk_discard_write_zeroes){ 100, 2, 0 };
	cr_assert_eq(ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, sizeof(*range)),
		     VIRTIO_BLK_S_IOERR);
	*range = (struct virtio_blk_discard_write_zeroes){ 0, UINT32_MAX, 0 };
	cr_assert_eq(ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, sizeof(*range)),
		     VIRTIO_BLK_S_IOERR);
	*range = (struct virtio_blk_discard_write_zeroes){ 0, 1, 2 };
	cr_assert_eq(ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, sizeof(*range)),
		     VIRTIO_BLK_S_UNSUPP);
	cr_assert_eq(ask(VIRTIO_BLK_T_WRITE_ZEROES, 0, 15), VIRTIO_BLK_S_IOERR);
}

Test(virtio_block, a_broken_device_takes_nothing_until_it_is_reset)
{
	fake_give(&fake, 0xffff);
	fake_write(&fake, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	while (!(fake_read(&fake, VIRTIO_MMIO_STATUS) & 0x40))
		fake_nap();
	cr_assert_eq(fake_read(&fake, VIRTIO_MMIO_INTERRUPT_STATUS),
		     VIRTIO_MMIO_INT_CONFIG);
	fake_request(&fake, VIRTIO_BLK_T_IN, 0, 512);
	fake_give(&fake, 0);
	fake_write(&fake, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	fake_nap();
	cr_assert_eq(fake_used(&fake)->idx, 0);
	fake_start(&fake, 0);
	cr_assert_eq(fake_read(&fake, VIRTIO_MMIO_STATUS), 15);
	cr_assert_eq(fake_read(&fake, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	cr_assert_eq(ask(VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
}

/* As of a disk opened past the page cache, or with blocks of 4096 bytes. */
static struct hv_disk odd_disk = {
	.size_bytes = 40960, .logical_block_bytes = 4096,
	.buffer_align_bytes = 4096,
};

static enum hv_virtio_do decode(uint32_t type, uint64_t sector, pv_gpa_t gpa,
				uint32_t bytes, struct hv_virtio_request *r)
{
	static struct hv_virtq_chain chain;
	static struct virtio_blk_outhdr header;

	header = (struct virtio_blk_outhdr){ .type = type, .sector = sector };
	chain = (struct hv_virtq_chain){ .readable = 1, .writable = 2 };
	chain.iov[0] = (struct iovec){ &header, sizeof(header) };
	chain.iov[1] = (struct iovec){ fake_ram(&fake, gpa), bytes };
	chain.iov[2] = (struct iovec){ fake_ram(&fake, FAKE_STATUS), 1 };
	return hv_virtio_decode(&chain, &odd_disk, r);
}

Test(virtio_block, whole_blocks_and_aligned_buffers_are_asked_for)
{
	struct hv_virtio_request r;

	cr_assert_eq(decode(VIRTIO_BLK_T_IN, 8, FAKE_BUFFER, 4096, &r),
		     HV_VIRTIO_DO_IO);
	cr_assert(r.op == PV_BLK_READ && r.offset_bytes == 4096 &&
		  r.len_bytes == 4096 && r.iovs == 1);
	cr_assert_eq(decode(VIRTIO_BLK_T_IN, 1, FAKE_BUFFER, 4096, &r),
		     HV_VIRTIO_DO_ANSWER);
	cr_assert_eq(r.answer, VIRTIO_BLK_S_IOERR);
	cr_assert_eq(decode(VIRTIO_BLK_T_IN, 8, FAKE_BUFFER, 512, &r),
		     HV_VIRTIO_DO_ANSWER);
	cr_assert_eq(decode(VIRTIO_BLK_T_IN, 8, FAKE_BUFFER + 512, 4096, &r),
		     HV_VIRTIO_DO_ANSWER);
}

Test(virtio_block, more_than_8_mib_at_once_fails)
{
	struct hv_virtio_request r;

	cr_assert_eq(decode(VIRTIO_BLK_T_IN, 0, FAKE_BUFFER, (8u << 20) + 4096, &r),
		     HV_VIRTIO_DO_ANSWER);
	cr_assert_eq(r.answer, VIRTIO_BLK_S_IOERR);
}

Test(virtio_block, discarding_is_not_for_disks_that_cannot)
{
	struct hv_virtio_request r;

	cr_assert_eq(decode(VIRTIO_BLK_T_DISCARD, 0, FAKE_BUFFER, 4096, &r),
		     HV_VIRTIO_DO_ANSWER);
	cr_assert_eq(r.answer, VIRTIO_BLK_S_UNSUPP);
}
