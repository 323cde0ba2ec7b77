/* SPDX-License-Identifier: MIT
 *
 * What does a driver find that keeps to virtio's specification? The disk holds the
 * pattern of ../pattern.h.
 */
#include "../pattern.h"
#include "disk.h"

static bool is_pattern(const uint8_t *bytes, uint64_t offset, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (bytes[i] != pattern_byte(offset + i))
			return false;
	return true;
}

static bool is_byte(const uint8_t *bytes, uint8_t byte, uint32_t count)
{
	while (count && *bytes == byte)
		bytes++, count--;
	return !count;
}

/* One request, alone. */
static uint8_t ask(uint32_t type, uint64_t sector, void *data, uint32_t bytes)
{
	uint16_t used = disk_used.idx;

	disk_request(0, type, sector, data, bytes);
	disk_give(0);
	disk_wait((uint16_t)(used + 1));
	return disk_status[0];
}

static void is_announced(void)
{
	EXPECT(begins_with(bare_devices,
			   "virtio_mmio.device=512@0xfeb00000:16 "));
	EXPECT(virtio_get(VIRTIO_MMIO_MAGIC_VALUE) == 0x74726976);
	EXPECT(virtio_get(VIRTIO_MMIO_VERSION) == 2);
	EXPECT(virtio_get(VIRTIO_MMIO_DEVICE_ID) == 2);
	EXPECT(read32(VIRTIO + VIRTIO_MMIO_CONFIG) == DISK_BYTES / 512);
}

static void reads(void)
{
	disk_open();
	EXPECT(ask(VIRTIO_BLK_T_IN, 3, disk_buffer, 1024) == VIRTIO_BLK_S_OK);
	EXPECT(disk_used.ring[0].len == 1025);
	EXPECT(is_pattern(disk_buffer, 3 * 512, 1024));
}

static void writes(void)
{
	disk_open();
	bare_set(disk_buffer, 0x5a, 512);
	EXPECT(ask(VIRTIO_BLK_T_OUT, 7, disk_buffer, 512) == VIRTIO_BLK_S_OK);
	EXPECT(disk_used.ring[0].len == 1);
	bare_set(disk_buffer, 0, 1024);
	EXPECT(ask(VIRTIO_BLK_T_IN, 7, disk_buffer, 1024) == VIRTIO_BLK_S_OK);
	EXPECT(is_byte(disk_buffer, 0x5a, 512));
	EXPECT(is_pattern(disk_buffer + 512, 8 * 512, 512));
}

static void flushes(void)
{
	disk_open();
	disk_request(0, VIRTIO_BLK_T_FLUSH, 0, disk_buffer, 0);
	describe(0, at(&disk_header[0]), 16, VRING_DESC_F_NEXT, 2);
	disk_give(0);
	disk_wait(1);
	EXPECT(disk_status[0] == VIRTIO_BLK_S_OK);
}

static void tells_its_name(void)
{
	disk_open();
	bare_set(disk_buffer, 0xee, 32);
	EXPECT(ask(VIRTIO_BLK_T_GET_ID, 0, disk_buffer, 20) == VIRTIO_BLK_S_OK);
	EXPECT(same_text((const char *)disk_buffer, "disk0"));
	EXPECT(disk_buffer[19] == 0 && disk_buffer[20] == 0xee);
	EXPECT(disk_used.ring[0].len == 21);
}

static void clears(void)
{
	struct virtio_blk_discard_write_zeroes range = { .sector = 16,
							 .num_sectors = 4 };

	disk_open();
	disk_request(0, VIRTIO_BLK_T_OUT, 0, &range, sizeof(range));
	disk_header[0].type = VIRTIO_BLK_T_WRITE_ZEROES;
	disk_give(0);
	disk_wait(1);
	EXPECT(disk_status[0] == VIRTIO_BLK_S_OK);
	EXPECT(ask(VIRTIO_BLK_T_IN, 16, disk_buffer, 4096) == VIRTIO_BLK_S_OK);
	EXPECT(is_byte(disk_buffer, 0, 2048));
	EXPECT(is_pattern(disk_buffer + 2048, 20 * 512, 2048));
}

/* Header and data cut where nobody would, the status beside the data. */
static void takes_any_framing(void)
{
	disk_open();
	disk_header[0] = (struct virtio_blk_outhdr){ .sector = 5 };
	describe(0, at(&disk_header[0]), 3, VRING_DESC_F_NEXT, 5);
	describe(5, at(&disk_header[0]) + 3, 12, VRING_DESC_F_NEXT, 1);
	describe(1, at(&disk_header[0]) + 15, 1, VRING_DESC_F_NEXT, 9);
	describe(9, at(disk_buffer), 0, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 7);
	describe(7, at(disk_buffer), 500, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2);
	describe(2, at(disk_buffer) + 500, 13, VRING_DESC_F_WRITE, 0);
	disk_buffer[512] = 0xff;
	disk_give(0);
	disk_wait(1);
	EXPECT(disk_buffer[512] == VIRTIO_BLK_S_OK);
	EXPECT(is_pattern(disk_buffer, 5 * 512, 512));
}

