/* SPDX-License-Identifier: MIT
 *
 * The head of a request, as RFC 9112 has it. Lines may end with LF alone; otherwise
 * what two programs could read in two ways is refused.
 */
#include "request.h"

#include <pvguest/libc.h>

/* A part of the head. */
struct text {
	const char *at, *end;
};

static size_t len(struct text text)
{
	return (size_t)(text.end - text.at);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_token_char(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct text text)
{
	if (text.at == text.end)
		return false;
	for (; text.at < text.end; text.at++)
		if (!is_token_char(*text.at))
			return false;
	return true;
}

static bool equals(struct text text, const char *word)
{
	return len(text) == strlen(word) && memcmp(text.at, word, len(text)) == 0;
}

static bool starts_with(struct text text, const char *word)
{
	size_t chars = strlen(word);

	return len(text) >= chars && memcmp(text.at, word, chars) == 0;
}

/* In any case; the word is in small letters. */
static bool resembles(struct text text, const char *word)
{
	if (len(text) != strlen(word))
		return false;
	for (; text.at < text.end; text.at++, word++)
		if (lower(*text.at) != *word)
			return false;
	return true;
}

static struct text trim(struct text text)
{
	while (text.at < text.end && is_blank(*text.at))
		text.at++;
	while (text.at < text.end && is_blank(text.end[-1]))
		text.end--;
	return text;
}

/* Take what is before the separator, or all; the rest is behind it. */
static struct text take(struct text *rest, char separator)
{
	const char *at = memchr(rest->at, separator, len(*rest));
	struct text first = { rest->at, at ? at : rest->end };

	rest->at = at ? at + 1 : rest->end;
	return first;
}

static struct text take_line(struct text *rest)
{
	struct text line = take(rest, '\n');

	if (line.at < line.end && line.end[-1] == '\r')
		line.end--;
	return line;
}

/* Empty lines before the request, which some clients send. */
static size_t leading_newlines(const char *text, size_t len_bytes)
{
	size_t i = 0;

	while (i < len_bytes && (text[i] == '\r' || text[i] == '\n'))
		i++;
	return i;
}

size_t request_head_bytes(const char *text, size_t len_bytes)
{
	for (size_t i = leading_newlines(text, len_bytes); i < len_bytes; i++) {
		if (text[i] != '\n')
			continue;
		if (i + 1 < len_bytes && text[i + 1] == '\n')
			return i + 2;
		if (i + 2 < len_bytes && text[i + 1] == '\r' && text[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character of a path, as itself or as %XX; -1 if that is none. */
static int take_char(struct text *rest)
{
	char c = *rest->at++;
	int high, low;

	if (c != '%')
		return (unsigned char)c;
	if (len(*rest) < 2)
		return -1;
	high = hex_digit(rest->at[0]);
	low = hex_digit(rest->at[1]);
	rest->at += 2;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static int parse_path(struct text path, char *ret_path)
{
	size_t chars = 0;

	while (path.at < path.end) {
		int c = take_char(&path);

		if (c < ' ' || c == 0x7f)
			return 400;
		if (chars == REQUEST_PATH_MAX_CHARS)
			return 414;
		ret_path[chars++] = (char)c;
	}
	ret_path[chars] = '\0';
	return 0;
}

/* /path?query, or http://host/path?query as proxies are asked. */
static int parse_target(struct text target, struct request *ret_request)
{
	if (starts_with(target, "http://")) {
		target.at += strlen("http://");
		take(&target, '/');
		target.at--; /* the slash; or what is before the end, and is none */
	}
	if (target.at == target.end || *target.at != '/')
		return 400;
	return parse_path(take(&target, '?'), ret_request->path);
}

static int parse_version(struct text version, bool *ret_is_1_1)
{
	*ret_is_1_1 = equals(version, "HTTP/1.1");
	if (*ret_is_1_1 || equals(version, "HTTP/1.0"))
		return 0;
	return len(version) == 8 && starts_with(version, "HTTP/") &&
			       is_digit(version.at[5]) && version.at[6] == '.' &&
			       is_digit(version.at[7])
		       ? 505
		       : 400;
}

static int parse_request_line(struct text line, struct request *ret_request,
			      bool *ret_is_1_1)
{
	struct text method = take(&line, ' ');
	struct text target = take(&line, ' ');
	int refusal = parse_version(line, ret_is_1_1);

	if (!is_token(method))
		return 400;
	if (refusal)
		return refusal;
	ret_request->is_head = equals(method, "HEAD");
	if (!ret_request->is_head && !equals(method, "GET"))
		return 405;
	return parse_target(target, ret_request);
}

static void parse_connection(struct text value, struct request *request)
{
	while (value.at < value.end) {
		struct text option = trim(take(&value, ','));

		if (resembles(option, "close"))
			request->stays = false;
		else if (resembles(option, "keep-alive"))
			request->stays = true;
	}
}

/* There is no use for a body here. */
static int parse_length(struct text value)
{
	bool is_zero = true;

	if (value.at == value.end)
		return 400;
	for (; value.at < value.end; value.at++) {
		if (!is_digit(*value.at))
			return 400;
		is_zero &= *value.at == '0';
	}
	return is_zero ? 0 : 413;
}

static bool has_control_char(struct text value)
{
	for (; value.at < value.end; value.at++)
		if (((unsigned char)*value.at < ' ' && *value.at != '\t') ||
		    *value.at == 0x7f)
			return true;
	return false;
}

static int parse_field(struct text line, struct request *request, int *hosts)
{
	struct text name = take(&line, ':');
	struct text value = trim(line);

	/* name.end is the colon, or the line's end if there is none. */
	if (!is_token(name) || *name.end != ':' || has_control_char(value))
		return 400;
	if (resembles(name, "host"))
		++*hosts;
	else if (resembles(name, "connection"))
		parse_connection(value, request);
	else if (resembles(name, "content-length"))
		return parse_length(value);
	else if (resembles(name, "transfer-encoding"))
		return 413;
	return 0;
}

int request_parse(const char *head, size_t head_bytes, struct request *ret_request)
{
	struct text rest = { head + leading_newlines(head, head_bytes),
			     head + head_bytes };
	struct text line = take_line(&rest);
	bool is_1_1;
	int hosts = 0;
	int refusal = parse_request_line(line, ret_request, &is_1_1);

	ret_request->stays = is_1_1;
	for (line = take_line(&rest); !refusal && line.at < line.end;
	     line = take_line(&rest))
		refusal = parse_field(line, ret_request, &hosts);
	if (!refusal && (hosts > 1 || (is_1_1 && hosts == 0)))
		refusal = 400;
	return refusal;
}
