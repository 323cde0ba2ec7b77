/* SPDX-License-Identifier: MIT
 *
 * What --net may say.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "wire.h"

static struct hv_net_spec spec;
static struct hv_error err;
static char text[512];

static int parse(const char *option)
{
	snprintf(text, sizeof(text), "%s", option);
	err = (struct hv_error){ .text = "" };
	return hv_net_parse(text, &spec, &err);
}

static void refused(const char *option, const char *why)
{
	cr_assert_eq(parse(option), -1, "%s", option);
	cr_assert_eq(err.status, HV_STATUS_USAGE);
	cr_assert_not_null(strstr(err.text, why), "%s", err.text);
}

TestSuite(wire_option, .timeout = 20);

Test(wire_option, each_kind_is_taken)
{
	cr_assert_eq(parse("tap=tap0"), 0);
	cr_assert_eq(spec.kind, HV_WIRE_TAP);
	cr_assert_str_eq(spec.what, "tap0");
	cr_assert_not(spec.has_mac);
	cr_assert_eq(spec.mtu_bytes, 0);
	cr_assert_str_eq(spec.id, "");
	cr_assert_eq(parse("fd=12,mtu=9000"), 0);
	cr_assert_eq(spec.kind, HV_WIRE_FD);
	cr_assert_eq(spec.fd, 12);
	cr_assert_eq(spec.mtu_bytes, 9000);
	cr_assert_eq(parse("id=lan,dgram=/a,peer=/b,mac=02:00:5e:Ff:00:01"), 0);
	cr_assert_eq(spec.kind, HV_WIRE_DGRAM);
	cr_assert_str_eq(spec.what, "/a");
	cr_assert_str_eq(spec.peer, "/b");
	cr_assert_str_eq(spec.id, "lan");
	cr_assert(spec.has_mac);
	cr_assert(!memcmp(spec.mac, "\x02\x00\x5e\xff\x00\x01", 6));
}

Test(wire_option, a_comma_in_a_path_is_written_twice)
{
	cr_assert_eq(parse("dgram=/a,,b,peer=,,,,"), 0);
	cr_assert_str_eq(spec.what, "/a,b");
	cr_assert_str_eq(spec.peer, ",,");
}

Test(wire_option, one_kind_is_given)
{
	refused("", "there is no");
	refused("mtu=1500", "does not say where");
	refused("tap=a,fd=3", "has one of");
	refused("tap=a,tap=b", "given twice");
	refused("dgram=/a", "go together");
	refused("tap=a,peer=/b", "go together");
	refused("peer=/b", "does not say where");
	refused("stream=/a,tap=b", "has one of");
	refused("stream=", "path is 1 to");
	refused("stream=/a,peer=/b", "go together");
	refused("tap", "there is no \"tap\"");
	refused("taps=a", "there is no");
	refused("tap=a,", "there is no \"\"");
	refused("bridge=br0", "there is no \"bridge=br0\"");
}

Test(wire_option, values_have_their_form)
{
	refused("tap=", "interface's name");
	refused("tap=sixteen-letters-", "interface's name");
	refused("tap=tap%d", "interface's name");
	refused("tap=a/b", "interface's name");
	refused("fd=0", "not a descriptor");
	refused("fd=2", "not a descriptor");
	refused("fd=-1", "not a descriptor");
	refused("fd=3x", "not a descriptor");
	refused("fd=99999999999", "not a descriptor");
	refused("dgram=,peer=/b", "path is 1 to");
	refused("dgram=/a,peer=", "path is 1 to");
	refused("tap=a,mtu=67", "no payload");
	refused("tap=a,mtu=65522", "no payload");
	refused("tap=a,mtu=", "no payload");
	refused("tap=a,mtu=1500x", "no payload");
	refused("tap=a,id=", "an id is");
	refused("tap=a,id=b c", "an id is");
	refused("tap=a,id=abcdefghijklmnopqrstuvwxyz0123456", "an id is");
}

Test(wire_option, an_address_is_one_stations)
{
	refused("tap=a,mac=", "no address");
	refused("tap=a,mac=02:00:00:00:00", "no address");
	refused("tap=a,mac=02:00:00:00:00:00:00", "no address");
	refused("tap=a,mac=01:00:00:00:00:01", "no address");
	refused("tap=a,mac=ff:ff:ff:ff:ff:ff", "no address");
	refused("tap=a,mac=00:00:00:00:00:00", "no address");
	refused("tap=a,mac=02-00-00-00-00-01", "no address");
	refused("tap=a,mac=02:00:00:00:00:0g", "no address");
	refused("tap=a,mac=2:0:0:0:0:1", "no address");
	refused("tap=a,mac=020:0:00:00:00:01", "no address");
}

Test(wire_option, a_path_too_long_for_a_socket_is_refused)
{
	char option[256] = "peer=/b,dgram=";

	memset(option + strlen(option), 'x', 107);
	cr_assert_eq(parse(option), 0);
	option[strlen(option)] = 'x';
	refused(option, "1 to 107 bytes");
}
