/* SPDX-License-Identifier: MIT
 *
 * A connection's life:
 *
 *	ASKED		bytes come in until there is a request
 *	ANSWERING	its answer goes out: text, then a file, chunk by chunk; then
 *			ASKED again, or
 *	ENDING		our side is closed, and what still comes is thrown away until
 *			theirs is: a connection closed with bytes unread would be
 *			reset, and our last words lost
 *
 * lwIP calls; whatever it calls for, `go_on` does all that can be done.
 */
#include "connection.h"

#include <pvguest/pvguest.h>

#include <lwip/tcp.h>

#include "answer.h"
#include "chunk.h"

/* In lwIP's half seconds. */
#define POLL_INTERVAL 2
/* In polls, so in seconds. */
#define REQUEST_POLLS 15 /* for a whole request, or none */
#define STUCK_POLLS 20	 /* for SLOW_BYTES to arrive there */
#define ENDING_POLLS 3	 /* for them to close their side */
#define SLOW_BYTES 8192

#define CHUNKS_EACH 2

/* lwIP counts this many at once. */
#define WRITE_MAX_BYTES 32768

enum connection_state { ASKED, ANSWERING, ENDING };

struct connection {
	struct tcp_pcb *pcb; /* NULL: no more, and this is to be freed */
	bool was_cut;	     /* lwIP is to be told */
	bool they_ended;     /* nothing comes in any more */
	struct connection *next, **link;
	enum connection_state state;
	int polls; /* since it got on */

	/* What came in: in one piece, and one buffer of lwIP's from which the
	 * rest is still to be copied. */
	char in[REQUEST_HEAD_MAX_BYTES];
	size_t in_bytes;
	struct pbuf *rest;

	struct answer answer;
	bool stays;
	uint32_t text_written_bytes;
	uint64_t file_read_bytes; /* asked of the disk */
	uint64_t file_written_bytes;
	bool is_hungry; /* for a chunk */
	/* The oldest first; at the end are those that are not written whole. */
	struct chunk *chunks[CHUNKS_EACH];
	unsigned chunk_count;
	/* Of all that this connection sent: given to TCP, and arrived there. */
	uint64_t stream_written, stream_arrived;
	uint64_t stream_noted; /* what had arrived when it last got on */
};

static struct connection *connections;
static bool is_logged;

static void link_connection(struct connection *c)
{
	c->next = connections;
	c->link = &connections;
	if (c->next)
		c->next->link = &c->next;
	connections = c;
	web_counters.connections++;
	web_counters.open++;
}

static void free_connection(struct connection *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	for (unsigned i = 0; i < c->chunk_count; i++)
		chunk_release(c->chunks[i]);
	if (c->rest)
		pbuf_free(c->rest);
	free(c->answer.text);
	free(c);
	web_counters.open--;
}

/* lwIP goes on with it alone, and calls no more. It is freed by `result`. */
static void let_go(struct connection *c)
{
	tcp_arg(c->pcb, NULL);
	tcp_recv(c->pcb, NULL);
	tcp_sent(c->pcb, NULL);
	tcp_err(c->pcb, NULL);
	tcp_poll(c->pcb, NULL, 0);
	c->pcb = NULL;
}

/* The end without a word. */
static void cut(struct connection *c)
{
	struct tcp_pcb *pcb = c->pcb;

	let_go(c);
	tcp_abort(pcb);
	c->was_cut = true;
}

/* What a callback of lwIP's answers. */
static err_t result(struct connection *c)
{
	bool was_cut = c->was_cut;

	if (!c->pcb)
		free_connection(c);
	return was_cut ? ERR_ABRT : ERR_OK;
}

static void end(struct connection *c)
{
	c->state = ENDING;
	c->polls = 0;
	if (tcp_shutdown(c->pcb, 0, 1) != ERR_OK)
		cut(c);
}

static bool has_all_arrived(const struct connection *c)
{
	return c->stream_arrived >= c->stream_written;
}

/* Input. */

static void take_in(struct connection *c)
{
	size_t room = sizeof(c->in) - c->in_bytes;
	uint16_t bytes;

	if (!c->rest)
		return;
	bytes = pbuf_copy_partial(c->rest, c->in + c->in_bytes,
				  (uint16_t)(room < c->rest->tot_len ? room
								     : c->rest->tot_len),
				  0);
	c->in_bytes += bytes;
	tcp_recved(c->pcb, bytes);
	c->rest = pbuf_free_header(c->rest, bytes);
}

static void drop_input(struct connection *c)
{
	c->in_bytes = 0;
	if (!c->rest)
		return;
	tcp_recved(c->pcb, c->rest->tot_len);
	pbuf_free(c->rest);
	c->rest = NULL;
}

