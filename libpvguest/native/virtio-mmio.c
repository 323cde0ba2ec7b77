/* SPDX-License-Identifier: MIT
 *
 * Virtio over MMIO, version 2: section 4.2 of the specification; the start of a device
 * is 3.1.1.
 */
#include <pvguest/panic.h>

#include "../internal.h"
#include "virtio.h"

/* 4.2.2 */
#define MAGIC 0x000
#define MAGIC_IS 0x74726976u /* "virt" */
#define VERSION 0x004
#define DEVICE_ID 0x008
#define DEVICE_FEATURES 0x010
#define DEVICE_FEATURES_HALF 0x014
#define DRIVER_FEATURES 0x020
#define DRIVER_FEATURES_HALF 0x024
#define QUEUE_NUMBER 0x030
#define QUEUE_ENTRIES_MAX 0x034
#define QUEUE_ENTRIES 0x038
#define QUEUE_READY 0x044
#define QUEUE_NOTIFY 0x050
#define INTERRUPT_CAUSES 0x060
#define INTERRUPT_ACKNOWLEDGE 0x064
#define CAUSE_CONFIG 2u
#define STATUS 0x070
#define QUEUE_DESCRIPTORS 0x080 /* and each of these 4 bytes on: the upper half */
#define QUEUE_AVAILABLE 0x090
#define QUEUE_USED 0x0a0
#define CONFIG_GENERATION 0x0fc
#define CONFIG 0x100

/* 2.1 */
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 0x40u
#define STATUS_FAILED 0x80u

#define RESET_LOOKS 100000 /* until a device counts as stuck */

static uint32_t get(const struct pvg_virtio *virtio, unsigned offset)
{
	return *(const volatile uint32_t *)(const volatile void *)(
		virtio->registers + offset);
}

static void set(const struct pvg_virtio *virtio, unsigned offset, uint32_t value)
{
	*(volatile uint32_t *)(volatile void *)(virtio->registers + offset) =
		value;
}

static void set_address(const struct pvg_virtio *virtio, unsigned offset,
			const void *at)
{
	set(virtio, offset, (uint32_t)(uintptr_t)at);
	set(virtio, offset + 4, (uint32_t)((uintptr_t)at >> 32));
}

uint32_t pvg_virtio_find(struct pvg_virtio *virtio, const char **ret_problem)
{
	*ret_problem = NULL;
	if (virtio->address % 4 ||
	    virtio->address < PVG_DEVICES_START ||
	    virtio->address > UINT32_MAX - (CONFIG + 0x100) + 1) {
		*ret_problem = "it is not in the last GiB below 4 GiB";
		return PVG_VIRTIO_NONE;
	}
	virtio->registers = pvg_native_device(virtio->address);
	if (get(virtio, MAGIC) != MAGIC_IS) {
		*ret_problem = "there is none";
		return PVG_VIRTIO_NONE;
	}
	if (get(virtio, DEVICE_ID) == PVG_VIRTIO_NONE)
		return PVG_VIRTIO_NONE;
	if (get(virtio, VERSION) != 2)
		*ret_problem = "it is of another version than 2 (QEMU has that "
			       "with -global virtio-mmio.force-legacy=false)";
	return *ret_problem ? PVG_VIRTIO_NONE : get(virtio, DEVICE_ID);
}

void pvg_virtio_reset(struct pvg_virtio *virtio)
{
	set(virtio, STATUS, 0);
}

