/* SPDX-License-Identifier: MIT
 *
 * What status numbers mean.
 */
#include <pvguest/error.h>

static const char *const texts[] = {
	[0] = "no error",
	[PV_EINVAL] = "invalid argument",
	[PV_ENOSYS] = "no such operation",
	[PV_EFAULT] = "address outside of memory",
	[PV_ERANGE] = "beyond the end of the device",
	[PV_EBUSY] = "in use already",
	[PV_ENODEV] = "no such device or queue",
	[PV_EAGAIN] = "nothing there yet",
	[PV_ETIMEDOUT] = "timed out",
	[PV_EIO] = "input/output error on the host",
	[PV_ENOSPC] = "no space left on the host",
	[PV_EROFS] = "the device is read-only",
	[PV_EOPNOTSUPP] = "not supported",
	[PV_ENOMEM] = "out of memory or another bound",
	[PV_E2BIG] = "too large",
};

const char *pvg_error_text(int64_t status)
{
	uint64_t number = -(uint64_t)status;

	return number < sizeof(texts) / sizeof(texts[0]) ? texts[number]
							 : "unknown error";
}
