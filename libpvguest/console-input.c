/* SPDX-License-Identifier: MIT
 *
 * Console input. CONSOLE_READ does not wait; the console's port says when to
 * ask again.
 */
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/ops.h>
#include <pvguest/upcall.h>

/* The event is for the vCPU that asked, which a thread may leave at any time: it is
 * told. */
static int64_t ask(void *ret_bytes, size_t len_bytes, unsigned *ret_vcpu)
{
	bool was_masked = pvg_mask_save();
	int64_t count;

	*ret_vcpu = pvg_vcpu_number();
	/* Before asking: what comes after the answer sets it again. */
	pvg_port_clear(PV_PORT_CONSOLE);
	count = pvg_op_console_read(ret_bytes, len_bytes);
	pvg_mask_restore(was_masked);
	return count;
}

int64_t pvg_console_read(void *ret_bytes, size_t len_bytes)
{
	if (!pvg_has(PV_FEATURE_INPUT))
		return -PV_EOPNOTSUPP;
	pvg_console_flush(); /* a prompt is to be seen before its answer */
	for (;;) {
		unsigned vcpu;
		int64_t count = ask(ret_bytes, len_bytes, &vcpu);

		if (count != -PV_EAGAIN)
			return count;
		pvg_port_wait_on(vcpu, PV_PORT_CONSOLE, PV_FOREVER);
	}
}

static char ahead[512];
static size_t ahead_at, ahead_end;

static void echo(const char *bytes, size_t len_bytes)
{
	pvg_console_write(bytes, len_bytes);
	pvg_console_flush();
}

static size_t erase(size_t len, size_t count)
{
	for (; count > 0 && len > 0; count--, len--)
		echo("\b \b", 3);
	return len;
}

/* What a terminal driver does: one line into `ahead`, with echo, backspace,
 * Ctrl-U and Ctrl-D. Answers as pvg_console_read. */
static int64_t edit_line(void)
{
	enum { CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, DELETE = 127 };
	size_t len = 0;

	for (;;) {
		char key;
		int64_t count = pvg_console_read(&key, 1);

		if (count <= 0)
			return len > 0 ? (int64_t)len : count;
		if (key == CTRL_D)
			return (int64_t)len;
		if (key == BACKSPACE || key == DELETE) {
			len = erase(len, 1);
		} else if (key == CTRL_U) {
			len = erase(len, len);
		} else if (key == '\n' || len + 1 < sizeof(ahead)) {
			ahead[len++] = key;
			echo(&key, 1);
		}
		if (key == '\n')
			return (int64_t)len;
	}
}

static int64_t read_ahead(void)
{
	if (pvg_boot.flags & PV_BOOT_TERMINAL)
		return edit_line();
	return pvg_console_read(ahead, sizeof(ahead));
}

/* The next byte of input, or a negative status. */
static int64_t next_byte(void)
{
	if (ahead_at == ahead_end) {
		int64_t count = read_ahead();

		if (count <= 0)
			return count == 0 ? -PV_ENODEV : count;
		ahead_at = 0;
		ahead_end = (size_t)count;
	}
	return (unsigned char)ahead[ahead_at++];
}

int64_t pvg_console_getline(char *ret_line, size_t size)
{
	size_t len = 0;
	int64_t byte;

	while ((byte = next_byte()) >= 0 && byte != '\n') {
		if (len + 1 >= size) {
			ahead_at--; /* the next call goes on with it */
			byte = -PV_E2BIG;
			break;
		}
		ret_line[len++] = (char)byte;
	}
	if (size > 0)
		ret_line[len] = '\0';
	/* The end of input also ends a last line without a newline. */
	if (byte < 0 && !(byte == -PV_ENODEV && len > 0))
		return byte;
	return (int64_t)len;
}
