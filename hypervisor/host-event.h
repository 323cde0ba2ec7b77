/* SPDX-License-Identifier: MIT
 *
 * Events from the host: a pipe with a name (mkfifo). Whatever anybody writes to it
 * makes port PV_PORT_HOST of vCPU 0 pending, however much it is.
 */
#ifndef HV_HOST_EVENT_H
#define HV_HOST_EVENT_H

#include "error.h"

struct hv_host_event;
struct hv_vm;

/* 0, or -1 with err. */
int hv_host_event_open(struct hv_host_event **ret_event, const char *path,
		       struct hv_error *err);
/* Begin to read it. Before the VM runs. */
void hv_host_event_start(struct hv_host_event *event, struct hv_vm *vm);
/* After the loop stopped. NULL is fine. */
void hv_host_event_free(struct hv_host_event *event);

#endif
