/* SPDX-License-Identifier: MIT
 *
 * See console.h. Output is written on the thread of the vCPU that asks for it; input
 * is read by the loop into one buffer that belongs to the loop while `state` is
 * READING and to whoever holds vm->lock otherwise.
 */
#include "console.h"

#include <errno.h>
#include <limits.h>
#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "event.h"
#include "loop.h"
#include "vm.h"

enum state {
	IDLE,    /* nothing buffered, nothing asked for */
	READING, /* the loop has a read under way */
	READY,   /* [taken, filled) is there to take */
	ENDED    /* end of input, or an error that amounts to it */
};

struct hv_console {
	struct hv_vm *vm;
	struct hv_vcpu *reader; /* who is told: the first that asked in vain */
	void (*tell)(struct hv_vcpu *reader, bool ended);
	struct hv_job job;
	struct hv_io io;
	_Atomic int state;
	size_t taken, filled;
	bool terminal; /* `saved` must be restored */
	struct termios saved;
	uint8_t buffer[4096];
};

/* Wait until a PIPE_BUF can be written without blocking, or the VM ends. A
 * signal that ends it cannot slip in between look and wait. */
static bool wait_writable(struct hv_vm *vm)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	bool ending, interrupted = true;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	while (!(ending = atomic_load(&vm->ending)) && interrupted)
		interrupted = ppoll(&out, 1, NULL, &old) < 0 && errno == EINTR;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return !ending;
}

/* As for any program: nobody reads any more, or output would be lost. */
static void end_without_output(struct hv_vm *vm, int error)
{
	if (error == EPIPE)
		hv_vm_end(vm, HV_END_SIGNAL, SIGPIPE);
	else
		hv_vm_fail(vm, "cannot write the guest's output to stdout: %s",
			   strerror(error));
}

int64_t hv_console_put(struct hv_vcpu *vcpu, const void *bytes, uint64_t len)
{
	struct hv_vm *vm = vcpu->vm;
	const uint8_t *from = bytes;
	uint64_t written = 0;

	while (written < len && wait_writable(vm)) {
		size_t chunk = len - written < PIPE_BUF ? len - written : PIPE_BUF;
		ssize_t n = write(STDOUT_FILENO, from + written, chunk);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			end_without_output(vm, errno);
		if (n > 0)
			written += (uint64_t)n;
	}
	vcpu->stats.console_written_bytes += written;
	return written || !len ? (int64_t)written : -PV_EIO;
}

int64_t hv_console_write(struct hv_vcpu *vcpu, pv_gpa_t gpa, uint64_t len)
{
	const uint8_t *from;

	if (len > PV_CONSOLE_MAX_BYTES)
		len = PV_CONSOLE_MAX_BYTES;
	from = hv_memory_at(&vcpu->vm->memory, gpa, len);
	return from ? hv_console_put(vcpu, from, len) : -PV_EFAULT;
}

static void on_read(struct hv_io *io, int result)
{
	struct hv_console *console = HV_OWNER(io, struct hv_console, io);

	console->taken = 0;
	console->filled = result > 0 ? (size_t)result : 0;
	atomic_store(&console->state, result > 0 ? READY : ENDED);
	console->tell(console->reader, result <= 0);
}

static void start_read(struct hv_job *job)
{
	struct hv_console *console = HV_OWNER(job, struct hv_console, job);
	struct io_uring_sqe *sqe = hv_loop_sqe(console->vm->loop, &console->io);

	io_uring_prep_read(sqe, STDIN_FILENO, console->buffer,
			   sizeof(console->buffer), (uint64_t)-1);
	hv_loop_job_done(job);
}

/* Keys arrive as they are pressed and the guest decides on their echo; Ctrl-C
 * and its like still reach the host. */
static void take_terminal(struct hv_console *console)
{
	struct termios raw;

	if (console->terminal || tcgetattr(STDIN_FILENO, &console->saved) < 0)
		return;
	raw = console->saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	console->terminal = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static int64_t take(struct hv_console *console, struct hv_vcpu *vcpu,
		    uint8_t *to, uint64_t len)
{
	size_t there = console->filled - console->taken;

	if (len > there)
		len = there;
	memcpy(to, console->buffer + console->taken, len);
	console->taken += len;
	if (console->taken == console->filled)
		atomic_store(&console->state, IDLE);
	vcpu->stats.console_read_bytes += len;
	return (int64_t)len;
}

static int64_t read_some(struct hv_vcpu *vcpu, uint8_t *to, uint64_t len,
			 void (*tell)(struct hv_vcpu *vcpu, bool ended))
{
	struct hv_vm *vm = vcpu->vm;
	struct hv_console *console = vm->console;

	switch ((enum state)atomic_load(&console->state)) {
	case READY:
		return take(console, vcpu, to, len);
	case ENDED:
		return 0;
	case IDLE:
		if (!hv_vm_loop(vm))
			return -PV_EIO;
		console->reader = vcpu;
		console->tell = tell;
		take_terminal(console);
		atomic_store(&console->state, READING);
		hv_loop_do(vm->loop, &console->job);
		return -PV_EAGAIN;
	case READING:
		break;
	}
	return -PV_EAGAIN;
}

int64_t hv_console_take(struct hv_vcpu *vcpu, void *to, uint64_t len,
			void (*tell)(struct hv_vcpu *vcpu, bool ended))
{
	struct hv_vm *vm = vcpu->vm;
	int64_t answer;

	pthread_mutex_lock(&vm->lock);
	answer = read_some(vcpu, to, len, tell);
	pthread_mutex_unlock(&vm->lock);
	return answer;
}

static void raise_event(struct hv_vcpu *vcpu, bool ended)
{
	(void)ended; /* it reads, and sees */
	hv_event_raise(vcpu, PV_PORT_CONSOLE);
}

int64_t hv_console_read(struct hv_vcpu *vcpu, pv_gpa_t gpa, uint64_t len)
{
	uint8_t *to = hv_memory_at(&vcpu->vm->memory, gpa, len);

	if (!to)
		return -PV_EFAULT;
	return len ? hv_console_take(vcpu, to, len, raise_event) : 0;
}

struct hv_console *hv_console_create(struct hv_vm *vm)
{
	struct hv_console *console = calloc(1, sizeof(*console));

	if (!console)
		return NULL;
	console->vm = vm;
	console->job.run = start_read;
	console->io.done = on_read;
	return console;
}

void hv_console_free(struct hv_console *console)
{
	if (!console)
		return;
	if (console->terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &console->saved);
	free(console);
}
