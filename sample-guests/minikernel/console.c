/* SPDX-License-Identifier: MIT
 *
 * The console as a file. The operation that reads it does not wait; an event, on the
 * vCPU that asked, tells when there is more.
 */
#include "minikernel.h"

static struct queue readers;

static void on_input(unsigned port, void *arg)
{
	(void)port, (void)arg;
	kernel_lock();
	schedule_ready_all(&readers);
	kernel_unlock();
}

void console_start_vcpu(void)
{
	pvg_port_handle(PV_PORT_CONSOLE, on_input, NULL);
}

/* From a terminal come keys, which nobody has shown yet. */
static int64_t keys_typed(const char *keys, size_t len)
{
	enum { CTRL_D = 4 };

	if (keys[0] == CTRL_D)
		return 0;
	pvg_console_write(keys, len);
	pvg_console_flush();
	return (int64_t)len;
}

static int64_t console_read(struct process *process, struct file *file,
			    void *to, size_t len)
{
	int64_t got;

	(void)file;
	if (!pvg_has(PV_FEATURE_INPUT) || len == 0)
		return 0;
	pvg_console_flush(); /* a prompt is to be seen before its answer */
	kernel_lock();
	/* The event of an empty answer comes to this vCPU, which is masked: not
	 * before the process is on the queue. */
	got = pvg_op_console_read(to, len);
	if (got == -PV_EAGAIN)
		return schedule_wait(process, &readers);
	kernel_unlock();
	if (got > 0 && pvg_boot.flags & PV_BOOT_TERMINAL)
		return keys_typed(to, (size_t)got);
	return got < 0 ? 0 : got;
}

static int64_t console_write(struct process *process, struct file *file,
			     const void *from, size_t len)
{
	(void)process, (void)file;
	pvg_console_write(from, len);
	return (int64_t)len;
}

const struct file_type console_type = {
	.read = console_read,
	.write = console_write,
};