static void log_answer(const struct connection *c, const char *path)
{
	if (is_logged)
		pvg_printf("%s %d %lu %s\n", ipaddr_ntoa(&c->pcb->remote_ip),
			   c->answer.status, c->answer.body_bytes, path);
}

static void begin_answer(struct connection *c, int error, bool stays,
			 const char *path)
{
	if (error) {
		cut(c);
		return;
	}
	c->state = ANSWERING;
	c->polls = 0;
	c->stays = stays;
	c->text_written_bytes = 0;
	c->file_read_bytes = 0;
	c->file_written_bytes = 0;
	log_answer(c, path);
}

static void refuse(struct connection *c, int http_status)
{
	web_counters.refused++;
	c->in_bytes = 0;
	begin_answer(c, answer_refusal(&c->answer, http_status), false, "-");
}

/* The path as it may be printed. */
static const char *printable(char *path)
{
	for (char *at = path; *at; at++)
		if (*at < ' ' || *at == 0x7f)
			*at = '?';
	return path;
}

/* Whether there was one. */
static bool take_request(struct connection *c)
{
	size_t bytes = request_head_bytes(c->in, c->in_bytes);
	struct request request;
	int refusal, error;

	if (bytes == 0 && c->in_bytes < sizeof(c->in))
		return false;
	if (bytes == 0) {
		refuse(c, 431);
		return true;
	}
	refusal = request_parse(c->in, bytes, &request);
	if (refusal) {
		refuse(c, refusal);
		return true;
	}
	web_counters.requests++;
	c->in_bytes -= bytes;
	memmove(c->in, c->in + bytes, c->in_bytes);
	error = answer_request(&c->answer, &request);
	begin_answer(c, error, request.stays && !c->they_ended,
		     printable(request.path));
	return true;
}

/* Output. */

static uint32_t writable(const struct connection *c, uint32_t bytes)
{
	uint32_t room = tcp_sndbuf(c->pcb);

	if (bytes > room)
		bytes = room;
	return bytes < WRITE_MAX_BYTES ? bytes : WRITE_MAX_BYTES;
}

/* Hand bytes to TCP, as many as it takes: how many. */
static uint32_t write_some(struct connection *c, const void *at, uint32_t bytes,
			   uint8_t flags)
{
	uint32_t done = 0;

	while (done < bytes) {
		uint32_t some = writable(c, bytes - done);

		if (some == 0 || tcp_write(c->pcb, (const char *)at + done,
					   (uint16_t)some, flags) != ERR_OK)
			break;
		done += some;
	}
	c->stream_written += done;
	web_counters.answered_bytes += done;
	return done;
}

static bool write_text(struct connection *c)
{
	struct answer *answer = &c->answer;

	c->text_written_bytes += write_some(
		c, answer->text + c->text_written_bytes,
		answer->text_bytes - c->text_written_bytes,
		(uint8_t)(TCP_WRITE_FLAG_COPY |
			  (answer->file ? TCP_WRITE_FLAG_MORE : 0)));
	return c->text_written_bytes == answer->text_bytes;
}

static void read_ahead(struct connection *c)
{
	const struct site_file *file = c->answer.file;

	c->is_hungry = false;
	while (c->chunk_count < CHUNKS_EACH && c->file_read_bytes < file->len_bytes) {
		uint64_t offset = file->offset_bytes + c->file_read_bytes;
		uint64_t bytes = file->len_bytes - c->file_read_bytes;
		struct chunk *chunk;

		if (bytes > chunk_room(offset))
			bytes = chunk_room(offset);
		chunk = chunk_read(c, offset, (uint32_t)bytes);
		c->is_hungry = chunk == NULL;
		if (!chunk)
			return;
		c->chunks[c->chunk_count++] = chunk;
		c->file_read_bytes += bytes;
	}
}

/* False: it cannot be read, and the client was promised more. */
static bool write_chunks(struct connection *c)
{
	for (unsigned i = 0; i < c->chunk_count; i++) {
		struct chunk *chunk = c->chunks[i];
		uint32_t left = chunk->len_bytes - chunk->written_bytes, written;
		bool is_last = c->file_written_bytes + left == c->answer.file->len_bytes;

		if (left == 0)
			continue;
		if (chunk->state == CHUNK_READING)
			break;
		if (chunk->state == CHUNK_FAILED)
			return false;
		written = write_some(c, chunk->bytes + chunk->written_bytes, left,
				     is_last ? 0 : TCP_WRITE_FLAG_MORE);
		chunk->written_bytes += written;
		chunk->stream_end = c->stream_written;
		c->file_written_bytes += written;
		if (written < left)
			break;
	}
	return true;
}

