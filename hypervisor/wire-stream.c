/* SPDX-License-Identifier: MIT
 *
 * See wire-stream.h.
 */
#include "wire-stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iov.h"

/* Never written to, so that the host's zero page backs it. */
static uint8_t zeroes[HV_STREAM_LENGTH_BYTES + HV_STREAM_FRAME_MAX];

struct hv_stream *hv_stream_create(void)
{
	/* Large enough to be mapped, and so to cost what is touched of it. */
	return calloc(1, sizeof(struct hv_stream));
}

void hv_stream_free(struct hv_stream *stream)
{
	free(stream);
}

/* ---- receiving */

struct iovec hv_stream_room(struct hv_stream *s)
{
	if (s->start) {
		memmove(s->bytes, s->bytes + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	return (struct iovec){ s->bytes + s->end, sizeof(s->bytes) - s->end };
}

void hv_stream_filled(struct hv_stream *s, size_t bytes)
{
	s->end += bytes;
}

static uint32_t length_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

/* The length of the frame that begins there; as hv_stream_take. */
static int frame_at(const struct hv_stream *s, size_t at)
{
	uint32_t len;

	if (s->end - at < HV_STREAM_LENGTH_BYTES)
		return -EAGAIN;
	len = length_at(s->bytes + at);
	if (len > HV_STREAM_FRAME_MAX)
		return -EPROTO;
	return s->end - at - HV_STREAM_LENGTH_BYTES < len ? -EAGAIN : (int)len;
}

unsigned hv_stream_frames(const struct hv_stream *s, unsigned most)
{
	size_t at = s->start;
	unsigned frames = 0;
	int len;

	while (frames < most && (len = frame_at(s, at)) >= 0) {
		at += HV_STREAM_LENGTH_BYTES + (size_t)len;
		frames++;
	}
	return frames;
}

int hv_stream_take(struct hv_stream *s, const struct iovec *iov, unsigned iovs)
{
	int len = frame_at(s, s->start);

	if (len < 0)
		return len;
	hv_iov_write(iov, iovs, 0, s->bytes + s->start + HV_STREAM_LENGTH_BYTES,
		     (size_t)len);
	s->start += HV_STREAM_LENGTH_BYTES + (size_t)len;
	return len;
}

/* ---- sending */

void hv_stream_put_length(uint8_t length[HV_STREAM_LENGTH_BYTES], uint32_t bytes)
{
	for (unsigned i = 0; i < HV_STREAM_LENGTH_BYTES; i++)
		length[i] = (uint8_t)(bytes >> (24 - 8 * i));
}

struct iovec hv_stream_owed(const struct hv_stream *s)
{
	return (struct iovec){ zeroes, s->owed };
}

void hv_stream_give_up(struct hv_stream *s, size_t bytes)
{
	if (s->sent)
		s->owed = bytes - s->sent;
	s->sent = 0;
}
