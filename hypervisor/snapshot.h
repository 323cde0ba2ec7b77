/* SPDX-License-Identifier: MIT
 *
 * Dumps of a running guest: on SIGUSR2 all its vCPUs are paused, its state is written
 * and it goes on.
 *
 * A thread of its own does that. A signal handler could not wait for the vCPUs; the
 * loop should not, because a vCPU may be waiting for the loop. What the kernel has
 * under way, such as a read of a disk, goes on meanwhile.
 */
#ifndef HV_SNAPSHOT_H
#define HV_SNAPSHOT_H

#include "dump.h"

/* Until hv_snapshots_stop. `told` hears of each, on that thread, with NULL if all
 * went well. One VM in a process can have this. 0 or -errno. */
int hv_snapshots_start(struct hv_vm *vm, const struct hv_dump_file *file,
		       void (*told)(const struct hv_dump_file *file,
				    const struct hv_error *err));
/* Finishes the one that is under way. Fine if there was no start. */
void hv_snapshots_stop(void);

#endif
