/* SPDX-License-Identifier: MIT
 *
 * What the two halves of the interface share.
 */
#ifndef PV_NETIF_PARTS_H
#define PV_NETIF_PARTS_H

#include "pv-netif.h"

int pv_netif_prepare_sends(struct pv_netif *interface);
/* lwIP's linkoutput. */
err_t pv_netif_send_frame(struct netif *netif, struct pbuf *pbuf);
/* Submit the frame that was held back for others to be added. */
void pv_netif_send_gathered(struct pv_netif *interface);

#endif
