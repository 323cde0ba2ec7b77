/* SPDX-License-Identifier: MIT
 *
 * How lwIP is built for guests: IPv4 with TCP, UDP, ICMP and DHCP, in one loop of one
 * thread that calls its raw API (port.h). What a peer can make it hold is bounded by
 * the pools below; only the memory of outgoing packets comes from malloc.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* No threads of lwIP's, hence no locks and no sockets. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

/* Memory. */
#define MEM_LIBC_MALLOC 1
#define MEM_ALIGNMENT 16
#define MEMP_NUM_TCP_PCB 192 /* connections, those that linger included */
#define MEMP_NUM_TCP_PCB_LISTEN 4
#define MEMP_NUM_TCP_SEG 8192
#define MEMP_NUM_PBUF 8192 /* that only refer to what is sent */
#define PBUF_POOL_SIZE 16
#define MEMP_NUM_REASSDATA 8
#define IP_REASS_MAX_PBUFS 24
#define ARP_TABLE_SIZE 64
#define ARP_QUEUEING 0

/* Protocols. */
#define LWIP_DHCP 1
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_SINGLE_NETIF 1
#define LWIP_ICMP 1
#define LWIP_UDP 1
#define LWIP_TCP 1

/* TCP. The windows of peers may be larger than 64 KiB, since they may be far away. */
#define TCP_MSS 1460 /* at most; less if the MTU is */
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 0
#define TCP_WND (44 * TCP_MSS) /* one pbuf can be made of all that waits */
#define TCP_SND_BUF (128 * TCP_MSS)
#define TCP_SND_QUEUELEN 512
#define TCP_SNDLOWAT (16 * TCP_MSS)
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1 /* frames do not come from PBUF_POOL */
#define LWIP_TCP_SACK_OUT 1
#define TCP_OOSEQ_MAX_PBUFS 32 /* of a connection */
#define TCP_LISTEN_BACKLOG 1
/* Numbers that nobody can guess: those of connections, ports and transactions. */
#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port) \
	lwip_port_random()

/* Checksums may be left to the host; see pv-netif.c. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHKSUM lwip_port_checksum

/* lwIP's own counters, for those who look. */
#define LWIP_STATS 1
#define MEM_STATS 0
#define MEMP_STATS 0
#define SYS_STATS 0

#endif
