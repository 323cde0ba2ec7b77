/* SPDX-License-Identifier: MIT
 *
 * What if a guest fills the page it shares with the hypervisor with rubbish,
 * clock, masks and reserved fields included? It may lose track of time, no
 * more.
 *
 * Clauses: C2, O14, O15, P5, P6.
 */
#include "../guest/tap.h"
#include "../random.h"
#include "ring.h"

/* But for what is this program's library's: it finds its page by that. */
static void fill(uint8_t byte)
{
	volatile uint8_t *page = raw_address(pvg_boot.vcpu_addr);
	const size_t own = offsetof(struct pv_vcpu, own);

	for (size_t i = 0; i < PV_PAGE_BYTES; i++)
		if (i - own >= sizeof(((struct pv_vcpu *)0)->own))
			page[i] = byte;
}

/* What BLOCK(0) answers follows from the page alone, and it changes nothing
 * there. Dense masks, so that some rounds have no port left. */
static bool looks_right(void)
{
	struct pv_vcpu *vcpu = pvg_vcpu();
	uint64_t masked[PV_PORT_WORDS], pending[PV_PORT_WORDS], open = 0;

	for (size_t i = 0; i < PV_PORT_WORDS; i++) {
		masked[i] = random_next() | random_next() | random_next() | random_next();
		pending[i] = random_next() & random_next();
		open |= pending[i] & ~masked[i];
	}
	if (random_next() % 2) {
		open = 0;
		for (size_t i = 0; i < PV_PORT_WORDS; i++)
			masked[i] |= pending[i];
	}
	memcpy(vcpu->masked, masked, sizeof(masked));
	memcpy(vcpu->pending, pending, sizeof(pending));
	vcpu->upcalls_masked = (uint32_t)random_next();
	return pvg_op_block(0) == (open ? 0 : -PV_ETIMEDOUT) &&
	       memcmp(vcpu->masked, masked, sizeof(masked)) == 0 &&
	       memcmp(vcpu->pending, pending, sizeof(pending)) == 0 &&
	       vcpu->upcalls_masked == 0;
}

static void garbage_masks(void)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < 500; i++)
		wrong += !looks_right();
	tap_equal(wrong, 0, "BLOCK(0) answers for the ports as they are");
}

int main(void)
{
	static const uint8_t rubbish[] = { 0xff, 0x00, 0x55, 0x80 };
	struct pv_blk_request request = ring_good_read(1);

	garbage_masks();
	if (!tap_ok(ring_open() >= 0, "the queue opens"))
		return tap_done();
	for (size_t i = 0; i < sizeof(rubbish); i++) {
		int64_t now = pvg_op_clock(PV_CLOCK_MONOTONIC);

		fill(rubbish[i]);
		/* The same byte: what is pending is masked. */
		tap_equal(pvg_op_block((uint64_t)now + 2000000), -PV_ETIMEDOUT,
			  "BLOCK finds no port");
		ring_push(&request);
		tap_equal(pvg_op_queue_close(0, 0), 0, "a queue is served and closes");
		tap_ok(ring_open() >= 0, "and opens again");
		tap_ok(pvg_op_clock(PV_CLOCK_MONOTONIC) >= now,
		       "the clock operation goes by the host's clock");
	}
	return tap_done();
}
