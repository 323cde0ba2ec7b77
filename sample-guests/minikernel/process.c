/* SPDX-License-Identifier: MIT
 *
 * Processes: the table of them, how they begin, end, and are waited for.
 *
 * A slot of the table goes from free by new to ready, running and waiting, and by
 * zombie back to free. New, it is its maker's alone; a zombie is a status and nothing
 * else. Who ends leaves its children to process 1; when that ends all others are
 * killed, and nobody asks for them any more.
 */
#include "minikernel.h"

static struct process table[PROCESSES_MAX];
static struct process *first_free; /* by next */
static struct process *first;      /* process 1, as long as it lives */
static unsigned slots_used;        /* the table's end, so far */
static unsigned in_use;
static int last_pid;
static int first_status;

unsigned processes(void)
{
	return in_use;
}

int processes_status(void)
{
	return first_status;
}

void processes_init(void)
{
	for (unsigned i = PROCESSES_MAX; i-- > 0;) {
		table[i].next = first_free;
		first_free = &table[i];
	}
	pvg_xstate_bytes(); /* asks the processor once, on one vCPU */
}

static size_t xstate_pages(void)
{
	return pvg_pages_for(pvg_xstate_bytes());
}

/* The lock is held for the next two. */

static struct process *slot_take(void)
{
	struct process *slot = first_free;

	if (!slot)
		return NULL;
	first_free = slot->next;
	if (slot - table >= slots_used)
		slots_used = (unsigned)(slot - table) + 1;
	in_use++;
	*slot = (struct process){ .state = PROCESS_NEW };
	return slot;
}

static void slot_give_back(struct process *slot)
{
	slot->state = PROCESS_FREE;
	slot->pid = slot->group = 0;
	slot->next = first_free;
	first_free = slot;
	in_use--;
	if (in_use == 0)
		schedule_poke_vcpu(0);
}

static struct process *process_new(void)
{
	struct process *process;

	kernel_lock();
	process = slot_take();
	kernel_unlock();
	return process;
}

static void process_undo(struct process *process)
{
	if (process->xstate)
		pvg_pages_free(process->xstate, xstate_pages());
	kernel_lock();
	slot_give_back(process);
	kernel_unlock();
}

/* From here on it may run, end and be asked for, by other vCPUs. */
static int process_begin(struct process *process, struct process *parent)
{
	int pid;

	kernel_lock();
	pid = process->pid = ++last_pid;
	process->parent = parent;
	process->group = parent ? parent->group : pid;
	/* Who was killed in between has no more children. */
	process->killed = parent ? parent->killed : 0;
	schedule_ready(process);
	kernel_unlock();
	count(&statistics.processes);
	return pid;
}

void process_start_first(unsigned argc, char *const *argv)
{
	struct process *process = process_new();
	struct file console = { .type = &console_type };
	struct arguments arguments = { .count = 0 };
	int error;

	process->xstate = pvg_pages_alloc(xstate_pages());
	if (!process->xstate || space_init(&process->space) < 0)
		give_up("there is no memory for a process");
	for (unsigned i = 0; i < argc; i++)
		if (!arguments_add(&arguments, argv[i]))
			give_up("there are too many arguments");
	for (int i = 0; i < 3; i++)
		process->file[i] = console;
	error = exec_program(process, argv[0], &arguments);
	if (error == -E_NAME)
		give_up("the disk has no program \"%s\" to begin with",
			argv[0]);
	if (error)
		give_up("\"%s\" is no program that can begin", argv[0]);
	process->space.kept_frames = 0;
	first = process;
	process_begin(process, NULL);
}

/* Memory is promised twice: a page that is shared may have to be copied. When too
 * many want that at once some are killed for it, but not by a fork that could have
 * been refused. */
static bool may_fork(void)
{
	const unsigned each = 4;

	return frames_beyond(FRAMES_KEPT +
			     each * __atomic_load_n(&in_use, __ATOMIC_RELAXED));
}

