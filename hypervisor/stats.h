/* SPDX-License-Identifier: MIT
 *
 * What --stats tells of a run.
 */
#ifndef HV_STATS_H
#define HV_STATS_H

#include <pvabi/op.h>
#include <stdint.h>
#include <stdio.h>

#include "engine.h"
#include "error.h"

struct hv_blk_stats;
struct hv_net_stats;
struct hv_vm;
struct json_object;

struct hv_stats {
	uint64_t process_ns; /* host time when the process began */
	uint64_t entry_ns;   /* of the first guest instruction */
	uint64_t end_ns;     /* when the guest was left for good */
};

/* Of one vCPU; its own thread's. */
struct hv_vcpu_stats {
	uint64_t exits[HV_EXIT_KINDS];
	uint64_t operations[PV_OP_SLOTS];
	uint64_t console_read_bytes, console_written_bytes;
	uint64_t blocked_ns; /* time spent asleep in BLOCK */
	uint64_t upcalls, traps, user_runs, flushes;
};

/* Remember when this process began: now, less the processor time it has used,
 * which is what was spent between exec and main. Call early. */
uint64_t hv_process_start_ns(void);
/* A disk's counters. */
struct json_object *hv_stats_disk(const struct hv_blk_stats *stats);
/* A network's. */
struct json_object *hv_stats_net(const struct hv_net_stats *stats);
/* Write them as JSON and close the file, unless it is stderr. 0, or -1 with err. */
int hv_stats_write(struct hv_vm *vm, FILE *out, struct hv_error *err);

#endif