static bool is_reset(const struct pvg_virtio *virtio)
{
	for (int i = 0; i < RESET_LOOKS; i++) {
		if (get(virtio, STATUS) == 0)
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

static void add_status(const struct pvg_virtio *virtio, uint32_t status)
{
	set(virtio, STATUS, get(virtio, STATUS) | status);
}

static const char *fail(const struct pvg_virtio *virtio, const char *problem)
{
	add_status(virtio, STATUS_FAILED);
	return problem;
}

static void agree(struct pvg_virtio *virtio, uint64_t features)
{
	for (uint32_t half = 0; half < 2; half++) {
		set(virtio, DEVICE_FEATURES_HALF, half);
		virtio->features |= (uint64_t)get(virtio, DEVICE_FEATURES)
				    << 32 * half;
	}
	virtio->features &= features;
	for (uint32_t half = 0; half < 2; half++) {
		set(virtio, DRIVER_FEATURES_HALF, half);
		set(virtio, DRIVER_FEATURES,
		    (uint32_t)(virtio->features >> 32 * half));
	}
}

const char *pvg_virtio_begin(struct pvg_virtio *virtio, uint64_t features)
{
	pvg_virtio_reset(virtio);
	if (!is_reset(virtio))
		return "it does not let itself be reset";
	add_status(virtio, STATUS_ACKNOWLEDGE);
	add_status(virtio, STATUS_DRIVER);
	virtio->features = 0;
	agree(virtio, features | PVG_VIRTIO_VERSION_1);
	if (!(virtio->features & PVG_VIRTIO_VERSION_1))
		return fail(virtio, "it does not speak version 1 of virtio");
	add_status(virtio, STATUS_FEATURES_OK);
	if (!(get(virtio, STATUS) & STATUS_FEATURES_OK))
		return fail(virtio, "it refuses its own features");
	return NULL;
}

static uint32_t choose_entries(const struct pvg_virtio *virtio)
{
	uint32_t most = get(virtio, QUEUE_ENTRIES_MAX);
	uint32_t entries = PVG_VIRTQ_MAX;

	while (entries > most)
		entries /= 2;
	return entries;
}

const char *pvg_virtio_add_queue(struct pvg_virtio *virtio, uint32_t number,
				 struct pvg_virtq *ret_queue)
{
	uint32_t entries;

	set(virtio, QUEUE_NUMBER, number);
	entries = choose_entries(virtio);
	if (entries == 0 || get(virtio, QUEUE_READY))
		return fail(virtio, "it lacks a queue");
	if (ret_queue->descriptor)
		pvg_virtq_rewind(ret_queue);
	else if (!pvg_virtq_make(ret_queue, entries))
		return fail(virtio, "there is no memory for its queue");
	set(virtio, QUEUE_ENTRIES, ret_queue->entries);
	set_address(virtio, QUEUE_DESCRIPTORS, ret_queue->descriptor);
	set_address(virtio, QUEUE_AVAILABLE, ret_queue->available);
	set_address(virtio, QUEUE_USED, ret_queue->used);
	set(virtio, QUEUE_READY, 1);
	return NULL;
}

void pvg_virtio_start(struct pvg_virtio *virtio)
{
	add_status(virtio, STATUS_DRIVER_OK);
}

uint8_t pvg_virtio_config8(const struct pvg_virtio *virtio, unsigned offset)
{
	return virtio->registers[CONFIG + offset];
}

uint16_t pvg_virtio_config16(const struct pvg_virtio *virtio, unsigned offset)
{
	return *(const volatile uint16_t *)(const volatile void *)(
		virtio->registers + CONFIG + offset);
}

uint32_t pvg_virtio_config(const struct pvg_virtio *virtio, unsigned offset)
{
	return get(virtio, CONFIG + offset);
}

/* Two loads: again if it changed in between (2.5.1). */
uint64_t pvg_virtio_config64(const struct pvg_virtio *virtio, unsigned offset)
{
	uint32_t generation;
	uint64_t value;

	do {
		generation = get(virtio, CONFIG_GENERATION);
		value = pvg_virtio_config(virtio, offset) |
			(uint64_t)pvg_virtio_config(virtio, offset + 4) << 32;
	} while (get(virtio, CONFIG_GENERATION) != generation);
	return value;
}

void pvg_virtio_notify(const struct pvg_virtio *virtio, uint32_t queue)
{
	set(virtio, QUEUE_NOTIFY, queue);
}

/* The line falls when all causes are acknowledged, and rises for what comes then. */
void pvg_virtio_acknowledge(const struct pvg_virtio *virtio, const char *name)
{
	uint32_t causes = get(virtio, INTERRUPT_CAUSES);

	if (causes)
		set(virtio, INTERRUPT_ACKNOWLEDGE, causes);
	if (causes & CAUSE_CONFIG &&
	    get(virtio, STATUS) & STATUS_NEEDS_RESET)
		pvg_panic("%s: the device gave up, as if its driver had "
			  "made a mistake", name);
}
