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
