/* SPDX-License-Identifier: MIT
 *
 * All queues of two disks open at once, with requests in all of them.
 */
#include "disk.h"

#define QUEUES_MAX 16
#define PER_QUEUE 32

struct queue {
	struct pvg_blk blk;
	struct pvg_blk_request request[PER_QUEUE];
	uint8_t *buffer;
};

static struct queue queues[2 * QUEUES_MAX];

static unsigned open_all(const struct pv_device *device, struct queue *first)
{
	unsigned opened = 0;

	while (opened < device->queues && opened < QUEUES_MAX &&
	       pvg_blk_open_queue(&first[opened].blk, device, opened,
				  PER_QUEUE) == 0) {
		first[opened].buffer = disk_buffer(PER_QUEUE * 4096);
		opened++;
	}
	return opened;
}

static uint64_t offset_of(unsigned queue, unsigned i)
{
	return (queue * 5 + i * 7) % 256 * UINT64_C(4096);
}

static void submit_all(struct queue *q, unsigned number)
{
	for (unsigned i = 0; i < PER_QUEUE; i++) {
		pvg_blk_prep_read(&q->request[i], offset_of(number, i),
				  q->buffer + i * 4096, 4096);
		pvg_blk_submit(&q->blk, &q->request[i]);
	}
	pvg_blk_kick(&q->blk);
}

static unsigned wrong_of(struct queue *q, unsigned number)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < PER_QUEUE; i++)
		wrong += pvg_blk_wait_for(&q->blk, &q->request[i]) != 0 ||
			 !disk_is_pattern(q->buffer + i * 4096,
					  offset_of(number, i), 4096);
	return wrong;
}

int main(void)
{
	unsigned opened = 0, wrong = 0;

	for (uint32_t i = 0; i < 2; i++) {
		const struct pv_device *device =
			pvg_device_find(PV_DEVICE_BLOCK, NULL, i);
		unsigned count = open_all(device, &queues[opened]);

		tap_equal(count, device->queues, "every queue of a disk opens");
		tap_ok(count > 1, "there are several");
		opened += count;
	}
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < opened; i++)
			submit_all(&queues[i], i);
		for (unsigned i = opened; i-- > 0;)
			wrong += wrong_of(&queues[i], i);
	}
	tap_equal(wrong, 0, "requests in all queues are answered right");
	for (unsigned i = 0; i < opened; i++)
		pvg_blk_close(&queues[i].blk);
	return tap_done();
}
