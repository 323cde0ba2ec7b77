/* SPDX-License-Identifier: MIT
 *
 * Frames in a stream of bytes, as passt and QEMU's -netdev stream have them: before each
 * its length, 4 bytes, the most significant first. What is read ahead waits here, up to
 * a bound; of frames that are sent only how far the first has got.
 */
#ifndef HV_WIRE_STREAM_H
#define HV_WIRE_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* The longest there can be; one that says more is the end of all sense. */
#define HV_STREAM_FRAME_MAX ((64u << 10) + 64)
#define HV_STREAM_LENGTH_BYTES 4u
#define HV_STREAM_IOV_MAX 1024 /* of a message, as Linux has it */

struct hv_stream {
	/* What was read and is not taken: [start, end). */
	size_t start, end;
	/* Of the frame that is being sent, bytes that are, its length among them; and
	 * how many bytes more the other side waits for of one that was given up. */
	size_t sent, owed;
	struct msghdr message;
	struct iovec iov[HV_STREAM_IOV_MAX];
	uint8_t bytes[2 * HV_STREAM_FRAME_MAX];
};

/* NULL: out of memory. */
struct hv_stream *hv_stream_create(void);
void hv_stream_free(struct hv_stream *stream);

/* Room for what is read next: for any frame, as long as none is whole. */
struct iovec hv_stream_room(struct hv_stream *stream);
/* So much of it was filled. */
void hv_stream_filled(struct hv_stream *stream, size_t bytes);
/* How many frames can be taken, counted up to `most`. */
unsigned hv_stream_frames(const struct hv_stream *stream, unsigned most);
/* Take one: its length, and as much of it as there is room for. -EAGAIN if none is
 * whole, -EPROTO if what should be its length is none. */
int hv_stream_take(struct hv_stream *stream, const struct iovec *iov,
		   unsigned iovs);

/* What goes before a frame. */
void hv_stream_put_length(uint8_t length[HV_STREAM_LENGTH_BYTES], uint32_t bytes);
/* What is to be sent in place of the rest of one that was given up: zeroes. */
struct iovec hv_stream_owed(const struct hv_stream *stream);
/* The frame that is being sent, of so many bytes with its length, will not be. */
void hv_stream_give_up(struct hv_stream *stream, size_t bytes);

#endif
