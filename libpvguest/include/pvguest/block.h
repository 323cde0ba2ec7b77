/* SPDX-License-Identifier: MIT
 *
 * Disks. Two ways to use one, which may be mixed:
 *
 * Synchronous: pvg_blk_read and its kin, any length, done when they return.
 *
 * Asynchronous: fill a request, submit it, go on; a request belongs to the
 * device from submit until its status is no longer PVG_BLK_IN_FLIGHT:
 *
 *	pvg_blk_prep_read(&request, offset, buffer, len);
 *	request.done = my_callback;            or NULL, and look at the status
 *	pvg_blk_submit(&disk, &request);       as many as the queue has slots
 *	pvg_blk_wait(&disk, PV_FOREVER);       runs callbacks, sleeps if need be
 *
 * By events, as a driver handles an interrupt: pvg_port_handle(pvg_blk_port(&disk),
 * ...), whose handler polls until pvg_blk_arm answers false. Who submits kicks,
 * since nobody polls or waits for it (docs/porting.md, step 10, has it in full).
 *
 * With threads, several may use a disk synchronously at once: one after the other.
 * Whoever uses it asynchronously has the queue to itself; a device has more of them
 * (pvg_blk_open_queue). Waiting holds up the calling thread only.
 *
 * Offsets, lengths, ordering and durability are those of <pvabi/block.h>.
 * Nothing here allocates except opening.
 */
#ifndef PVGUEST_BLOCK_H
#define PVGUEST_BLOCK_H

#include <pvguest/ring.h>
#include <pvguest/sync.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One open queue of a disk. */
struct pvg_blk {
	struct pvg_ring ring;
	struct pv_blk_config config; /* size, block size, limits: checked */
	const char *name;
	struct pvg_mutex mutex; /* of the synchronous functions */
};

#define PVG_BLK_IN_FLIGHT 1

struct pvg_blk_request {
	struct pv_blk_request wire; /* what travels; from pvg_blk_prep_* */
	/* Called by poll or wait with the status set; may submit, this request
	 * again included, and may free it. NULL: nobody. */
	void (*done)(struct pvg_blk_request *request);
	void *user;
	int32_t status;      /* PVG_BLK_IN_FLIGHT, then 0 or -PV_E* */
	uint32_t done_bytes; /* from the start: all on success, on failure what
			      * is certain */
};

/* Open queue 0 of a disk by its name, or by its place among the disks from 0
 * on, with as many slots as there are. 0; -PV_ENODEV (no such disk), -PV_EBUSY
 * (open already), -PV_ENOMEM, -PV_EINVAL. Cost 1 exit. */
int pvg_blk_open(struct pvg_blk *ret_blk, const char *name);
int pvg_blk_open_index(struct pvg_blk *ret_blk, uint32_t index);
/* Any queue of a disk from pvg_device_find; entries as in pvg_ring_open. */
int pvg_blk_open_queue(struct pvg_blk *ret_blk, const struct pv_device *device,
		       uint32_t queue, uint32_t entries);
/* Wait for every request under way, then close. */
void pvg_blk_close(struct pvg_blk *blk);

/* The size in logical blocks, the short last one included. */
static inline uint64_t pvg_blk_blocks(const struct pvg_blk *blk)
{
	uint64_t block = blk->config.logical_block_bytes;

	return (blk->config.size_bytes + block - 1) / block;
}

/* Synchronous: wait for the result, and run the callbacks of other requests
 * meanwhile. buffer is a multiple of config.buffer_align_bytes; offset and len
 * are multiples of config.logical_block_bytes, of any size: what exceeds
 * config.request_bytes_max goes as several requests at once. 0 or the first
 * -PV_E*, and then any part of the range may have been done. */
int pvg_blk_read(struct pvg_blk *blk, uint64_t offset_bytes, void *ret_buffer,
		 uint64_t len_bytes);
int pvg_blk_write(struct pvg_blk *blk, uint64_t offset_bytes,
		  const void *buffer, uint64_t len_bytes);
/* What was written before is on stable storage when this answers 0. */
int pvg_blk_flush(struct pvg_blk *blk);
/* -PV_EOPNOTSUPP is a legal answer to a discard. */
int pvg_blk_discard(struct pvg_blk *blk, uint64_t offset_bytes,
		    uint64_t len_bytes);
int pvg_blk_zero(struct pvg_blk *blk, uint64_t offset_bytes,
		 uint64_t len_bytes);

