/* SPDX-License-Identifier: MIT
 *
 * A queue's doorbell: an eventfd that is written to when its guest wants the loop to look
 * at it. That the loop turns is all it is for: it looks at every queue then.
 */
#ifndef HV_DOORBELL_H
#define HV_DOORBELL_H

#include <errno.h>
#include <unistd.h>

#include "loop.h"

struct hv_doorbell {
	int fd; /* the owner's; set before it is opened */
	struct hv_loop *loop;
	uint64_t *rung; /* a counter of what was heard; see hv_count */
	struct hv_io io;
	uint64_t count;
	bool awaited;
	void (*silent)(struct hv_doorbell *doorbell); /* NULL: it is listened to */
};

/* Loop thread: */

/* Begin to listen. */
void hv_doorbell_open(struct hv_doorbell *doorbell, struct hv_loop *loop,
		      uint64_t *rung);
/* Listen no more; silent is called once that is so. */
void hv_doorbell_close(struct hv_doorbell *doorbell,
		       void (*silent)(struct hv_doorbell *doorbell));

/* Any thread: write to such an eventfd. */
static inline void hv_doorbell_ring(int fd)
{
	uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

#endif
