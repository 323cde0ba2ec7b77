/* SPDX-License-Identifier: MIT
 *
 * --net KIND=WHAT[,OPTION...], and what holds without an OPTION: see wire.h.
 */
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "parse.h"
#include "wire.h"

#define MTU_MIN 68u
#define MTU_MAX 65521u /* as Linux's TAP has it */
#define MTU_DEFAULT 1500u
#define MAC_LOCAL 2u /* in the first byte: nobody's by manufacture */
#define MAC_GROUP 1u /* likewise: of no single station */

static int take_kind(enum hv_wire_kind kind, const char *what,
		     struct hv_net_spec *spec, struct hv_error *err)
{
	if (spec->what)
		return hv_fail(err, HV_STATUS_USAGE,
			       "--net %.100s: a network has one of tap=, fd=, dgram= and stream=; give --net once more for another",
			       what);
	spec->kind = kind;
	spec->what = what;
	return 0;
}

static int take_tap(const char *name, struct hv_net_spec *spec,
		    struct hv_error *err)
{
	if (!hv_parse_is_name(name, IFNAMSIZ))
		return hv_fail(err, HV_STATUS_USAGE,
			       "--net tap=%.64s: an interface's name is 1 to %d letters, digits, dots, dashes or underscores",
			       name, IFNAMSIZ - 1);
	return take_kind(HV_WIRE_TAP, name, spec, err);
}

static int take_fd(const char *number, struct hv_net_spec *spec,
		   struct hv_error *err)
{
	spec->fd = (int)hv_parse_count(number, INT_MAX);
	if (spec->fd < 3)
		return hv_fail(err, HV_STATUS_USAGE,
			       "--net fd=%.64s is not a descriptor to inherit: give a number from 3, as in `fd=3 ... 3<>/dev/tap7`",
			       number);
	return take_kind(HV_WIRE_FD, number, spec, err);
}

static int check_path(const char *key, const char *path, struct hv_error *err)
{
	size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (*path && strlen(path) <= most)
		return 0;
	return hv_fail(err, HV_STATUS_USAGE,
		       "--net %s=%.128s: a socket's path is 1 to %zu bytes long; use another",
		       key, path, most);
}

static int take_dgram(const char *path, struct hv_net_spec *spec,
		      struct hv_error *err)
{
	return check_path("dgram", path, err) < 0
		       ? -1 : take_kind(HV_WIRE_DGRAM, path, spec, err);
}

static int take_stream(const char *path, struct hv_net_spec *spec,
		       struct hv_error *err)
{
	return check_path("stream", path, err) < 0
		       ? -1 : take_kind(HV_WIRE_STREAM, path, spec, err);
}

static int take_peer(const char *path, struct hv_net_spec *spec,
		     struct hv_error *err)
{
	spec->peer = path;
	return check_path("peer", path, err);
}

static int take_mac(const char *text, struct hv_net_spec *spec,
		    struct hv_error *err)
{
	unsigned char *mac = spec->mac;
	int end = 0;

	/* Strictly two digits each: sscanf would take fewer, and blanks. */
	if (strlen(text) == 3 * HV_MAC_BYTES - 1 &&
	    strspn(text, "0123456789abcdefABCDEF:") == strlen(text))
		sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0],
		       &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &end);
	spec->has_mac = end == 3 * HV_MAC_BYTES - 1 && !(mac[0] & MAC_GROUP) &&
			(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
	if (spec->has_mac)
		return 0;
	return hv_fail(err, HV_STATUS_USAGE,
		       "--net ...,mac=%.64s is no address of one station: give six bytes, the first of them even, such as 02:00:00:00:00:01",
		       text);
}

static int take_mtu(const char *text, struct hv_net_spec *spec,
		    struct hv_error *err)
{
	spec->mtu_bytes = hv_parse_count(text, MTU_MAX);
	if (spec->mtu_bytes >= MTU_MIN)
		return 0;
	return hv_fail(err, HV_STATUS_USAGE,
		       "--net ...,mtu=%.64s is no payload of a frame: give from %u to %u bytes, such as 1500",
		       text, MTU_MIN, MTU_MAX);
}

static int take_id(const char *name, struct hv_net_spec *spec,
		   struct hv_error *err)
{
	if (!hv_parse_is_name(name, sizeof(spec->id)))
		return hv_fail(err, HV_STATUS_USAGE,
			       "--net ...,id=%.64s: an id is 1 to %zu letters, digits, dots, dashes or underscores",
			       name, sizeof(spec->id) - 1);
	snprintf(spec->id, sizeof(spec->id), "%s", name);
	return 0;
}

static const struct option {
	const char *key;
	int (*take)(const char *value, struct hv_net_spec *spec,
		    struct hv_error *err);
} options[] = {
	{ "tap", take_tap },   { "fd", take_fd },   { "dgram", take_dgram },
	{ "peer", take_peer }, { "stream", take_stream },
	{ "mac", take_mac },   { "mtu", take_mtu }, { "id", take_id },
};

static int take_option(char *text, struct hv_net_spec *spec, unsigned *seen,
		       struct hv_error *err)
{
	char *value = strchr(text, '=');

	for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct option *option = &options[i];
		size_t len = strlen(option->key);

		if (!value || (size_t)(value - text) != len ||
		    strncmp(text, option->key, len))
			continue;
		if (*seen & 1u << i)
			return hv_fail(err, HV_STATUS_USAGE,
				       "--net: %s= is given twice; give it once",
				       option->key);
		*seen |= 1u << i;
		return option->take(value + 1, spec, err);
	}
	return hv_fail(err, HV_STATUS_USAGE,
		       "--net: there is no \"%.64s\"; there are tap=NAME, fd=NUMBER, dgram=PATH,peer=PATH or stream=PATH, and mac=ADDRESS, mtu=BYTES and id=NAME, and a comma in a path is written twice",
		       text);
}

int hv_net_parse(char *text, struct hv_net_spec *ret_spec, struct hv_error *err)
{
	struct hv_net_spec spec = { .fd = -1 };
	unsigned seen = 0;

	while (text) {
		char *rest = hv_parse_cut(text);

		if (take_option(text, &spec, &seen, err) < 0)
			return -1;
		text = rest;
	}
	if (!spec.what)
		return hv_fail(err, HV_STATUS_USAGE,
			       "--net does not say where its frames go: give tap=NAME, fd=NUMBER, dgram=PATH,peer=PATH or stream=PATH");
	if ((spec.kind == HV_WIRE_DGRAM) != (spec.peer != NULL))
		return hv_fail(err, HV_STATUS_USAGE,
			       "--net: dgram=PATH and peer=PATH go together, one socket here and one at the other end; give both or neither");
	*ret_spec = spec;
	return 0;
}

/* ---- what was not said */

void hv_net_mac(const struct hv_net_spec *spec, uint8_t ret_mac[HV_MAC_BYTES])
{
	memcpy(ret_mac, spec->mac, HV_MAC_BYTES);
	if (spec->has_mac)
		return;
	/* Of so few bytes it never comes short once there are any. */
	if (getrandom(ret_mac, HV_MAC_BYTES, 0) < 0)
		memset(ret_mac, 0, HV_MAC_BYTES);
	ret_mac[0] = (uint8_t)((ret_mac[0] & ~MAC_GROUP) | MAC_LOCAL);
}

uint32_t hv_net_mtu(const struct hv_net_spec *spec, const struct hv_wire *wire)
{
	if (spec->mtu_bytes)
		return spec->mtu_bytes;
	return wire->mtu_bytes ? wire->mtu_bytes : MTU_DEFAULT;
}
