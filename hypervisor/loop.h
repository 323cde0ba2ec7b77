/* SPDX-License-Identifier: MIT
 *
 * The host's one event loop: a thread that owns the VM's io_uring. Disks, console
 * input and doorbells are completions of it; shared rings are sources it polls
 * while there is work and asks to be told about when there is none. (The timers of
 * vCPUs alone have rings of their own threads': alarm.h.) Everything marked "loop
 * thread" may be called from callbacks only.
 *
 * It is made when something asynchronous first needs it, so that a guest without
 * pays neither the thread nor the ring.
 */
#ifndef HV_LOOP_H
#define HV_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hv_loop;
struct io_uring_sqe;

/* From the member a callback is given to the struct that owns it. */
#define HV_OWNER(pointer, type, member) \
	((type *)(void *)((char *)(pointer) - offsetof(type, member)))

/* When an operation will be done, which is what the loop decides by whether to
 * poll on or to sleep. */
enum hv_io_pace {
	HV_IO_WHENEVER, /* when somebody feels like it: input, a doorbell */
	HV_IO_SOON,     /* in a fraction of a millisecond, as a rule, by an
			 * interrupt: worth polling for */
	HV_IO_WORKER,   /* by a kernel thread, which wants the CPU that polling
			 * would take from it */
	HV_IO_PACES
};

/* A host operation under way. Lives in its owner until done is called. */
struct hv_io {
	/* result as in the io_uring completion: >= 0 or -errno. Loop thread. */
	void (*done)(struct hv_io *io, int result);
	enum hv_io_pace pace;
};

/* Something a guest fills without telling: a ring. */
struct hv_source {
	/* Hand the guest what was completed and take what is there, a batch at
	 * most; true if anything was. Loop thread. */
	bool (*poll)(struct hv_source *source);
	/* Ask the guest to ring its doorbell from now on; then look once more
	 * and answer whether there is work after all. Loop thread. */
	bool (*arm)(struct hv_source *source);
	struct hv_source *next; /* the loop's */
};

/* A piece of work for the loop thread that another thread waits for. It is over
 * when hv_loop_job_done is called, during run or later. */
struct hv_job {
	void (*run)(struct hv_job *job);
	_Atomic uint32_t over; /* the loop's: a futex */
	struct hv_job *next; /* the loop's */
};

/* The flags of io_uring_setup that the loop asks for, best first. Those of Linux
 * 6.1, then those of 5.19, which it cannot do without: that is also the first
 * that can cancel everything, as hv_loop_stop does. */
#define HV_LOOP_SETUPS 2
extern const unsigned hv_loop_setups[HV_LOOP_SETUPS];

/* Start the thread. poll_ns: how long to poll without finding work before
 * sleeping, the least; 0, never, on a host with one CPU. 0 or -errno. */
int hv_loop_start(struct hv_loop **ret_loop, uint64_t poll_ns);
/* End the thread. Operations still under way are cancelled where the kernel can
 * and waited for: each one's done is called first. NULL is fine. */
void hv_loop_stop(struct hv_loop *loop);

/* Nobody is left to use what is under way: drop what the kernel has not begun, and
 * begin no more of the guest's requests. Any thread, also signal handlers. */
void hv_loop_abandon(struct hv_loop *loop);
bool hv_loop_abandoned(const struct hv_loop *loop);

/* Have the loop thread run the job and wait until it is over. Not from the loop
 * thread. */
void hv_loop_do(struct hv_loop *loop, struct hv_job *job);
void hv_loop_job_done(struct hv_job *job);

/* Loop thread: */

/* What is under way is being cancelled: begin nothing more. */
bool hv_loop_stopping(const struct hv_loop *loop);
void hv_loop_add_source(struct hv_loop *loop, struct hv_source *source);
void hv_loop_remove_source(struct hv_loop *loop, struct hv_source *source);
/* A submission entry for io, ready to be prepared; its user data is set. Never
 * NULL: with the submission queue full, what is in it is submitted first. */
struct io_uring_sqe *hv_loop_sqe(struct hv_loop *loop, struct hv_io *io);
/* How many more operations may be put under way before the completion queue
 * could overflow. A source takes no request while this is 0. */
unsigned hv_loop_room(const struct hv_loop *loop);
/* Ask the kernel to drop io; done is still called, with what became of it. */
void hv_loop_cancel(struct hv_loop *loop, struct hv_io *io);
/* Register a file with the ring until the loop stops. Its slot, for
 * IOSQE_FIXED_FILE, or -errno: then the descriptor itself serves as well, only
 * slower. */
int hv_loop_add_file(struct hv_loop *loop, int fd);

#endif
