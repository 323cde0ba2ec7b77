/* SPDX-License-Identifier: MIT
 *
 * The event loop's thread; read loop.h first. What it does all day is in run().
 */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "doorbell.h"
#include "futex.h"
#include "uring.h"

#define SQ_ENTRIES 64
/* Bounds the operations under way: those of guests' requests, and a reserve for
 * the few that must never wait for them: doorbells, wake-ups, cancellations. */
#define CQ_ENTRIES 1024
#define CQ_RESERVE 192
#define FILES_MAX 32

/* Far below the 2 MiB at which a host with transparent huge pages everywhere
 * would back a stack with one; room enough for sanitizers. */
#define STACK_BYTES (256u << 10)

#define NAP_NS 200000

/* Reading the clock costs about as much as this many looks at the rings. */
#define SPINS_PER_CLOCK 16

/* The polling window is poll_ns times 1 to this. */
#define WINDOW_GROWTH_MAX 16

struct hv_loop {
	struct io_uring ring;
	struct hv_source *last; /* of a circular list; its next is the first */
	unsigned under_way;
	unsigned paced[HV_IO_PACES]; /* of them */
	unsigned spins; /* looks since there was last work */
	uint64_t idle_since_ns;
	uint64_t poll_ns;   /* as given */
	uint64_t window_ns; /* how long it pays to poll for what is due soon */
	bool stopping;
	bool cancelled; /* what was under way when the loop was abandoned */
	_Atomic bool abandoned;
	int files;

	struct hv_job *_Atomic jobs; /* pushed by any thread, taken whole */
	struct hv_io wake;
	int wake_fd;
	uint64_t wake_count;

	pthread_t thread;
	_Atomic uint32_t started; /* a futex */
	int start_result;
};

static void await(_Atomic uint32_t *flag)
{
	while (!atomic_load_explicit(flag, memory_order_acquire))
		hv_futex_wait(flag, 0);
}

/* The waiter may go on and free the flag before the wake-up: that then finds
 * nobody, or wakes somebody who looks again. */
static void announce(_Atomic uint32_t *flag)
{
	atomic_store_explicit(flag, 1, memory_order_release);
	hv_futex_wake(flag);
}

/* Anything else is a mistake of ours. */
static void check_enter(int result)
{
	assert(hv_uring_passes(result));
}

/* Whether the kernel holds back completions until this thread enters it. */
static bool kernel_waits(const struct hv_loop *loop)
{
	return IO_URING_READ_ONCE(*loop->ring.sq.kflags) &
	       (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/* With nothing to submit and nothing held back it is no system call. */
static void submit(struct hv_loop *loop)
{
	check_enter(kernel_waits(loop)
			    ? io_uring_submit_and_get_events(&loop->ring)
			    : io_uring_submit(&loop->ring));
}

struct io_uring_sqe *hv_loop_sqe(struct hv_loop *loop, struct hv_io *io)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&loop->ring)))
		submit(loop);
	io_uring_sqe_set_data(sqe, io);
	loop->under_way++;
	if (io)
		loop->paced[io->pace]++;
	return sqe;
}

unsigned hv_loop_room(const struct hv_loop *loop)
{
	unsigned max = CQ_ENTRIES - CQ_RESERVE;

	return loop->under_way < max ? max - loop->under_way : 0;
}

void hv_loop_cancel(struct hv_loop *loop, struct hv_io *io)
{
	io_uring_prep_cancel(hv_loop_sqe(loop, NULL), io, 0);
}

static void cancel_everything(struct hv_loop *loop)
{
	io_uring_prep_cancel64(hv_loop_sqe(loop, NULL), 0,
			       IORING_ASYNC_CANCEL_ANY);
}

/* A table of empty slots: older kernels know that, and no sparse table. */
static int make_file_table(struct hv_loop *loop)
{
	int none[FILES_MAX];

	for (int i = 0; i < FILES_MAX; i++)
		none[i] = -1;
	return io_uring_register_files(&loop->ring, none, FILES_MAX);
}

int hv_loop_add_file(struct hv_loop *loop, int fd)
{
	int r = loop->files ? 0 : make_file_table(loop);

	if (r < 0)
		return r;
	if (loop->files == FILES_MAX)
		return -ENFILE;
	r = io_uring_register_files_update(&loop->ring, (unsigned)loop->files,
					   &fd, 1);
	return r < 0 ? r : loop->files++;
}

void hv_loop_add_source(struct hv_loop *loop, struct hv_source *source)
{
	if (loop->last) {
		source->next = loop->last->next;
		loop->last->next = source;
	} else {
		source->next = source;
	}
	loop->last = source;
}

void hv_loop_remove_source(struct hv_loop *loop, struct hv_source *source)
{
	struct hv_source *before = loop->last;

	while (before->next != source)
		before = before->next;
	before->next = source->next;
	if (loop->last == source)
		loop->last = before == source ? NULL : before;
}

