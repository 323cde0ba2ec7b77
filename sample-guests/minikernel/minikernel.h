/* SPDX-License-Identifier: MIT
 *
 * A small but complete kernel: the map of it, file by file, in reading order.
 * Start with main.c.
 *
 * It runs processes in user mode, each in an address space of its own, on all vCPUs.
 * What is shared between processes (the table of them, queues, pipes) is guarded by
 * one lock. What is one process's alone (its space, registers, descriptors) needs
 * none: a process runs on one vCPU at a time, and so does the kernel for it.
 *
 * No process has a kernel stack. A system call never waits half done: it is put on a
 * queue and begun again when something changed. So the kernel is a loop on each vCPU
 * (vcpu.c), and is never interrupted: upcalls are masked but while it idles.
 */
#ifndef MINIKERNEL_H
#define MINIKERNEL_H

#include <pvguest/pvguest.h>

#include "calls.h"

struct process;

/* frames.c: pages of RAM that several spaces may share. */

void frames_init(void);
/* A page of which there is one user, not cleared; NULL if there is none. */
void *frame_alloc(void);
void frame_share(void *frame);
/* One user fewer; the last one gives it back. */
void frame_drop(void *frame);
bool frame_is_shared(const void *frame);
/* Whether more than so many are left. */
bool frames_beyond(size_t frames);

/* disk.c: the disk as it is. */

/* How many bytes it has; gives up if there is none. */
uint64_t disk_open(void);
void disk_read_all(void *to);
/* From here on for programs; on vCPU 0. */
void disk_start(void);
int64_t disk_pages(void);
/* Read a page for a program, which waits for it. */
int64_t disk_page_read(struct process *process, uint64_t page, uint64_t to);
/* It waits no more. */
void disk_leave(struct process *process);

/* image.c: what is on the disk, a tar archive of programs and their files. */

struct image_file {
	const uint8_t *bytes;
	uint64_t len;
};

/* Read and check all of it; panics are for us, so it ends with a sentence. */
void image_load(void);
bool image_find(const char *name, struct image_file *ret_file);

/* space.c: what a process sees as memory. */

#define SPACE_REGIONS 8
#define FRAMES_KEPT 64 /* for process 1, whose end would be everybody's */

/* Addresses that are the process's to use, whether or not a page is there yet. */
struct region {
	uint64_t start, end; /* whole pages */
	unsigned rights;     /* PVG_WRITE, PVG_EXEC */
	struct image_file content; /* from start on; zeroes behind it */
};

struct space {
	struct pvg_space tables;
	struct region region[SPACE_REGIONS]; /* the last two: heap, stack */
	unsigned regions;
	uint64_t pages;      /* mapped */
	size_t kept_frames;  /* that it leaves to others */
	uint64_t vcpus;      /* bit n: vCPU n may have translations of it */
};

/* 0 or -E_*, here and below. */
int space_init(struct space *ret_space);
/* Rounded to whole pages; content begins at start. */
int space_add(struct space *space, uint64_t start, uint64_t end,
	      unsigned rights, struct image_file content);
/* The heap, behind all that was added, and the stack. */
int space_add_heap_and_stack(struct space *space);
/* Where the heap ended before. */
int64_t space_grow(struct space *space, int64_t bytes);
/* A copy, of which no byte is copied until it is written to. */
int space_fork(struct space *ret_child, struct space *parent);
/* Have the page there for this access: what a page fault asks for. */
int space_fault(struct space *space, uint64_t address, unsigned access);
void space_done(struct space *space);

/* user.c: the only ways from here to a process's memory. False, or -E_FAULT, for
 * what the process itself could not do there. */

bool user_may(struct space *space, uint64_t at, uint64_t len, unsigned access);
bool user_in(struct space *space, void *to, uint64_t from, size_t len);
bool user_out(struct space *space, uint64_t to, const void *from, size_t len);
int64_t user_string(struct space *space, char *to, size_t size, uint64_t from);

/* schedule.c: the lock, queues, and whose turn it is. */

/* Processes in a row. */
struct queue {
	struct process *first, *last;
};

void kernel_lock(void);
void kernel_unlock(void); /* and wakes the vCPUs that have something to do */

/* Of the next four the lock is held by the caller. */
void schedule_ready(struct process *process);
void schedule_ready_all(struct queue *queue);
/* Have a process that may be waiting or running look at what befell it. */
void schedule_poke(struct process *process);
void schedule_poke_vcpu(unsigned vcpu);
/* Wait on the queue, and begin the call again then. Gives the lock back. Answers
 * PROCESS_LEFT: the process may run elsewhere by now, and is not to be touched. */
