/* SPDX-License-Identifier: MIT
 *
 * What if a queue is opened where no ring can be, or twice, or with a port that
 * is taken?
 *
 * Clauses: A5, A6, O18, O19, P1.
 */
#include "../guest/tap.h"
#include "ring.h"

static void refused(uint64_t device, uint64_t queue, uint64_t gpa,
		    uint64_t entries, uint64_t port, int64_t error,
		    const char *name)
{
	tap_equal(raw_op(PV_OP_QUEUE_OPEN, device, queue, gpa, entries, port, 0),
		  -error, name);
}

static void places(void)
{
	const uint64_t good = pvg_gpa(ring_memory), ram = pvg_boot.ram_bytes;
	const uint64_t top = UINT64_C(1) << 63;

	refused(0, 0, good + 8, 16, 17, PV_EINVAL, "a misaligned ring");
	refused(0, 0, good + 32, 16, 17, PV_EINVAL, "a ring across cache lines");
	refused(0, 0, ram, 16, 17, PV_EFAULT, "a ring past RAM");
	refused(0, 0, ram - 64, 16, 17, PV_EFAULT, "a ring across RAM's end");
	refused(0, 0, UINT64_MAX - 63, 16, 17, PV_EFAULT, "a ring that wraps");
	refused(0, 0, top, 16, 17, PV_EFAULT, "a noncanonical ring");
	refused(0, 0, pvg_boot.vcpu_addr, 2, 17, PV_EFAULT,
		"a ring in the window");
}

static void sizes(void)
{
	const uint64_t good = pvg_gpa(ring_memory);
	const uint64_t too_many = 2 * PV_BLK_ENTRIES_MAX;

	refused(0, 0, good, 0, 17, PV_EINVAL, "no entries");
	refused(0, 0, good, 1, 17, PV_EINVAL, "one entry");
	refused(0, 0, good, 3, 17, PV_EINVAL, "entries not a power of two");
	refused(0, 0, good, too_many, 17, PV_EINVAL, "too many entries");
	refused(0, 0, good, UINT64_C(1) << 31, 17, PV_EINVAL, "2^31 entries");
	refused(0, 0, good, (UINT64_C(1) << 32) + 16, 17, PV_EINVAL,
		"entries beyond 32 bits");
	refused(0, 0, good, UINT64_MAX, 17, PV_EINVAL, "~0 entries");
}

static void ports(void)
{
	const uint64_t good = pvg_gpa(ring_memory);

	for (unsigned port = 0; port < PV_PORT_FIRST_FREE; port++)
		refused(0, 0, good, 16, port, PV_EINVAL, "a fixed port");
	refused(0, 0, good, 16, PV_PORTS, PV_EINVAL, "the port past the last");
	refused(0, 0, good, 16, UINT32_MAX, PV_EINVAL, "port ~0");
	refused(0, 0, good, 16, (UINT64_C(1) << 32) + 17, PV_EINVAL,
		"a port beyond 32 bits");
}

static void numbers(void)
{
	const uint64_t good = pvg_gpa(ring_memory);
	const uint64_t wide = UINT64_C(1) << 32;

	refused(1, 0, good, 16, 17, PV_ENODEV, "a second device");
	refused(UINT64_MAX, 0, good, 16, 17, PV_ENODEV, "device ~0");
	refused(wide, 0, good, 16, 17, PV_ENODEV, "a device beyond 32 bits");
	refused(0, PV_BLK_QUEUES_MAX, good, 16, 17, PV_ENODEV,
		"the queue past the last");
	refused(0, wide, good, 16, 17, PV_ENODEV, "a queue beyond 32 bits");
	refused(0, UINT64_MAX, good, 16, 17, PV_ENODEV, "queue ~0");
}

static void closing(void)
{
	tap_equal(pvg_op_queue_close(0, 0), -PV_ENODEV, "closing what is not open");
	tap_equal(raw_op(PV_OP_QUEUE_CLOSE, 1, 0, 0, 0, 0, 0), -PV_ENODEV,
		  "closing a queue of no device");
	tap_equal(raw_op(PV_OP_QUEUE_CLOSE, UINT64_MAX, UINT64_MAX, 0, 0, 0, 0),
		  -PV_ENODEV, "closing queue ~0 of device ~0");
}

/* Each index and each reserved byte, the hypervisor's half included. */
static void not_zero(void)
{
	unsigned wrong = 0;

	memset(ring_memory, 0, sizeof(ring_memory));
	for (size_t i = 0; i < sizeof(struct pv_ring); i++) {
		ring_memory[i] = 7;
		wrong += pvg_op_queue_open(0, 0, pvg_gpa(ring_memory),
					   RING_ENTRIES,
					   RING_PORT) != -PV_EINVAL;
		ring_memory[i] = 0;
	}
	tap_equal(wrong, 0, "a ring with any byte that is not zero is refused");
}

int main(void)
{
	places();
	sizes();
	ports();
	numbers();
	closing();
	not_zero();
	tap_ok(ring_open() >= 0, "a good queue opens after all that");
	refused(0, 0, pvg_gpa(ring_memory), 16, 17, PV_EBUSY, "opening it twice");
	for (int i = 0; i < 200; i++)
		if (pvg_op_queue_close(0, 0) != 0 || ring_open() < 0)
			break;
	tap_equal(pvg_op_queue_close(0, 0), 0, "opening and closing 200 times");
	return tap_done();
}