/* Fill a request; done and user are left alone. */
static inline void pvg_blk_prep(struct pvg_blk_request *request,
				enum pv_blk_op op, uint64_t offset_bytes,
				uint64_t len_bytes)
{
	request->wire.op = (uint8_t)op;
	request->wire.flags = 0;
	request->wire.segments = 0;
	request->wire.reserved = 0;
	request->wire.offset_bytes = offset_bytes;
	request->wire.len_bytes = len_bytes;
	for (int i = 0; i < PV_BLK_SEGMENTS_INLINE; i++) {
		request->wire.seg[i].gpa = 0;
		request->wire.seg[i].len_bytes = 0;
		request->wire.seg[i].reserved = 0;
	}
}

static inline void pvg_blk_prep_one(struct pvg_blk_request *request,
				    enum pv_blk_op op, uint64_t offset_bytes,
				    const void *buffer, uint32_t len_bytes)
{
	pvg_blk_prep(request, op, offset_bytes, len_bytes);
	request->wire.segments = 1;
	request->wire.seg[0].gpa = pvg_gpa(buffer);
	request->wire.seg[0].len_bytes = len_bytes;
}

static inline void pvg_blk_prep_read(struct pvg_blk_request *request,
				     uint64_t offset_bytes, void *ret_buffer,
				     uint32_t len_bytes)
{
	pvg_blk_prep_one(request, PV_BLK_READ, offset_bytes, ret_buffer,
			 len_bytes);
}

static inline void pvg_blk_prep_write(struct pvg_blk_request *request,
				      uint64_t offset_bytes, const void *buffer,
				      uint32_t len_bytes)
{
	pvg_blk_prep_one(request, PV_BLK_WRITE, offset_bytes, buffer,
			 len_bytes);
}

static inline void pvg_blk_prep_flush(struct pvg_blk_request *request)
{
	pvg_blk_prep(request, PV_BLK_FLUSH, 0, 0);
}

/* A READ or WRITE of up to config.segments_max pieces of memory. More than
 * PV_BLK_SEGMENTS_INLINE are not copied: the array stays the request's until it
 * is done. */
void pvg_blk_prep_segments(struct pvg_blk_request *request, enum pv_blk_op op,
			   uint64_t offset_bytes,
			   const struct pv_blk_segment *segment,
			   uint16_t segments);

/* Put a request into the queue; the device sees it at the next kick, poll or
 * wait, so that many cost one doorbell. 0, or -PV_EAGAIN if all slots are under
 * way. No exit. */
static inline int pvg_blk_submit(struct pvg_blk *blk,
				 struct pvg_blk_request *request)
{
	uint64_t token;
	struct pv_blk_request *slot = (struct pv_blk_request *)pvg_ring_push(
		&blk->ring, request, &token);

	if (!slot)
		return -PV_EAGAIN;
	*slot = request->wire;
	slot->token = token;
	request->status = PVG_BLK_IN_FLIGHT;
	return 0;
}

/* Show the device what was submitted. Cost 0 exits while it is polling, at most
 * one doorbell. */
static inline void pvg_blk_kick(struct pvg_blk *blk)
{
	pvg_ring_kick(&blk->ring);
}

/* Requests submitted and not done. */
static inline uint32_t pvg_blk_in_flight(const struct pvg_blk *blk)
{
	return pvg_ring_open_requests(&blk->ring);
}

/* Kick, finish what has been answered by now, and tell how many requests that
 * were. Never waits. */
uint32_t pvg_blk_poll(struct pvg_blk *blk);

/* Kick and finish at least one request, waiting for it until the monotonic
 * clock reaches the deadline; 0 only looks. Answers how many were finished, 0 if
 * none is under way, -PV_ETIMEDOUT. Cost 0 exits if an answer comes within
 * pvg_boot.poll_ns, else 1. */
int pvg_blk_wait(struct pvg_blk *blk, uint64_t deadline_ns);

/* The port of this vCPU (of that which opened the queue) that becomes pending for an
 * answer, if it was asked for: */
static inline unsigned pvg_blk_port(const struct pvg_blk *blk)
{
	return blk->ring.port;
}

/* Ask for an event with the next answer. Whether one is there already: then there is
 * no event for it, and it is to be polled for and asked again. No exit. */
static inline bool pvg_blk_arm(struct pvg_blk *blk)
{
	return pvg_ring_arm(&blk->ring);
}

/* Wait until this request is done; its status. */
int pvg_blk_wait_for(struct pvg_blk *blk,
		     const struct pvg_blk_request *request);

#ifdef __cplusplus
}
#endif
#endif
