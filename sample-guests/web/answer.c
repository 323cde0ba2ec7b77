/* SPDX-License-Identifier: MIT
 *
 * Answers: files, the list of files, the status page, and refusals.
 */
#include "answer.h"

#include <pv-netif.h>

#include "date.h"

struct web_counters web_counters;

static const struct site *site;
static const struct pv_netif *netif_shown;
static uint64_t start_ns;

/* Text that grows. What does not fit in memory is told at the end. */
struct growing {
	char *text;
	size_t len, room;
	bool failed;
};

void answers_prepare(const struct site *served, const struct pv_netif *interface)
{
	site = served;
	netif_shown = interface;
	start_ns = pvg_clock_ns();
}

static void make_room(struct growing *to, size_t more)
{
	size_t room = to->room ? to->room : 1024;
	char *text;

	while (room < to->len + more + 1)
		room *= 2;
	if (to->failed || room == to->room)
		return;
	text = realloc(to->text, room);
	if (!text) {
		to->failed = true;
		return;
	}
	to->text = text;
	to->room = room;
}

__attribute__((format(printf, 2, 3))) static void add(struct growing *to,
						      const char *format, ...)
{
	va_list args;
	int chars;

	va_start(args, format);
	chars = pvg_vsnprintf(NULL, 0, format, args);
	va_end(args);
	make_room(to, (size_t)chars);
	if (to->failed)
		return;
	va_start(args, format);
	pvg_vsnprintf(to->text + to->len, to->room - to->len, format, args);
	va_end(args);
	to->len += (size_t)chars;
}

/* As HTML; names are whatever the archive's maker liked. */
static void add_escaped(struct growing *to, const char *name)
{
	for (; *name; name++) {
		if (strchr("<>&\"'", *name))
			add(to, "&#%d;", *name);
		else
			add(to, "%c", *name);
	}
}

static void add_as_url(struct growing *to, const char *name)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~/", c))
			add(to, "%c", c);
		else
			add(to, "%%%02X", c);
	}
}

static const char *reason(int http_status)
{
	switch (http_status) {
	case 200: return "OK";
	case 301: return "Moved Permanently";
	case 400: return "Bad Request";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 431: return "Request Header Fields Too Large";
	case 505: return "HTTP Version Not Supported";
	default: return "Internal Server Error";
	}
}