static void release_arrived(struct connection *c)
{
	unsigned done = 0;

	while (done < c->chunk_count &&
	       c->chunks[done]->state == CHUNK_READ &&
	       c->chunks[done]->written_bytes == c->chunks[done]->len_bytes &&
	       c->chunks[done]->stream_end <= c->stream_arrived)
		chunk_release(c->chunks[done++]);
	c->chunk_count -= done;
	memmove(c->chunks, c->chunks + done, c->chunk_count * sizeof(*c->chunks));
}

static void finish_answer(struct connection *c)
{
	free(c->answer.text);
	c->answer = (struct answer){ .text = NULL };
	c->state = ASKED;
	c->polls = 0;
	if (!c->stays)
		end(c);
}

static void write_answer(struct connection *c)
{
	const struct site_file *file = c->answer.file;

	if (!write_text(c))
		return;
	if (file) {
		read_ahead(c);
		if (!write_chunks(c)) {
			cut(c);
			return;
		}
	}
	if (!file || c->file_written_bytes == file->len_bytes)
		finish_answer(c);
}

static void go_on(struct connection *c)
{
	if (!c->pcb)
		return;
	release_arrived(c);
	if (c->state != ENDING)
		take_in(c);
	if (c->state == ANSWERING)
		write_answer(c);
	while (c->pcb && c->state == ASKED && take_request(c)) {
		if (c->pcb)
			write_answer(c);
		if (c->pcb)
			take_in(c);
	}
	if (c->pcb && c->state == ASKED && c->they_ended)
		end(c);
	if (!c->pcb)
		return;
	if (c->state == ENDING)
		drop_input(c);
	tcp_output(c->pcb);
	if (c->state == ENDING && c->they_ended && has_all_arrived(c))
		let_go(c);
}

/* What lwIP calls. */

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *pbuf, err_t error)
{
	struct connection *c = arg;

	(void)pcb;
	(void)error;
	if (pbuf && c->rest)
		return ERR_MEM; /* lwIP keeps it, and comes again */
	if (pbuf)
		c->rest = pbuf;
	else
		c->they_ended = true;
	go_on(c);
	return result(c);
}

static err_t arrived(void *arg, struct tcp_pcb *pcb, uint16_t bytes)
{
	struct connection *c = arg;

	(void)pcb;
	c->stream_arrived += bytes;
	if (c->state != ASKED && (has_all_arrived(c) ||
				  c->stream_arrived - c->stream_noted >= SLOW_BYTES)) {
		c->stream_noted = c->stream_arrived;
		c->polls = 0;
	}
	go_on(c);
	return result(c);
}

static int patience(const struct connection *c)
{
	if (c->state == ASKED)
		return REQUEST_POLLS;
	return has_all_arrived(c) && c->state == ENDING ? ENDING_POLLS : STUCK_POLLS;
}

static void lose_patience(struct connection *c)
{
	if (c->state != ASKED)
		cut(c);
	else if (c->in_bytes > 0)
		refuse(c, 408);
	else
		end(c);
}

static err_t looked_at(void *arg, struct tcp_pcb *pcb)
{
	struct connection *c = arg;

	(void)pcb;
	if (!c->is_hungry)
		c->polls++;
	if (c->polls > patience(c))
		lose_patience(c);
	go_on(c);
	return result(c);
}

/* The other side reset it, or lwIP gave up: the pcb is gone. */
static void failed(void *arg, err_t error)
{
	(void)error;
	free_connection(arg);
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct connection *c;

	(void)arg;
	if (error != ERR_OK || !pcb)
		return ERR_VAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ERR_MEM; /* lwIP resets it */
	c->pcb = pcb;
	c->state = ASKED;
	link_connection(c);
	tcp_arg(pcb, c);
	tcp_recv(pcb, received);
	tcp_sent(pcb, arrived);
	tcp_err(pcb, failed);
	tcp_poll(pcb, looked_at, POLL_INTERVAL);
	tcp_nagle_disable(pcb);
	return ERR_OK;
}

void connection_read_on(void *connection)
{
	struct connection *c = connection;

	go_on(c);
	result(c);
}

bool connections_feed(void)
{
	struct connection *next;
	bool is_any_hungry = false;

	for (struct connection *c = connections; c; c = next) {
		next = c->next;
		if (!c->is_hungry)
			continue;
		if (!chunk_is_free())
			return true;
		go_on(c);
		is_any_hungry |= c->pcb && c->is_hungry;
		result(c);
	}
	return is_any_hungry;
}

int connections_listen(uint16_t port, bool is_logged_too)
{
	struct tcp_pcb *pcb = tcp_new(), *listener = NULL;

	is_logged = is_logged_too;
	if (pcb && tcp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK)
		listener = tcp_listen_with_backlog(pcb, 128);
	if (!listener)
		return -PV_ENOMEM;
	tcp_accept(listener, accepted);
	return 0;
}
