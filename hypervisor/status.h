/* SPDX-License-Identifier: MIT
 *
 * Exit statuses of the program. A guest's own status, 0 to 119, is passed on;
 * these are the program's. Documented in README.md and in --help.
 */
#ifndef HV_STATUS_H
#define HV_STATUS_H

enum hv_status {
	HV_STATUS_USAGE = 120,  /* the command line is wrong */
	HV_STATUS_IMAGE = 121,  /* the guest image is bad or cannot be served */
	HV_STATUS_HOST = 122,   /* the host lacks something, such as /dev/kvm */
	HV_STATUS_GUEST = 123,  /* the guest was stopped for a fault */
	HV_STATUS_TIMEOUT = 124, /* --timeout passed first, as timeout(1) */
	HV_STATUS_FAILED = 125, /* a host call failed that should not */
	HV_STATUS_DEVICE = 126, /* a disk or network cannot be used */
	HV_STATUS_SIGNAL = 128  /* + the number of the signal that ended it */
};

#endif
