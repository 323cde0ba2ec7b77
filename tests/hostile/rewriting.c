/* SPDX-License-Identifier: MIT
 *
 * What if a request, its segment list or the ring changes while it is served?
 * Every slot is pushed and then rewritten in a loop, with a good and a bad
 * version in turn, until its answer is there. Each answer must fit one version
 * and no byte outside the buffer may change.
 *
 * Clauses: R3.
 */
#include "../guest/tap.h"
#include "ring.h"

#define ROUNDS 3000
#define MARK 0xa5

static struct pv_blk_segment list[128] __attribute__((aligned(16)));
/* Behind the buffer the good version names. */
static uint8_t beyond[64 << 10] __attribute__((aligned(PV_PAGE_BYTES)));

/* Differs from the good one in what would hurt if it were looked at twice. */
static struct pv_blk_request bad_version(void)
{
	struct pv_blk_request r = ring_good_read(2);

	r.seg[0].gpa = pvg_boot.ram_bytes - 512;
	r.seg[0].len_bytes = UINT32_MAX;
	r.segments = UINT16_MAX;
	r.len_bytes = UINT64_MAX - 511;
	r.offset_bytes = UINT64_MAX - 511;
	return r;
}

/* Done whole, or refused by a check that some mixture of the versions fails. */
static bool answer_fits(const volatile struct pv_ring_rsp *answer)
{
	if (answer->token != 1 && answer->token != 2)
		return false;
	switch (answer->status) {
	case 0:
		return answer->done_bytes == 4096;
	case -PV_EINVAL:
	case -PV_EFAULT:
	case -PV_ERANGE:
	case -PV_E2BIG:
		return answer->done_bytes == 0;
	default:
		return false;
	}
}

static unsigned rewrite_slots(void)
{
	const struct pv_blk_request good = ring_good_read(1), bad = bad_version();
	unsigned wrong = 0;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t prod = ring_indices()->req_prod;

		ring_put(prod, &good);
		ring_publish(prod + 1);
		while (ring_indices()->rsp_prod == prod) {
			ring_put(prod, &bad);
			ring_put(prod, &good);
		}
		wrong += !answer_fits(ring_answer(prod));
		ring_indices()->rsp_cons = prod + 1;
	}
	return wrong;
}

static unsigned rewrite_lists(void)
{
	struct pv_blk_request r = ring_good_read(1);
	const struct pv_blk_segment good = { pvg_gpa(ring_buffer), 512, 0 };
	const struct pv_blk_segment bad = { pvg_boot.ram_bytes - 512, 1024, 1 };
	volatile struct pv_blk_segment *segment = list;
	unsigned wrong = 0;

	r.segments = 8;
	r.seg[0].gpa = pvg_gpa(list);
	r.seg[0].len_bytes = 8 * sizeof(list[0]);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t prod = ring_indices()->req_prod;

		for (unsigned s = 0; s < 8; s++)
			segment[s] = good;
		ring_put(prod, &r);
		ring_publish(prod + 1);
		while (ring_indices()->rsp_prod == prod)
			for (unsigned s = 0; s < 8; s++) {
				segment[s] = bad;
				segment[s] = good;
			}
		wrong += !answer_fits(ring_answer(prod));
		ring_indices()->rsp_cons = prod + 1;
	}
	return wrong;
}

static bool untouched(void)
{
	for (size_t i = 0; i < sizeof(beyond); i++)
		if (beyond[i] != MARK)
			return false;
	for (size_t i = 4096; i < sizeof(ring_buffer); i++)
		if (ring_buffer[i] != MARK)
			return false;
	return true;
}

int main(void)
{
	if (!tap_ok(ring_open() >= 0, "the queue opens"))
		return tap_done();
	memset(ring_buffer, MARK, sizeof(ring_buffer));
	memset(beyond, MARK, sizeof(beyond));
	tap_equal(rewrite_slots(), 0, "answers to rewritten requests make sense");
	tap_equal(rewrite_lists(), 0, "answers to rewritten lists make sense");
	tap_ok(untouched(), "nothing outside the buffer was written");
	tap_equal(pvg_op_queue_close(0, 0), 0, "the queue closes");
	return tap_done();
}
