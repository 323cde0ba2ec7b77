/* SPDX-License-Identifier: MIT
 *
 * A network of Paravane's (<pvguest/net.h>) as an interface of lwIP's. Frames are
 * received into memory that lwIP reads in place, and sent from where it has them:
 * nothing is copied but what fits no other way.
 *
 *	pv_netif_open(&interface, NULL);
 *	netif_set_addr(&interface.netif, ...);
 *	for (;;)
 *		if (!pv_netif_step(&interface))
 *			pv_netif_wait(&interface, NULL, false, PV_FOREVER);
 *
 * All of lwIP's callbacks come from pv_netif_step. For one thread; an interface is
 * never closed.
 */
#ifndef PV_NETIF_H
#define PV_NETIF_H

#include <pvguest/net.h>
#include <pvguest/pvguest.h>

#include <lwip/netif.h>

struct pv_netif_receive;
struct pv_netif_send;

struct pv_netif {
	struct netif netif; /* lwIP's */
	struct pvg_net net;

	struct pv_netif_receive *buffers; /* lent to the host, or with lwIP */
	uint32_t buffer_count;
	struct pv_netif_receive *failed; /* to be lent again a little later */

	/* Frames on their way out: a ring of slots. What lies between done and
	 * submitted is with the host, in its order; at submitted there may be
	 * one that is still being put together. */
	struct pv_netif_send *sends;
	uint32_t send_mask;
	uint64_t sends_done, sends_submitted;
	bool is_gathering;
	bool was_full; /* lwIP has something that it could not send */

	struct pv_netif_counters {
		uint64_t frames_in, bytes_in, frames_out, bytes_out;
		uint64_t segments_out; /* what frames_out are on a wire, if the host
					* cut those that stand for many */
		uint64_t copied_in; /* since too much memory was with lwIP */
		uint64_t dropped_in, failed_out;
		uint64_t sleeps; /* an exit each */
	} counters;
};

/* Open a network by name, or the first for NULL, initialize lwIP, and give it this as
 * its only interface, up but without an address. 0, what pvg_net_open answers, or
 * -PV_ENOMEM. */
int pv_netif_open(struct pv_netif *ret_interface, const char *name);

/* Take the frames that are there, run lwIP's timers that are due, and hand what came of
 * it to the host. Whether there was anything. Never waits. Cost 0 exits while the host
 * is polling, at most two doorbells. */
bool pv_netif_step(struct pv_netif *interface);

/* Wait for a frame, for lwIP's next timer, for the deadline, or for one of these ports,
 * which the caller has cleared and armed; NULL: none. With send_too also for a frame that
 * has gone out. Cost 0 exits if something comes within pvg_boot.poll_ns, else 1. */
void pv_netif_wait(struct pv_netif *interface, const struct pvg_ports *others,
		   bool send_too, uint64_t deadline_ns);

/* Memory that tcp_write did not copy may be in use for a moment after tcp_sent told that
 * it arrived, if it was sent twice. This moment's mark; and whether what was being
 * sent then is done with. No exit. */
static inline uint64_t pv_netif_mark(const struct pv_netif *interface)
{
	return interface->sends_submitted + interface->is_gathering;
}

static inline bool pv_netif_has_passed(const struct pv_netif *interface,
				       uint64_t mark)
{
	return interface->sends_done >= mark;
}

#endif
