/* SPDX-License-Identifier: MIT
 *
 * See doorbell.h. One that is rung in a storm is read once a turn of the loop.
 */
#include "doorbell.h"

#include <liburing.h>

#include "ring.h"

static void await(struct hv_doorbell *d)
{
	io_uring_prep_read(hv_loop_sqe(d->loop, &d->io), d->fd, &d->count,
			   sizeof(d->count), 0);
	d->awaited = true;
}

static void heard(struct hv_io *io, int result)
{
	struct hv_doorbell *d = HV_OWNER(io, struct hv_doorbell, io);

	d->awaited = false;
	if (result == sizeof(d->count))
		hv_count(d->rung, d->count);
	if (d->silent)
		d->silent(d);
	else
		await(d);
}

void hv_doorbell_open(struct hv_doorbell *d, struct hv_loop *loop,
		      uint64_t *rung)
{
	*d = (struct hv_doorbell){
		.fd = d->fd, .loop = loop, .rung = rung, .io.done = heard,
	};
	await(d);
}

void hv_doorbell_close(struct hv_doorbell *d,
		       void (*silent)(struct hv_doorbell *doorbell))
{
	d->silent = silent;
	hv_loop_cancel(d->loop, &d->io);
}
