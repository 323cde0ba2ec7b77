/* SPDX-License-Identifier: MIT
 *
 * Status numbers. An operation or a request answers 0 or a positive result on
 * success and the negative of one of these on failure. They are the contract's
 * own: they never change with the host's errno.
 */
#ifndef PVABI_ERROR_H
#define PVABI_ERROR_H

enum pv_error {
	PV_EINVAL = 1,      /* an argument or a reserved field is wrong */
	PV_ENOSYS = 2,      /* no such operation, or its feature was not granted */
	PV_EFAULT = 3,      /* an address or length leaves guest RAM */
	PV_ERANGE = 4,      /* beyond the end of the device */
	PV_EBUSY = 5,       /* already open or in use, or the last of its kind */
	PV_ENODEV = 6,      /* no such device, queue or vCPU */
	PV_EAGAIN = 7,      /* nothing there yet; the event port will tell */
	PV_ETIMEDOUT = 8,   /* the deadline passed first */
	PV_EIO = 9,         /* the host could not do it */
	PV_ENOSPC = 10,     /* the host's disk is full */
	PV_EROFS = 11,      /* the device is read-only */
	PV_EOPNOTSUPP = 12, /* this device does not offer it */
	PV_ENOMEM = 13,     /* a bound of the guest or the host is reached */
	PV_E2BIG = 14       /* more segments, bytes or calls than are taken */
};

#endif
