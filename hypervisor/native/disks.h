/* SPDX-License-Identifier: MIT
 *
 * The disks of the native machine, as it knows them.
 */
#ifndef HV_NATIVE_DISKS_H
#define HV_NATIVE_DISKS_H

struct hv_native;

/* How a disk is told on the command line, in Linux's syntax. */
#define HV_DISK_WORD_BYTES 64
const char *hv_native_disk_word(const struct hv_native *native, unsigned number,
				char word[HV_DISK_WORD_BYTES]);

#endif