int64_t schedule_wait(struct process *process, struct queue *queue);
int64_t schedule_sleep(struct process *process, uint64_t wake_ns);
/* To the end of the row; false if it stands alone there, and goes on. */
bool schedule_yield(struct process *process);
/* The next one's turn, on this vCPU. Waits for one; NULL when none will come. */
struct process *schedule_next(void);

/* process.c: the table, and birth and death. */

enum process_state {
	PROCESS_FREE, /* a slot of the table */
	PROCESS_NEW,  /* being made, or undone, by another one */
	PROCESS_READY,
	PROCESS_RUNNING,
	PROCESS_WAITING,
	PROCESS_ZOMBIE /* ended; its parent has not asked yet */
};

struct file {
	const struct file_type *type; /* NULL: not in use */
	struct pipe *pipe;
	struct image_file content;
	uint64_t offset;
};

struct process {
	struct pv_user user; /* its registers */
	void *xstate;        /* and those of x87 and vectors */
	struct space space;
	struct file file[FILES_MAX];
	struct disk_request *disk; /* that it waits for */

	/* By the lock: */
	enum process_state state;
	int pid, group;
	int status;              /* of a zombie */
	int killed;              /* how it is to end, as soon as it can */
	bool again;              /* a call waits to be begun again */
	unsigned vcpu;           /* where it runs */
	uint64_t wake_ns;        /* of CALL_SLEEP */
	struct process *parent;  /* NULL: nobody will ask for its status */
	struct queue child_ended;
	struct queue *queue;     /* that it is on */
	struct process *next;
};

/* An answer of a call that has none: the process has left this vCPU. */
#define PROCESS_LEFT INT64_MIN

void processes_init(void);
/* Process 1, at the beginning of a program. */
void process_start_first(unsigned argc, char *const *argv);
int64_t process_fork(struct process *parent);
void process_exit(struct process *process, int status);
int64_t process_wait(struct process *parent, int64_t pid, uint64_t status_to);
int64_t process_kill(int64_t pid);
/* How many there are, by the lock; with none there is nothing to do any more. */
unsigned processes(void);
/* What process 1 ended with. */
int processes_status(void);

/* exec.c: programs. */

struct arguments {
	unsigned count;
	size_t bytes; /* of text */
	char text[ARGUMENT_BYTES_MAX]; /* strings, one behind the other */
};

bool arguments_add(struct arguments *arguments, const char *text);
/* Turn a process into the beginning of a program. If it fails nothing changed. */
int exec_program(struct process *process, const char *name,
		 const struct arguments *arguments);
int64_t exec_call(struct process *process, uint64_t name, uint64_t argv);

/* file.c: descriptors. */

/* What a descriptor leads to. read and write answer how many bytes, -E_*, or
 * PROCESS_LEFT. */
struct file_type {
	int64_t (*read)(struct process *, struct file *, void *to, size_t len);
	int64_t (*write)(struct process *, struct file *, const void *from,
			 size_t len);
	void (*opened)(struct file *); /* once more: by fork or dup */
	void (*closed)(struct file *);
};

int64_t file_new(struct process *process, struct file file);
int64_t file_open(struct process *process, uint64_t name);
int64_t file_read(struct process *process, uint64_t fd, uint64_t to,
		  uint64_t len);
int64_t file_write(struct process *process, uint64_t fd, uint64_t from,
		   uint64_t len);
int64_t file_close(struct process *process, uint64_t fd);
int64_t file_dup(struct process *process, uint64_t fd, uint64_t as);
void files_fork(struct process *child, const struct process *parent);
void files_close(struct process *process);

/* pipe.c: bytes from one process to another. */

int64_t pipe_make(struct process *process, uint64_t fds_to);

/* console.c: descriptors 0, 1 and 2 of process 1. */

extern const struct file_type console_type;
void console_start_vcpu(void);

/* syscall.c: what programs ask for. */

/* Serve the call in its registers; whether the process goes on here. */
bool syscall_serve(struct process *process);

/* trap.c: exceptions of programs. */

bool trap_serve(struct process *process);

/* vcpu.c: what each vCPU does all day. */

/* Ports, which each vCPU has its own of; then the loop, which ends on vCPU 0. */
void vcpu_start(void);
void vcpu_loop(void);
/* Have another vCPU leave user mode, or stop idling. */
void vcpu_wake(unsigned vcpu);
void vcpus_init(void);

/* main.c: how often what happened. */

struct statistics {
	uint64_t processes, calls, switches, faults, demand_pages, copies,
		kills;
};

extern struct statistics statistics;

static inline void count(uint64_t *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* End with a sentence and status 1: nothing is wrong with the kernel. */
__attribute__((noreturn, format(printf, 1, 2))) void
give_up(const char *format, ...);

#endif
