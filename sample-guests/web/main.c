/* SPDX-License-Identifier: MIT
 *
 * A web server: HTTP/1.1 by lwIP, files from a disk that holds a tar archive.
 *
 *	paravane run --net tap=tap0 --block site.tar,ro web.elf -- \
 *		--address 10.0.0.2/24 --gateway 10.0.0.1
 *
 * Everything happens in one loop: frames that came, timers, and what the disk has
 * read; then sleep, until one of them has more.
 */
#include <pvguest/pvguest.h>

#include <lwip/dhcp.h>
#include <pv-netif.h>

#include "answer.h"
#include "chunk.h"
#include "connection.h"
#include "give-up.h"
#include "site.h"

PVG_NOTE(PV_FEATURE_NET | PV_FEATURE_RANDOM,
	 PV_FEATURES_V1 | PV_FEATURE_NET | PV_FEATURE_NET_OFFLOAD, 256 << 10, 24 << 20);

static const char usage[] =
	"arguments: [--address IPV4/BITS [--gateway IPV4]] [--port PORT] [--requests N] [--log]\n"
	"without --address one is asked for by DHCP; with --requests the server ends after\n"
	"so many; --log prints a line for each answer\n";

/* What the command line asks for. */
static struct {
	bool has_address;
	ip4_addr_t address, mask, gateway;
	uint16_t port;
	uint64_t requests; /* 0: without end */
	bool is_logged;
} wanted = { .port = 80 };

static struct pv_netif interface;
static struct pvg_blk disk;
static bool has_disk;
static struct site site;

void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pvg_printf("web: ");
	pvg_vprintf(format, args);
	pvg_printf("\n");
	va_end(args);
	pvg_exit(1);
}

static uint64_t parse_number(const char *option, const char *text, uint64_t max)
{
	char *end;
	uint64_t value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value > max)
		give_up("%s wants a number of at most %lu, not %s", option, max, text);
	return value;
}

static void parse_ipv4(const char *option, const char *text, ip4_addr_t *ret_address)
{
	int dots = 0;

	for (const char *at = text; *at; at++)
		dots += *at == '.';
	if (dots != 3 || !ip4addr_aton(text, ret_address))
		give_up("%s wants an address such as 10.0.0.2, not %s", option, text);
}

static void parse_address(const char *option, const char *text)
{
	const char *slash = strchr(text, '/');
	char address[16];
	uint64_t bits;

	if (!slash || slash - text >= (ptrdiff_t)sizeof(address))
		give_up("%s wants an address and the length of its network's, such as 10.0.0.2/24, not %s",
			option, text);
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	parse_ipv4(option, address, &wanted.address);
	bits = parse_number(option, slash + 1, 32);
	ip4_addr_set_u32(&wanted.mask,
			 bits ? lwip_htonl(UINT32_MAX << (32 - bits)) : 0);
	wanted.has_address = true;
}

/* How many arguments were taken, one or two. */
static int parse_option(const char *option, const char *value)
{
	if (strcmp(option, "--log") == 0) {
		wanted.is_logged = true;
		return 1;
	}
	if (strcmp(option, "--help") == 0) {
		pvg_printf("%s", usage);
		pvg_exit(0);
	}
	if (strcmp(option, "--address") != 0 && strcmp(option, "--gateway") != 0 &&
	    strcmp(option, "--port") != 0 && strcmp(option, "--requests") != 0)
		give_up("there is no option %s; --help tells which there are", option);
	if (!value)
		give_up("%s wants a value; --help tells which", option);
	if (option[2] == 'a')
		parse_address(option, value);
	else if (option[2] == 'g')
		parse_ipv4(option, value, &wanted.gateway);
	else if (option[2] == 'p')
		wanted.port = (uint16_t)parse_number(option, value, UINT16_MAX);
	else
		wanted.requests = parse_number(option, value, UINT64_MAX);
	return 2;
}

static void parse_arguments(int argc, char **argv)
{
	for (int i = 1; i < argc;)
		i += parse_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
	if (wanted.port == 0)
		give_up("--port wants a number from 1 on");
	if (!wanted.has_address && !ip4_addr_isany_val(wanted.gateway))
		give_up("--gateway goes with --address; DHCP tells its own");
}

static void address_changed(struct netif *netif)
{
	if (!ip4_addr_isany(netif_ip4_addr(netif)))
		pvg_printf("http://%s:%u/ is served: %u files\n",
			   ip4addr_ntoa(netif_ip4_addr(netif)), wanted.port,
			   site.count);
}

static void open_disk(void)
{
	int error = pvg_blk_open_index(&disk, 0);

	if (error == -PV_ENODEV)
		return; /* there is a page of our own */
	if (error)
		give_up("the disk cannot be opened: %s", pvg_error_text(error));
	has_disk = true;
	site_read(&site, &disk);
	chunks_prepare(&disk, &interface, connection_read_on);
}

static void open_network(void)
{
	int error = pv_netif_open(&interface, NULL);

	if (error)
		give_up("there is no network (%s): give one with --net",
			pvg_error_text(error));
	netif_set_status_callback(&interface.netif, address_changed);
	if (wanted.has_address)
		netif_set_addr(&interface.netif, &wanted.address, &wanted.mask,
			       &wanted.gateway);
	else if (dhcp_start(&interface.netif) != ERR_OK)
		give_up("DHCP cannot be started for want of memory");
	else
		pvg_printf("an address is asked for by DHCP; --address IPV4/BITS gives one\n");
}

static bool is_done(void)
{
	static uint64_t end_ns;

	if (wanted.requests == 0 ||
	    web_counters.requests + web_counters.refused < wanted.requests)
		return false;
	/* The last answers may still be on their way. */
	if (end_ns == 0)
		end_ns = pvg_deadline_in(2 * UINT64_C(1000000000));
	return web_counters.open == 0 || pvg_clock_ns() >= end_ns;
}

static void sleep(bool is_any_hungry)
{
	struct pvg_ports ports = { { 0 } };

	if (has_disk) {
		pvg_ports_add(&ports, pvg_blk_port(&disk));
		pvg_port_clear(pvg_blk_port(&disk));
		if (pvg_blk_arm(&disk))
			return;
	}
	pv_netif_wait(&interface, &ports, is_any_hungry && chunk_waits_for_network(),
		      PV_FOREVER);
}

static void serve(void)
{
	while (!is_done()) {
		bool was_busy = has_disk && pvg_blk_poll(&disk) > 0;
		bool is_any_hungry = has_disk && connections_feed();

		/* Last, since it hands to the host what came of all. */
		was_busy |= pv_netif_step(&interface);
		if (has_disk)
			pvg_blk_kick(&disk);
		if (!was_busy)
			sleep(is_any_hungry);
	}
}

int main(int argc, char **argv)
{
	parse_arguments(argc, argv);
	open_disk();
	answers_prepare(&site, &interface);
	open_network();
	if (connections_listen(wanted.port, wanted.is_logged) != 0)
		give_up("there is no memory to listen");
	serve();
	pvg_printf("%lu requests answered, %lu refused, %lu bytes sent\n",
		   web_counters.requests, web_counters.refused,
		   web_counters.answered_bytes);
	return 0;
}
