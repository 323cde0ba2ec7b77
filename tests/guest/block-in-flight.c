/* SPDX-License-Identifier: MIT
 *
 * As many requests in flight as the queue has slots, mixed in size and kind:
 * each is answered once, to its own owner, in whatever order.
 *
 * Clauses: D4, R5.
 */
#include "disk.h"

#define IN_FLIGHT 256
#define ROUNDS 20
#define PIECE 8192

struct job {
	struct pvg_blk_request request;
	uint8_t *buffer;
	uint64_t offset;
	uint32_t len;
	unsigned answers;
};

static struct job jobs[IN_FLIGHT];
static unsigned answers, order_changes, last_index;

static void done(struct pvg_blk_request *request)
{
	struct job *job = request->user;
	unsigned index = (unsigned)(job - jobs);

	job->answers++;
	answers++;
	order_changes += index < last_index;
	last_index = index;
}

static void prepare(struct job *job, unsigned round)
{
	unsigned index = (unsigned)(job - jobs);

	job->offset = (index * 37 + round * 11) % 256 * PIECE * 2;
	job->len = index % 3 ? 512 * (1 + index % 8) : PIECE;
	job->answers = 0;
	job->request.done = done;
	job->request.user = job;
	memset(job->buffer, 0, PIECE);
	if (index % 16 == 15)
		pvg_blk_prep_flush(&job->request);
	else
		pvg_blk_prep_read(&job->request, job->offset, job->buffer,
				  job->len);
}

static unsigned wrong_of(struct pvg_blk *disk, unsigned round)
{
	struct pvg_blk_request extra = { .done = NULL };
	unsigned wrong = 0;

	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		prepare(&jobs[i], round);
		wrong += pvg_blk_submit(disk, &jobs[i].request) != 0;
	}
	pvg_blk_prep_flush(&extra);
	wrong += pvg_blk_submit(disk, &extra) != -PV_EAGAIN;
	wrong += pvg_blk_in_flight(disk) != IN_FLIGHT;
	while (pvg_blk_in_flight(disk))
		wrong += pvg_blk_wait(disk, PV_FOREVER) <= 0;
	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		const struct job *job = &jobs[i];

		wrong += job->answers != 1 || job->request.status != 0;
		if (i % 16 != 15)
			wrong += job->request.done_bytes != job->len ||
				 !disk_is_pattern(job->buffer, job->offset,
						  job->len);
	}
	return wrong;
}

int main(void)
{
	struct pvg_blk disk;
	unsigned wrong = 0;

	for (unsigned i = 0; i < IN_FLIGHT; i++)
		jobs[i].buffer = disk_buffer(PIECE);
	if (!tap_equal(pvg_blk_open_index(&disk, 0), 0, "the disk opens"))
		return tap_done();
	for (unsigned round = 0; round < ROUNDS; round++)
		wrong += wrong_of(&disk, round);
	tap_equal(wrong, 0, "256 in flight are all answered right");
	tap_equal(answers, IN_FLIGHT * ROUNDS, "each once");
	pvg_printf("# %u of them out of order\n", order_changes);
	pvg_blk_close(&disk);
	return tap_done();
}
