/* SPDX-License-Identifier: MIT
 *
 * The web server's requests: what is understood, and what is refused; and its dates.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "date.h"
#include "request.h"

#define FIRST "GET / HTTP/1.1\r\nHost: a\r\n"

static struct request parsed(const char *head, int status)
{
	struct request request = { .is_head = false };

	cr_assert_eq(request_head_bytes(head, strlen(head)), strlen(head), "%s", head);
	cr_assert_eq(request_parse(head, strlen(head), &request), status, "%s", head);
	return request;
}

Test(web_request, ends_at_its_empty_line)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /";

	for (size_t i = 0; i < strlen(text); i++)
		cr_assert_eq(request_head_bytes(text, i), i < 27 ? 0 : 27, "%zu", i);
	cr_assert_eq(request_head_bytes("a\n\nb", 4), 3);
	cr_assert_eq(request_head_bytes("\r\n\r\n", 4), 0);
	cr_assert_eq(request_head_bytes("\r\na\n\r\n", 6), 6);
}

Test(web_request, paths)
{
	cr_assert_str_eq(parsed("GET /a/b.html HTTP/1.0\n\n", 0).path, "/a/b.html");
	cr_assert_str_eq(parsed("GET /a%20b%2fc?d=/ HTTP/1.0\n\n", 0).path, "/a b/c");
	cr_assert_str_eq(parsed("GET http://h/a HTTP/1.0\n\n", 0).path, "/a");
	cr_assert_str_eq(parsed("GET http:///a HTTP/1.0\n\n", 0).path, "/a");
	cr_assert_str_eq(parsed("\r\n\nGET /\xff HTTP/1.0\n\n", 0).path, "/\xff");
	for (const char **bad = (const char *[]){
		     "GET a HTTP/1.0\n\n", "GET  HTTP/1.0\n\n", "GET /%4 HTTP/1.0\n\n",
		     "GET /%4g HTTP/1.0\n\n", "GET /%00 HTTP/1.0\n\n",
		     "GET /%0a HTTP/1.0\n\n", "GET /\x7f HTTP/1.0\n\n",
		     "GET http://h HTTP/1.0\n\n", "GET * HTTP/1.0\n\n", NULL }; *bad; bad++)
		parsed(*bad, 400);
}

static struct request parsed_path(size_t chars, int status)
{
	char head[4096] = "GET /";

	memset(head + 5, 'a', chars - 1);
	strcpy(head + 4 + chars, " HTTP/1.0\r\n\r\n");
	return parsed(head, status);
}

Test(web_request, longest_path)
{
	cr_assert_eq(strlen(parsed_path(REQUEST_PATH_MAX_CHARS, 0).path),
		     REQUEST_PATH_MAX_CHARS);
	parsed_path(REQUEST_PATH_MAX_CHARS + 1, 414);
}

Test(web_request, methods_and_versions)
{
	cr_assert(parsed("HEAD / HTTP/1.0\n\n", 0).is_head);
	cr_assert_not(parsed("GET / HTTP/1.0\n\n", 0).is_head);
	parsed("get / HTTP/1.0\n\n", 405);
	parsed("BREW / HTTP/1.0\n\n", 405);
	parsed("(GET) / HTTP/1.0\n\n", 400);
	parsed(" / HTTP/1.0\n\n", 400);
	parsed("GET /\n\n", 400);
	parsed("GET / HTTP/1.0 \n\n", 400);
	parsed("GET / HTTP/1\n\n", 400);
	parsed("GET / HTTP/1.10\n\n", 400);
	parsed("GET / HTTP/1.2\n\n", 505);
	parsed("GET / HTTP/3.0\n\n", 505);
}

Test(web_request, whether_the_connection_stays)
{
	cr_assert(parsed(FIRST "\r\n", 0).stays);
	cr_assert_not(parsed(FIRST "Connection: close\r\n\r\n", 0).stays);
	cr_assert_not(parsed(FIRST "connection:\tx , CLOSE \r\n\r\n", 0).stays);
	cr_assert_not(parsed("GET / HTTP/1.0\n\n", 0).stays);
	cr_assert(parsed("GET / HTTP/1.0\nConnection: keep-alive\n\n", 0).stays);
}

Test(web_request, fields)
{
	parsed(FIRST "Content-Length: 0\r\n\r\n", 0);
	parsed(FIRST "Content-Length: 00000000000000000000000000000000\r\n\r\n", 0);
	parsed(FIRST "Content-Length: 1\r\n\r\n", 413);
	parsed(FIRST "Content-Length: 18446744073709551616\r\n\r\n", 413);
	parsed(FIRST "Content-Length: -1\r\n\r\n", 400);
	parsed(FIRST "Content-Length:\r\n\r\n", 400);
	parsed(FIRST "Transfer-Encoding: chunked\r\n\r\n", 413);
	parsed(FIRST "Host: b\r\n\r\n", 400);
	parsed("GET / HTTP/1.1\r\n\r\n", 400);
	parsed(FIRST "X\r\n\r\n", 400);
	parsed(FIRST ": x\r\n\r\n", 400);
	parsed(FIRST "X : x\r\n\r\n", 400);
	parsed(FIRST " folded: x\r\n\r\n", 400);
	parsed(FIRST "X: a\rb\r\n\r\n", 400);
	parsed(FIRST "X: \x01\r\n\r\n", 400);
	parsed(FIRST "X: \xc3\xa4\t\r\n\r\n", 0);
}

static void date_is(uint64_t seconds, const char *want)
{
	char text[DATE_CHARS + 1];

	date_print(text, seconds);
	cr_assert_str_eq(text, want);
}

Test(web_date, known_ones)
{
	date_is(0, "Thu, 01 Jan 1970 00:00:00 GMT");
	date_is(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
	date_is(951782399, "Mon, 28 Feb 2000 23:59:59 GMT");
	date_is(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
	date_is(4107542399, "Sun, 28 Feb 2100 23:59:59 GMT");
	date_is(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT");
	date_is(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
}
