/* SPDX-License-Identifier: MIT
 *
 * Frames in a row: from a wire into buffers that were lent for them (wire-receive.c), and
 * to a wire (wire-send.c). The network queues of both engines stand on these. All of it
 * on the loop thread.
 */
#ifndef HV_WIRE_IO_H
#define HV_WIRE_IO_H

#include "ring.h"
#include "wire.h"

/* Counters of both queues of a device, for --stats. */
struct hv_net_stats {
	uint64_t received_frames, received_bytes;
	uint64_t too_short, too_long; /* frames that came and were dropped */
	uint64_t not_understood;      /* likewise: the host's words on them */
	uint64_t receive_errors;      /* of the host, other than that */
	uint64_t sent_frames, sent_bytes;
	uint64_t sent_to_nobody;      /* of them, frames nobody was there for */
	uint64_t send_waits;          /* times that there was no room to send */
	uint64_t failed;              /* requests that were refused or failed */
	struct hv_ring_stats ring;
};

/* ---- receiving */

#define HV_WIRE_LOOK_AHEAD 16u /* buffers that are lent at once */

struct hv_wire_reader {
	const struct hv_wire *wire;
	struct hv_loop *loop;
	struct hv_net_stats *stats;
	/* A frame is in the buffer: whether it becomes the guest's, and the buffer is
	 * no longer lent. If not it is one whose header is not understood. */
	bool (*deliver)(struct hv_wire_reader *reader, struct hv_wire_io *buffer,
			uint32_t len_bytes);
	/* Something is no longer under way. */
	void (*settled)(struct hv_wire_reader *reader);
	/* Its own: */
	struct hv_wire_io *lent;
	unsigned lents;    /* of these */
	unsigned reading;  /* reads under way */
	unsigned batch;    /* of reads, next time */
	bool dry;          /* a read of this batch found nothing */
	bool ready;        /* there may be something to read */
	struct hv_io watch;
	bool watching;
	unsigned errors;   /* in a row */
	bool dead;         /* the other end of the wire is gone for good */
	uint8_t surplus;   /* where the byte goes that is one too many */
};

/* Its first five fields are set, all else is 0. */
void hv_wire_reader_open(struct hv_wire_reader *reader);
/* Lend a buffer: iov has so many entries, the first for the wire's header, and room for
 * one more. */
void hv_wire_lend(struct hv_wire_reader *reader, struct hv_wire_io *buffer,
		  struct iovec *iov, unsigned iovs);
/* How many more may be. */
unsigned hv_wire_lendable(const struct hv_wire_reader *reader);
/* Read, or have the wire watched; whether frames are being read. */
bool hv_wire_read_on(struct hv_wire_reader *reader);
/* Read no more. Buffers are the owner's again once nothing is under way. */
void hv_wire_reader_close(struct hv_wire_reader *reader);
bool hv_wire_reader_is_busy(const struct hv_wire_reader *reader);

/* ---- sending */

#define HV_WIRE_BATCH_MAX 32u /* frames that are sent at once */

struct hv_wire_writer {
	const struct hv_wire *wire;
	struct hv_loop *loop;
	struct hv_net_stats *stats;
	/* The frame is with the host, or failed. */
	void (*written)(struct hv_wire_writer *writer, struct hv_wire_io *frame,
			bool failed);
	/* Something is no longer under way. */
	void (*settled)(struct hv_wire_writer *writer);
	/* Its own: */
	unsigned writing;               /* writes under way */
	struct hv_wire_io *held, **end; /* that are to be written, in their order;
					 * after the batch those that found no room */
	struct hv_io room;              /* waits for it */
	bool awaited;
	bool has_room;                  /* it is worth trying again */
	struct hv_io stream_io;         /* of a stream: writes a batch as one */
	size_t stream_bytes;            /* likewise: so many */
};

/* Its first five fields are set, all else is 0. */
void hv_wire_writer_open(struct hv_wire_writer *writer);
/* How many frames may be given to it now. None as long as some are under way, or find no
 * room: all of them go before the next. */
unsigned hv_wire_writable(const struct hv_wire_writer *writer);
/* Write one of len_bytes, at the next hv_wire_write_all: its header is set, iov has so
 * many entries, of which the first is for that. */
void hv_wire_write(struct hv_wire_writer *writer, struct hv_wire_io *frame,
		   struct iovec *iov, unsigned iovs, uint32_t len_bytes);
void hv_wire_write_all(struct hv_wire_writer *writer);
/* Try again what found no room; whether there was anything to do. */
bool hv_wire_write_on(struct hv_wire_writer *writer);
/* Wait for room no more. What still finds none fails, when nothing else is under way. */
void hv_wire_writer_close(struct hv_wire_writer *writer);
/* Fails those, if it can; whether anything is under way. */
bool hv_wire_writer_is_busy(struct hv_wire_writer *writer);

#endif
