/* SPDX-License-Identifier: MIT
 *
 * lwIP's interface: receiving, time, and waiting. Read first pv-netif.h;
 * pv-netif-send.c is the other direction.
 */
#include "pv-netif-parts.h"

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

/* Where lwIP has many of the buffers, as with parts of packets that are to be put
 * together, what comes is copied. */
#define LENT_MIN(interface) ((interface)->buffer_count / 4)
#define RETRY_MS 500

/* A frame lies two bytes off, so that what is behind its header is aligned. */
#define FRAME_OFFSET 2

/* Memory for one frame: with the host, then with lwIP until that frees it. */
struct pv_netif_receive {
	struct pbuf_custom pbuf; /* the first member: lwIP hands it back */
	struct pvg_net_request request;
	struct pv_netif *interface;
	struct pv_netif_receive *next_failed;
	uint8_t *memory;
};

static void lend(struct pv_netif_receive *buffer)
{
	/* As many buffers as slots at most: there is one. */
	int error = pvg_net_submit(&buffer->interface->net, &buffer->request);

	pvg_assert(error == 0);
}

static void lwip_is_done(struct pbuf *pbuf)
{
	lend((struct pv_netif_receive *)(void *)pbuf);
}

static struct pbuf *wrap(struct pv_netif_receive *buffer, uint8_t *frame,
			 uint16_t len_bytes)
{
	buffer->pbuf.custom_free_function = lwip_is_done;
	return pbuf_alloced_custom(PBUF_RAW, len_bytes, PBUF_REF, &buffer->pbuf,
				   frame, len_bytes);
}

/* The buffer goes back to the host at once. */
static struct pbuf *copy(struct pv_netif_receive *buffer, const uint8_t *frame,
			 uint16_t len_bytes)
{
	struct pbuf *pbuf = pbuf_alloc(PBUF_RAW, len_bytes, PBUF_RAM);

	if (pbuf)
		memcpy(pbuf->payload, frame, len_bytes);
	buffer->interface->counters.copied_in++;
	lend(buffer);
	return pbuf;
}

/* The checksums that the host has verified, or that there are none to verify, are
 * left out for this frame. */
static void give_to_lwip(struct pv_netif *interface, struct pbuf *pbuf,
			 const struct pv_net_frame *about)
{
	uint16_t checks = interface->netif.chksum_flags;

	if (about->flags & (PV_NET_CHECKSUM_GOOD | PV_NET_CHECKSUM_MISSING))
		interface->netif.chksum_flags &= (uint16_t)~(
			NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP);
	if (interface->netif.input(pbuf, &interface->netif) != ERR_OK)
		pbuf_free(pbuf);
	interface->netif.chksum_flags = checks;
}

static void take_frame(struct pv_netif_receive *buffer)
{
	struct pv_netif *interface = buffer->interface;
	uint32_t len_bytes = buffer->request.done_bytes -
			     (uint32_t)sizeof(struct pv_net_frame);
	uint8_t *frame = buffer->memory + sizeof(struct pv_net_frame);
	struct pv_net_frame about;
	struct pbuf *pbuf;

	memcpy(&about, buffer->memory, sizeof(about));
	interface->counters.frames_in++;
	interface->counters.bytes_in += len_bytes;
	if (len_bytes > UINT16_MAX) { /* as lwIP counts; some 14 bytes of it */
		interface->counters.dropped_in++;
		lend(buffer);
		return;
	}
	if (pvg_net_receiving(&interface->net) < LENT_MIN(interface))
		pbuf = copy(buffer, frame, (uint16_t)len_bytes);
	else
		pbuf = wrap(buffer, frame, (uint16_t)len_bytes);
	if (pbuf)
		give_to_lwip(interface, pbuf, &about);
	else
		interface->counters.dropped_in++;
}

/* A wire that went away may come back: it is asked again, but not all the time. */
static void lend_failed(void *arg)
{
	struct pv_netif *interface = arg;

	while (interface->failed) {
		struct pv_netif_receive *buffer = interface->failed;

		interface->failed = buffer->next_failed;
		lend(buffer);
	}
}

static void frame_came(struct pvg_net_request *request)
{
	struct pv_netif_receive *buffer = request->user;
	struct pv_netif *interface = buffer->interface;

	if (request->status == 0) {
		take_frame(buffer);
		return;
	}
	interface->counters.dropped_in++;
	if (!interface->failed)
		sys_timeout(RETRY_MS, lend_failed, interface);
	buffer->next_failed = interface->failed;
	interface->failed = buffer;
}