static void wake(struct hv_loop *loop)
{
	hv_doorbell_ring(loop->wake_fd);
}

void hv_loop_do(struct hv_loop *loop, struct hv_job *job)
{
	atomic_store_explicit(&job->over, 0, memory_order_relaxed);
	job->next = atomic_load_explicit(&loop->jobs, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&loop->jobs, &job->next, job, memory_order_release,
		memory_order_relaxed))
		;
	wake(loop);
	await(&job->over);
}

bool hv_loop_abandoned(const struct hv_loop *loop)
{
	return atomic_load_explicit(&loop->abandoned, memory_order_relaxed);
}

bool hv_loop_stopping(const struct hv_loop *loop)
{
	return loop->stopping;
}

void hv_loop_abandon(struct hv_loop *loop)
{
	atomic_store(&loop->abandoned, true);
	wake(loop);
}

void hv_loop_job_done(struct hv_job *job)
{
	announce(&job->over);
}

static void run_jobs(struct hv_loop *loop)
{
	struct hv_job *job = atomic_exchange_explicit(&loop->jobs, NULL,
						      memory_order_acquire);

	while (job) {
		struct hv_job *next = job->next; /* gone once it is over */

		job->run(job);
		job = next;
	}
}

static void await_wake(struct hv_loop *loop)
{
	io_uring_prep_read(hv_loop_sqe(loop, &loop->wake), loop->wake_fd,
			   &loop->wake_count, sizeof(loop->wake_count), 0);
}

static void woken(struct hv_io *io, int result)
{
	struct hv_loop *loop = HV_OWNER(io, struct hv_loop, wake);

	(void)result; /* a read that failed woke us as well */
	run_jobs(loop);
	if (hv_loop_abandoned(loop) && !loop->cancelled) {
		loop->cancelled = true;
		cancel_everything(loop);
	}
	if (!loop->stopping)
		await_wake(loop); /* after the cancellation, which spares it */
}

/* A completion leaves the queue before its callback, which may put more
 * operations under way: so the count of those under way bounds the queue. */
static bool reap(struct hv_loop *loop)
{
	struct io_uring_cqe *cqe;
	bool any = false;
	unsigned head;

	io_uring_for_each_cqe(&loop->ring, head, cqe) {
		struct hv_io *io = io_uring_cqe_get_data(cqe);
		int result = cqe->res;

		io_uring_cq_advance(&loop->ring, 1);
		loop->under_way--;
		if (io) {
			loop->paced[io->pace]--;
			io->done(io, result);
		}
		any = true;
	}
	return any;
}

/* Each round begins with another source, since the room may run out in it. */
static bool poll_sources(struct hv_loop *loop)
{
	struct hv_source *last = loop->last, *source = last;
	bool any = false;

	if (!last)
		return false;
	do {
		source = source->next;
		any |= source->poll(source);
	} while (source != last);
	loop->last = last->next;
	return any;
}

/* All of them, even if the first has work: one that is not armed would have to
 * be polled for ever. */
static bool arm_sources(struct hv_loop *loop)
{
	struct hv_source *source = loop->last;
	bool any = false;

	if (!source)
		return false;
	do {
		source = source->next;
		any |= source->arm(source);
	} while (source != loop->last);
	return any;
}

static bool serve(struct hv_loop *loop)
{
	bool any = reap(loop);

	any |= poll_sources(loop);
	submit(loop);
	return any;
}

static bool may_poll_on(struct hv_loop *loop)
{
	uint64_t window_ns = loop->paced[HV_IO_SOON] ? loop->window_ns
						     : loop->poll_ns;
	unsigned spins = loop->spins++;

	if (!loop->poll_ns || loop->paced[HV_IO_WORKER])
		return false;
	if (spins == 0)
		loop->idle_since_ns = hv_host_ns();
	__builtin_ia32_pause();
	return spins % SPINS_PER_CLOCK ||
	       hv_host_ns() - loop->idle_since_ns < window_ns;
}

/* As KVM's halt polling: a sleep that a longer window would have saved doubles
 * it, one that no window would have saved ends that. A disk that answers in
 * waves some 500 us apart is worth it. A guest that pushes nothing is not: it
 * may be waiting for the very CPU we poll on. */
static void adapt_window(struct hv_loop *loop)
{
	uint64_t max_ns = loop->poll_ns * WINDOW_GROWTH_MAX;

	if (hv_host_ns() - loop->idle_since_ns > max_ns)
		loop->window_ns = loop->poll_ns;
	else if (loop->window_ns < max_ns)
		loop->window_ns *= 2;
}

static void sleep_until_told(struct hv_loop *loop)
{
	bool expecting = loop->paced[HV_IO_SOON] && !loop->paced[HV_IO_WORKER];

	check_enter(io_uring_submit_and_wait(&loop->ring, 1));
	if (expecting && loop->poll_ns)
		adapt_window(loop);
}

