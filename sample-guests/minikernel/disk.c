/* SPDX-License-Identifier: MIT
 *
 * The disk as it is: what image.c reads at the start, and pages that programs ask
 * for, which the device reads while they wait.
 *
 * A request outlives the call that made it, which is begun again when the device has
 * answered; and a process that is killed meanwhile, for the device goes on writing
 * to the buffer. So buffers are the kernel's, and there are so many. The queue and
 * they are guarded by the lock.
 */
#include "minikernel.h"

#define PAGE PVG_PAGE_BYTES
#define REQUESTS 16u

/* Free, or under way, or answered and not yet fetched. */
struct disk_request {
	struct pvg_blk_request blk;
	void *page;
	struct process *process; /* NULL: nobody waits for it any more */
	struct queue waiting;
	struct disk_request *next; /* of those that are free */
};

static struct pvg_blk disk;
static struct disk_request requests[REQUESTS];
static struct disk_request *first_free;
static struct queue none_free;

uint64_t disk_open(void)
{
	int error = pvg_blk_open_index(&disk, 0);

	if (error)
		give_up("it needs a disk (--block minikernel.img,ro): %s",
			pvg_error_text(error));
	return disk.config.size_bytes;
}

void disk_read_all(void *to)
{
	int error = pvg_blk_read(&disk, 0, to,
				 pvg_blk_blocks(&disk) *
					 disk.config.logical_block_bytes);

	if (error)
		give_up("the disk cannot be read: %s", pvg_error_text(error));
}

int64_t disk_pages(void)
{
	return (int64_t)(disk.config.size_bytes / PAGE);
}

static void give_back(struct disk_request *request)
{
	request->process = NULL;
	request->next = first_free;
	first_free = request;
	schedule_ready_all(&none_free);
}

static void on_done(struct pvg_blk_request *blk)
{
	struct disk_request *request = blk->user;

	if (request->process)
		schedule_ready_all(&request->waiting);
	else
		give_back(request);
}

/* On vCPU 0, which opened the queue. */
static void on_answers(unsigned port, void *arg)
{
	(void)port, (void)arg;
	kernel_lock();
	do
		pvg_blk_poll(&disk);
	while (pvg_blk_arm(&disk));
	kernel_unlock();
}

void disk_start(void)
{
	char *pages = pvg_pages_alloc(REQUESTS);

	if (!pages)
		give_up("there is no memory to begin with");
	/* No more than the queue has room for. */
	for (unsigned i = 0; i < REQUESTS && i <= disk.ring.mask; i++) {
		requests[i].page = pages + i * PAGE;
		requests[i].blk.user = &requests[i];
		requests[i].blk.done = on_done;
		give_back(&requests[i]);
	}
	pvg_port_handle(pvg_blk_port(&disk), on_answers, NULL);
	pvg_blk_arm(&disk);
}

/* The lock is held, and goes with the process. */
static int64_t begin(struct process *process, uint64_t page)
{
	struct disk_request *request = first_free;

	if (!request)
		return schedule_wait(process, &none_free);
	first_free = request->next;
	request->process = process;
	process->disk = request;
	pvg_blk_prep_read(&request->blk, page * PAGE, request->page, PAGE);
	pvg_blk_submit(&disk, &request->blk);
	pvg_blk_kick(&disk);
	return schedule_wait(process, &request->waiting);
}

static int64_t finish(struct process *process, uint64_t to)
{
	struct disk_request *request = process->disk;
	int64_t answer = 0;

	if (request->blk.status < 0)
		answer = -E_DISK;
	else if (!user_out(&process->space, to, request->page, PAGE))
		answer = -E_FAULT;
	disk_leave(process);
	return answer;
}

int64_t disk_page_read(struct process *process, uint64_t page, uint64_t to)
{
	if (process->disk)
		return finish(process, to);
	if (page >= (uint64_t)disk_pages())
		return -E_DISK;
	if (!user_may(&process->space, to, PAGE, PVG_WRITE))
		return -E_FAULT;
	kernel_lock();
	return begin(process, page);
}

void disk_leave(struct process *process)
{
	struct disk_request *request = process->disk;

	if (!request)
		return;
	kernel_lock();
	process->disk = NULL;
	if (request->blk.status == PVG_BLK_IN_FLIGHT)
		request->process = NULL; /* on_done gives it back */
	else
		give_back(request);
	kernel_unlock();
}