static const char *type_of(const char *name)
{
	static const struct {
		const char *end, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".htm", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".md", "text/plain; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".jpg", "image/jpeg" },
		{ ".gif", "image/gif" },
		{ ".ico", "image/x-icon" },
		{ ".pdf", "application/pdf" },
		{ ".wasm", "application/wasm" },
	};
	const char *end = strrchr(name, '.');

	for (size_t i = 0; end && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(end, types[i].end) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* The head, up to what is particular to a status. */
static void add_head(struct growing *to, int http_status, const char *type,
		     uint64_t body_bytes, bool stays)
{
	char date[DATE_CHARS + 1];

	date_print(date, pvg_clock_wall_ns() / 1000000000);
	add(to, "HTTP/1.1 %d %s\r\nServer: Paravane\r\nDate: %s\r\n"
	    "Content-Type: %s\r\nContent-Length: %lu\r\nConnection: %s\r\n",
	    http_status, reason(http_status), date, type, body_bytes,
	    stays ? "keep-alive" : "close");
}

static int finish(struct answer *ret_answer, struct growing *text, int http_status)
{
	if (text->failed) {
		free(text->text);
		return -PV_ENOMEM;
	}
	ret_answer->status = http_status;
	ret_answer->text = text->text;
	ret_answer->text_bytes = (uint32_t)text->len;
	return 0;
}

static int answer_file(struct answer *ret_answer, const struct request *request,
		       const struct site_file *file)
{
	struct growing text = { .text = NULL };

	add_head(&text, 200, type_of(file->name), file->len_bytes, request->stays);
	add(&text, "\r\n");
	ret_answer->body_bytes = file->len_bytes;
	if (!request->is_head && file->len_bytes > 0)
		ret_answer->file = file;
	return finish(ret_answer, &text, 200);
}

/* A body that was put together here. */
static int answer_page(struct answer *ret_answer, const struct request *request,
		       const char *type, struct growing *page)
{
	struct growing text = { .text = NULL, .failed = page->failed };

	add_head(&text, 200, type, page->len, request->stays);
	add(&text, "\r\n");
	if (!request->is_head)
		add(&text, "%s", page->failed ? "" : page->text);
	ret_answer->body_bytes = page->len;
	free(page->text);
	return finish(ret_answer, &text, 200);
}

static int answer_list(struct answer *ret_answer, const struct request *request)
{
	struct growing page = { .text = NULL };

	add(&page, "<!doctype html>\n<title>Paravane</title>\n"
	    "<h1>A unikernel serves this</h1>\n"
	    "<p>See its <a href=\"/status\">status</a>.\n<ul>\n");
	for (uint32_t i = 0; i < site->count; i++) {
		add(&page, "<li><a href=\"/");
		add_as_url(&page, site->files[i].name);
		add(&page, "\">");
		add_escaped(&page, site->files[i].name);
		add(&page, "</a>, %lu bytes\n", site->files[i].len_bytes);
	}
	add(&page, "</ul>\n");
	return answer_page(ret_answer, request, type_of(".html"), &page);
}

/* A line each: name, value. */
static int answer_status_page(struct answer *ret_answer, const struct request *request)
{
	const struct pv_netif_counters *net = &netif_shown->counters;
	struct growing page = { .text = NULL };

	add(&page, "uptime_ms %lu\n", (pvg_clock_ns() - start_ns) / 1000000);
	add(&page, "connections %lu\nconnections_open %lu\n",
	    web_counters.connections, web_counters.open);
	add(&page, "requests %lu\nrequests_refused %lu\nanswered_bytes %lu\n",
	    web_counters.requests, web_counters.refused,
	    web_counters.answered_bytes);
	add(&page, "frames_received %lu\nbytes_received %lu\nframes_copied %lu\n"
	    "frames_dropped %lu\n",
	    net->frames_in, net->bytes_in, net->copied_in, net->dropped_in);
	add(&page, "frames_sent %lu\nbytes_sent %lu\nsegments_sent %lu\n"
	    "frames_failed %lu\n",
	    net->frames_out, net->bytes_out, net->segments_out, net->failed_out);
	add(&page, "exits_to_sleep %lu\n", net->sleeps);
	add(&page, "files %u\nram_free_bytes %lu\n", site->count,
	    (uint64_t)pvg_pages_available() * PVG_PAGE_BYTES);
	return answer_page(ret_answer, request, type_of(".txt"), &page);
}

static int answer_moved(struct answer *ret_answer, const struct request *request)
{
	struct growing text = { .text = NULL };

	add_head(&text, 301, type_of(".txt"), 0, request->stays);
	add(&text, "Location: ");
	add_as_url(&text, request->path);
	add(&text, "/\r\n\r\n");
	return finish(ret_answer, &text, 301);
}

static int answer_failure(struct answer *ret_answer, int http_status, bool stays,
			  bool is_head)
{
	struct growing text = { .text = NULL };
	char body[64];
	int chars = pvg_snprintf(body, sizeof(body), "%d %s\n", http_status,
				 reason(http_status));

	add_head(&text, http_status, type_of(".txt"), (uint64_t)chars, stays);
	if (http_status == 405)
		add(&text, "Allow: GET, HEAD\r\n");
	add(&text, "\r\n%s", is_head ? "" : body);
	ret_answer->body_bytes = (uint64_t)chars;
	return finish(ret_answer, &text, http_status);
}

/* A file's name with what stands for it, such as a directory's index.html. */
static const struct site_file *find_with(const char *name, const char *end)
{
	char whole[REQUEST_PATH_MAX_CHARS + 16];

	pvg_snprintf(whole, sizeof(whole), "%s%s", name, end);
	return site_find(site, whole);
}

int answer_request(struct answer *ret_answer, const struct request *request)
{
	const char *name = request->path + 1;
	const struct site_file *file;
	bool is_directory = *name == '\0' || name[strlen(name) - 1] == '/';

	*ret_answer = (struct answer){ .text = NULL };
	if (strcmp(name, "status") == 0)
		return answer_status_page(ret_answer, request);
	file = find_with(name, is_directory ? "index.html" : "");
	if (file)
		return answer_file(ret_answer, request, file);
	if (*name == '\0')
		return answer_list(ret_answer, request);
	/* Not //host/, which would lead elsewhere. */
	if (!is_directory && *name != '/' && find_with(name, "/index.html"))
		return answer_moved(ret_answer, request);
	return answer_failure(ret_answer, 404, request->stays, request->is_head);
}

int answer_refusal(struct answer *ret_answer, int http_status)
{
	*ret_answer = (struct answer){ .text = NULL };
	return answer_failure(ret_answer, http_status, false, false);
}