/* A kernel thread is at work and will wake us with what it has done: nobody need
 * ring for that. For no longer than this, though, since it may be a slow flush,
 * and others wait. Whether the time ran out. */
static bool nap(struct hv_loop *loop)
{
	struct __kernel_timespec most = { .tv_nsec = NAP_NS };
	struct io_uring_cqe *cqe;
	int r = io_uring_submit_and_wait_timeout(&loop->ring, &cqe, 1, &most,
						 NULL);

	if (r != -ETIME)
		check_enter(r);
	return r == -ETIME;
}

/* Waking up costs as much as dozens of requests, so the loop goes on looking
 * for a while after there was work; sleeping, it burns nothing and is told. */
static void run(struct hv_loop *loop)
{
	bool overslept = false;

	while (!loop->stopping || loop->under_way) {
		if (serve(loop)) {
			loop->spins = 0;
			overslept = false;
		} else if (may_poll_on(loop)) {
			continue;
		} else if (loop->paced[HV_IO_WORKER] && loop->poll_ns &&
			   !overslept) {
			overslept = nap(loop);
		} else if (!arm_sources(loop)) {
			sleep_until_told(loop);
		}
	}
}

/* Completions run when this thread asks for them, instead of interrupting it. */
const unsigned hv_loop_setups[HV_LOOP_SETUPS] = {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		IORING_SETUP_TASKRUN_FLAG,
	IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
};

static int make_ring(struct io_uring *ring)
{
	int r = -EINVAL;

	for (unsigned i = 0; r == -EINVAL && i < HV_LOOP_SETUPS; i++) {
		struct io_uring_params params = {
			.flags = hv_loop_setups[i] | IORING_SETUP_CQSIZE,
			.cq_entries = CQ_ENTRIES,
		};

		r = io_uring_queue_init_params(SQ_ENTRIES, ring, &params);
	}
	if (r == 0) /* saves looking the descriptor up; fine if it is refused */
		io_uring_register_ring_fd(ring);
	return r;
}

static void *loop_thread(void *argument)
{
	struct hv_loop *loop = argument;
	int r = make_ring(&loop->ring);

	loop->start_result = r;
	announce(&loop->started);
	if (r < 0)
		return NULL;
	pthread_setname_np(pthread_self(), "paravane-io");
	await_wake(loop);
	run(loop);
	/* Now; the end of a ring lets go of its files only some time later, and
	 * whoever wants such a disk next would find it in use. */
	io_uring_unregister_files(&loop->ring);
	io_uring_queue_exit(&loop->ring);
	return NULL;
}

/* Signals are for the vCPUs' threads: none may come here. */
static int start_thread(struct hv_loop *loop)
{
	pthread_attr_t attr;
	sigset_t all;
	int r;

	sigfillset(&all);
	r = pthread_attr_init(&attr);
	if (r)
		return -r;
	r = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (!r)
		r = pthread_attr_setsigmask_np(&attr, &all);
	if (!r)
		r = pthread_create(&loop->thread, &attr, loop_thread, loop);
	pthread_attr_destroy(&attr);
	return -r;
}

/* The ring is made by the thread that submits to it, as the kernel wants it;
 * its failure is waited for, so that it is the caller's. */
static int start_ring(struct hv_loop *loop)
{
	int r = start_thread(loop);

	if (r < 0)
		return r;
	await(&loop->started);
	if (loop->start_result < 0)
		pthread_join(loop->thread, NULL);
	return loop->start_result;
}

int hv_loop_start(struct hv_loop **ret_loop, uint64_t poll_ns)
{
	struct hv_loop *loop = calloc(1, sizeof(*loop));
	int r;

	if (!loop)
		return -ENOMEM;
	loop->poll_ns = poll_ns;
	loop->window_ns = poll_ns;
	loop->wake.done = woken;
	loop->wake_fd = eventfd(0, EFD_CLOEXEC);
	r = loop->wake_fd < 0 ? -errno : start_ring(loop);
	if (r == 0) {
		*ret_loop = loop;
		return 0;
	}
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	free(loop);
	return r;
}

struct stop_job {
	struct hv_job job;
	struct hv_loop *loop;
};

static void stop_run(struct hv_job *job)
{
	struct hv_loop *loop = HV_OWNER(job, struct stop_job, job)->loop;

	loop->stopping = true;
	cancel_everything(loop);
	hv_loop_job_done(job);
}

void hv_loop_stop(struct hv_loop *loop)
{
	struct stop_job stop = { .job.run = stop_run, .loop = loop };

	if (!loop)
		return;
	hv_loop_do(loop, &stop.job);
	pthread_join(loop->thread, NULL);
	close(loop->wake_fd);
	free(loop);
}
