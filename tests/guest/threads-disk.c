/* SPDX-License-Identifier: MIT
 *
 * A disk of 4 MiB, read by several threads at once: does each get what it asked
 * for, and do others go on while it waits?
 */
#include "disk.h"
#include "threads.h"

#define READERS 5
#define READS 40
#define PIECE 16384

static struct pvg_blk disk;
static bool stop;
static uint64_t counted;

struct reader {
	uint64_t seed;
	unsigned failed, wrong;
};

static void read_here_and_there(void *arg)
{
	struct reader *self = arg;
	uint64_t pieces = disk.config.size_bytes / PIECE;
	uint8_t *buffer = disk_buffer(PIECE);

	for (int i = 0; i < READS; i++) {
		uint64_t offset;

		self->seed = self->seed * UINT64_C(6364136223846793005) + 1;
		offset = (self->seed >> 33) % pieces * PIECE;
		if (pvg_blk_read(&disk, offset, buffer, PIECE) != 0)
			self->failed++;
		else if (!disk_is_pattern(buffer, offset, PIECE))
			self->wrong++;
	}
	free(buffer);
}

static void count(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		counted++;
}

int main(void)
{
	static struct reader reader[READERS];
	struct pvg_thread *thread[READERS], *counting;
	unsigned failed = 0, wrong = 0;

	if (!threads_start())
		return tap_done();
	if (!tap_equal(pvg_blk_open_index(&disk, 0), 0, "it opens"))
		return tap_done();
	counting = start(count, NULL);
	for (unsigned i = 0; i < READERS; i++) {
		reader[i].seed = i;
		thread[i] = start(read_here_and_there, &reader[i]);
	}
	join_all(thread, READERS);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pvg_thread_join(counting);
	for (unsigned i = 0; i < READERS; i++) {
		failed += reader[i].failed;
		wrong += reader[i].wrong;
	}
	tap_equal(failed, 0, "threads may share a disk");
	tap_equal(wrong, 0, "and each gets what it asked for");
	tap_ok(counted > 0, "while others compute");
	pvg_blk_close(&disk);
	return tap_done();
}