/* As many as there are slots; where a buffer is for 64 KiB, a part of them. */
static int lend_all(struct pv_netif *interface)
{
	uint32_t bytes = interface->net.config.receive_bytes_min;
	uint32_t count = interface->net.receive.mask + 1;

	if (bytes > 16384 && count > 64)
		count = 64;
	interface->buffers = calloc(count, sizeof(*interface->buffers));
	if (!interface->buffers)
		return -PV_ENOMEM;
	interface->buffer_count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct pv_netif_receive *buffer = &interface->buffers[i];

		buffer->memory = malloc(bytes + FRAME_OFFSET);
		if (!buffer->memory)
			return -PV_ENOMEM;
		buffer->memory += FRAME_OFFSET;
		buffer->interface = interface;
		buffer->request.done = frame_came;
		buffer->request.user = buffer;
		pvg_net_prep_receive(&buffer->request, buffer->memory, bytes);
		lend(buffer);
	}
	return 0;
}

static err_t init(struct netif *netif)
{
	struct pv_netif *interface = netif->state;
	const struct pv_net_config *config = &interface->net.config;

	netif->name[0] = 'p';
	netif->name[1] = 'v';
	netif->hostname = "paravane";
	netif->mtu = config->mtu_bytes;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, config->mac, ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		       NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	netif->output = etharp_output;
	netif->linkoutput = pv_netif_send_frame;
	if (config->flags & PV_NET_CAN_CHECKSUM)
		netif->chksum_flags &= (uint16_t)~NETIF_CHECKSUM_GEN_TCP;
	return ERR_OK;
}

int pv_netif_open(struct pv_netif *ret_interface, const char *name)
{
	int error;

	*ret_interface = (struct pv_netif){ .buffers = NULL };
	error = name ? pvg_net_open(&ret_interface->net, name)
		     : pvg_net_open_index(&ret_interface->net, 0);
	if (error)
		return error;
	lwip_init();
	error = pv_netif_prepare_sends(ret_interface);
	if (!error)
		error = lend_all(ret_interface);
	if (error)
		return error;
	netif_add_noaddr(&ret_interface->netif, ret_interface, init,
			 ethernet_input);
	netif_set_default(&ret_interface->netif);
	netif_set_up(&ret_interface->netif);
	pvg_net_kick(&ret_interface->net);
	return 0;
}

bool pv_netif_step(struct pv_netif *interface)
{
	uint64_t sent = interface->sends_submitted;
	uint32_t finished = pvg_net_poll(&interface->net);

	sys_check_timeouts();
	pv_netif_send_gathered(interface);
	pvg_net_kick(&interface->net);
	return finished > 0 || interface->sends_submitted != sent;
}

static bool look_until(struct pv_netif *interface, const struct pvg_ports *others,
		       uint64_t end_ns)
{
	while (!pvg_ring_look(&interface->net.receive)) {
		if (pvg_ports_first(pvg_vcpu(), others) >= 0)
			return true;
		if (pvg_clock_ns() >= end_ns)
			return false;
		__builtin_ia32_pause();
	}
	return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t timer_deadline(void)
{
	uint32_t ms = sys_timeouts_sleeptime();

	return ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE
		       ? PV_FOREVER
		       : pvg_deadline_in(ms * UINT64_C(1000000));
}

void pv_netif_wait(struct pv_netif *interface, const struct pvg_ports *others,
		   bool send_too, uint64_t deadline_ns)
{
	struct pvg_net *net = &interface->net;
	struct pvg_ports ports = { { 0 } };

	if (others)
		ports = *others;
	deadline_ns = earlier(deadline_ns, timer_deadline());
	if (look_until(interface, &ports,
		       earlier(deadline_ns, pvg_deadline_in(pvg_boot.poll_ns))))
		return;
	pvg_ports_add(&ports, pvg_net_receive_port(net));
	pvg_port_clear(pvg_net_receive_port(net));
	if (pvg_ring_arm(&net->receive))
		return;
	if (send_too || interface->was_full) {
		pvg_ports_add(&ports, pvg_net_send_port(net));
		pvg_port_clear(pvg_net_send_port(net));
		if (pvg_ring_arm(&net->send))
			return;
	}
	interface->counters.sleeps++;
	pvg_ports_wait(&ports, deadline_ns);
}
