/* SPDX-License-Identifier: MIT
 *
 * The queue a guest and the hypervisor share: a request ring and a response
 * ring in guest RAM, in one block:
 *
 *	struct pv_ring                       the indices
 *	request slots[entries]               PV_RING_REQ_BYTES each
 *	struct pv_ring_rsp slots[entries]    the answers
 *
 * Indices run freely through 32 bits; slot = index & (entries - 1). Each side
 * writes only its own cache line and keeps private copies of what it wrote: it
 * never reads its own line back, and it checks what it reads from the other.
 *
 * Requests.   Guest: fill slot req_prod, store-release req_prod + 1.
 *             At most `entries` requests may be unanswered, counting from the
 *             guest's rsp_cons: req_prod - rsp_cons <= entries. That bounds
 *             both rings, so neither can overflow. A guest that breaks this is
 *             stopped: with its indices gone there is no slot to answer in.
 *             Hypervisor: load-acquire req_prod, copy each slot once, use only
 *             the copy.
 * Responses.  Hypervisor: fill slot rsp_prod, store-release rsp_prod + 1, in
 *             any order of requests; the token tells which one it answers.
 *             Guest: load-acquire rsp_prod, check rsp_prod - rsp_cons against
 *             its number of open requests, copy, store-release rsp_cons.
 *
 * Hold-off, the same both ways (as Xen's ring.h and virtio's event index). The
 * reader writes in *_event the index whose production it wants to be told of,
 * as long as it has not asked it is not told:
 *	reader:  event = cons + 1; full barrier; look once more; then sleep
 *	writer:  old = prod; publish new; full barrier;
 *	         tell if (uint32_t)(new - event) < (uint32_t)(new - old)
 * Both start at 0 with event 0, so the first push is not told of until the
 * hypervisor asks; PV_OP_QUEUE_OPEN looks once at the ring itself.
 */
#ifndef PVABI_RING_H
#define PVABI_RING_H

#include <pvabi/base.h>

#define PV_RING_REQ_BYTES 64

struct pv_ring {
	/* written by the guest */
	uint32_t req_prod PV_ALIGNED(64); /* requests pushed */
	uint32_t rsp_cons;  /* responses taken */
	uint32_t rsp_event; /* event wanted when rsp_prod reaches this */
	uint32_t reserved_guest[13];
	/* written by the hypervisor */
	uint32_t rsp_prod PV_ALIGNED(64); /* responses pushed */
	uint32_t req_event; /* doorbell wanted when req_prod reaches this */
	uint32_t reserved_host[14];
};
PV_SIZE_IS(struct pv_ring, 128);
PV_FIELD_AT(struct pv_ring, rsp_prod, 64);

/* A piece of guest RAM that a request names. */
struct pv_segment {
	pv_gpa_t gpa PV_ALIGNED(8);
	uint32_t len_bytes; /* not 0 */
	uint32_t reserved;  /* must be 0 */
};
PV_SIZE_IS(struct pv_segment, 16);

struct pv_ring_rsp {
	uint64_t token PV_ALIGNED(8); /* of the request */
	int32_t status;      /* 0 or -PV_E* */
	uint32_t done_bytes; /* bytes from the request's start that were moved:
			      * all on success, what is certain on failure;
			      * more than 32 bits can tell saturate */
};
PV_SIZE_IS(struct pv_ring_rsp, 16);

/* Bytes of guest RAM a ring of n entries takes. */
#define PV_RING_BYTES(n)              \
	(sizeof(struct pv_ring) +     \
	 (uint64_t)(n) * (PV_RING_REQ_BYTES + sizeof(struct pv_ring_rsp)))
#define PV_RING_REQ_OFFSET(i) \
	(sizeof(struct pv_ring) + (uint64_t)(i) * PV_RING_REQ_BYTES)
#define PV_RING_RSP_OFFSET(n, i) \
	(PV_RING_REQ_OFFSET(n) + (uint64_t)(i) * sizeof(struct pv_ring_rsp))

/* Whether moving a producer index from old to new passed the reader's wish. */
static inline int pv_ring_must_notify(uint32_t event, uint32_t old_prod,
				      uint32_t new_prod)
{
	return (uint32_t)(new_prod - event) < (uint32_t)(new_prod - old_prod);
}

#endif