static void takes_indirect_tables(void)
{
	static struct vring_desc table[3] __attribute__((aligned(16)));

	disk_open();
	disk_request(0, VIRTIO_BLK_T_IN, 9, disk_buffer, 512);
	for (unsigned i = 0; i < 3; i++)
		table[i] = disk_descriptor[i];
	describe(4, at(table), sizeof(table), VRING_DESC_F_INDIRECT, 0);
	disk_give(4);
	disk_wait(1);
	EXPECT(disk_status[0] == VIRTIO_BLK_S_OK && disk_used.ring[0].id == 4);
	EXPECT(is_pattern(disk_buffer, 9 * 512, 512));
}

static void interrupts_until_acknowledged(void)
{
	disk_must_read();
	while (!(virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS) & 1))
		;
	virtio_set(VIRTIO_MMIO_INTERRUPT_ACK, 1);
	EXPECT(!virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS));
	disk_available.flags = 1; /* no interrupts */
	EXPECT(ask(VIRTIO_BLK_T_IN, 1, disk_buffer, 512) == VIRTIO_BLK_S_OK);
	EXPECT(!virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS));
}

static void answers_what_is_wrong(void)
{
	const uint64_t end = DISK_BYTES / 512;

	disk_open();
	EXPECT(ask(VIRTIO_BLK_T_IN, end, disk_buffer, 512) == VIRTIO_BLK_S_IOERR);
	EXPECT(ask(VIRTIO_BLK_T_IN, end - 1, disk_buffer, 1024) == VIRTIO_BLK_S_IOERR);
	EXPECT(ask(VIRTIO_BLK_T_IN, UINT64_MAX, disk_buffer, 512) == VIRTIO_BLK_S_IOERR);
	EXPECT(ask(VIRTIO_BLK_T_IN, UINT64_MAX / 512 + 1, disk_buffer, 512) == VIRTIO_BLK_S_IOERR);
	EXPECT(ask(VIRTIO_BLK_T_IN, 0, disk_buffer, 100) == VIRTIO_BLK_S_IOERR);
	EXPECT(ask(VIRTIO_BLK_T_IN, 0, disk_buffer, 0) == VIRTIO_BLK_S_IOERR);
	EXPECT(ask(VIRTIO_BLK_T_IN, 0, (void *)0x200000, 16 << 20) == VIRTIO_BLK_S_IOERR);
	EXPECT(ask(77, 0, disk_buffer, 512) == VIRTIO_BLK_S_UNSUPP);
	EXPECT(ask(VIRTIO_BLK_T_DISCARD, 0, disk_buffer, 512) != VIRTIO_BLK_S_OK);
	EXPECT(ask(VIRTIO_BLK_T_IN, 1, disk_buffer, 512) == VIRTIO_BLK_S_OK);
}

static void all_at_once(void)
{
	disk_open();
	for (unsigned n = 0; n < 5; n++)
		disk_request(n, VIRTIO_BLK_T_IN, 1024 + n * 8,
			     disk_buffer + n * 4096, 4096);
	for (unsigned round = 1; round <= 100; round++) {
		for (uint16_t n = 0; n < 5; n++) {
			disk_available.ring[(uint16_t)(disk_available.idx + n) % DISK_ENTRIES] = 3 * n;
			disk_status[n] = 0xff;
		}
		disk_available.idx = (uint16_t)(disk_available.idx + 5);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
		disk_wait((uint16_t)(5 * round));
		for (unsigned n = 0; n < 5; n++)
			EXPECT(disk_status[n] == VIRTIO_BLK_S_OK);
	}
	EXPECT(is_pattern(disk_buffer, 1024 * 512, 5 * 4096));
}

/* Interrupted and notified by index: each side as it asks to be. */
static void takes_event_indices(void)
{
	disk_open();
	virtio_begin(UINT32_C(1) << VIRTIO_RING_F_EVENT_IDX);
	disk_queue(DISK_ENTRIES, at(disk_descriptor), at(&disk_available),
		   at(&disk_used));
	disk_available.used_event = 1; /* not for the first */
	EXPECT(ask(VIRTIO_BLK_T_IN, 1, disk_buffer, 512) == VIRTIO_BLK_S_OK);
	EXPECT(!virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS));
	EXPECT(ask(VIRTIO_BLK_T_IN, 1, disk_buffer, 512) == VIRTIO_BLK_S_OK);
	while (!virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS))
		;
	while (__atomic_load_n(&disk_used.available_event, __ATOMIC_SEQ_CST) != 2)
		;
}

const struct bare_case bare_cases[] = {
	{ "is-announced", is_announced, "0", "any" },
	{ "reads", reads, "0", "any" },
	{ "writes", writes, "0", "any" },
	{ "flushes", flushes, "0", "any" },
	{ "tells-its-name", tells_its_name, "0", "any" },
	{ "clears", clears, "0", "any" },
	{ "takes-any-framing", takes_any_framing, "0", "any" },
	{ "takes-indirect-tables", takes_indirect_tables, "0", "any" },
	{ "interrupts-until-acknowledged", interrupts_until_acknowledged, "0", "any" },
	{ "answers-what-is-wrong", answers_what_is_wrong, "0", "any" },
	{ "all-at-once", all_at_once, "0", "any" },
	{ "takes-event-indices", takes_event_indices, "0", "any" },
	{ NULL, NULL, NULL, NULL },
};