int64_t process_fork(struct process *parent)
{
	struct process *child;

	if (!may_fork())
		return -E_MEMORY;
	child = process_new();
	if (!child)
		return -E_PROCESSES;
	child->xstate = pvg_pages_alloc(xstate_pages());
	if (!child->xstate || space_fork(&child->space, &parent->space) < 0) {
		process_undo(child);
		return -E_MEMORY;
	}
	memcpy(child->xstate, parent->xstate, pvg_xstate_bytes());
	child->user = parent->user;
	child->user.root = pvg_space_root(&child->space.tables);
	child->user.rax = 0;
	files_fork(child, parent);
	return process_begin(child, parent);
}

static bool is_alive(const struct process *process)
{
	return process->state == PROCESS_READY ||
	       process->state == PROCESS_RUNNING ||
	       process->state == PROCESS_WAITING;
}

static void kill(struct process *process)
{
	__atomic_store_n(&process->killed, DIED_KILLED, __ATOMIC_RELAXED);
	schedule_poke(process);
}

static void first_ends(int status)
{
	first = NULL;
	first_status = status;
	for (unsigned i = 0; i < slots_used; i++)
		if (is_alive(&table[i]))
			kill(&table[i]);
}

static void leave_child(struct process *child)
{
	child->parent = first;
	if (child->state != PROCESS_ZOMBIE)
		return;
	if (first)
		schedule_ready_all(&first->child_ended);
	else
		slot_give_back(child);
}

void process_exit(struct process *process, int status)
{
	files_close(process);
	disk_leave(process);
	space_done(&process->space);
	pvg_pages_free(process->xstate, xstate_pages());
	if (status > 127)
		count(&statistics.kills);
	kernel_lock();
	process->state = PROCESS_ZOMBIE;
	process->status = status;
	if (process == first)
		first_ends(status);
	for (unsigned i = 0; i < slots_used; i++)
		if (table[i].parent == process &&
		    table[i].state != PROCESS_FREE)
			leave_child(&table[i]);
	if (process->parent)
		schedule_ready_all(&process->parent->child_ended);
	else
		slot_give_back(process);
	kernel_unlock();
}

/* A child, or this one, that ended. */
static struct process *find_ended(const struct process *parent, int64_t pid,
				  bool *ret_any)
{
	*ret_any = false;
	for (unsigned i = 0; i < slots_used; i++) {
		struct process *p = &table[i];

		if (p->state <= PROCESS_NEW || p->parent != parent ||
		    (pid != -1 && p->pid != pid))
			continue;
		*ret_any = true;
		if (p->state == PROCESS_ZOMBIE)
			return p;
	}
	return NULL;
}

int64_t process_wait(struct process *parent, int64_t pid, uint64_t status_to)
{
	struct process *ended;
	bool any;
	int status, which;

	/* Before somebody's status is taken, which cannot be given back. */
	if (status_to && !user_may(&parent->space, status_to, sizeof(status),
				   PVG_WRITE))
		return -E_FAULT;
	kernel_lock();
	ended = find_ended(parent, pid, &any);
	if (any && !ended)
		return schedule_wait(parent, &parent->child_ended);
	if (!ended) {
		kernel_unlock();
		return -E_CHILD;
	}
	which = ended->pid;
	status = ended->status;
	slot_give_back(ended);
	kernel_unlock();
	if (status_to)
		user_out(&parent->space, status_to, &status, sizeof(status));
	return which;
}

int64_t process_kill(int64_t pid)
{
	int64_t answer = -E_PROCESS;

	if (pid < -INT32_MAX)
		return answer;
	kernel_lock();
	for (unsigned i = 0; i < slots_used; i++) {
		struct process *p = &table[i];

		if (!is_alive(p) || p == first ||
		    (pid > 0 ? p->pid != pid : p->group != -pid))
			continue;
		kill(p);
		answer = 0;
	}
	kernel_unlock();
	return answer;
}
