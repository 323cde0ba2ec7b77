/* SPDX-License-Identifier: MIT
 *
 * The real-time clock of a PC, MC146818: the host's time of day in UTC. Guests may
 * select a register and read it; setting it and its interrupts are not there.
 */
#include <time.h>

#include "native.h"

#define PORT_SELECT 0u
#define PORT_DATA 1u
#define NMI_MASK 0x80u /* of the port, not of the register's number */

enum {
	SECONDS = 0x00, MINUTES = 0x02, HOURS = 0x04, WEEKDAY = 0x06,
	DAY = 0x07, MONTH = 0x08, YEAR = 0x09,
	STATUS_A = 0x0a, STATUS_B = 0x0b, STATUS_D = 0x0d,
	CENTURY = 0x32, /* where ACPI's usual index has it */
};

#define A_RATE 0x26u /* 32,768 Hz divided as usual */
#define A_UPDATING 0x80u
#define B_24_HOURS 0x02u /* and digits in BCD */
#define D_VALID 0x80u

/* As long before each second as the chip warns: who reads within that reads one
 * time, not halves of two. */
#define UPDATING_NS 244000

/* A vCPU may select for another, as on the chip. */
static uint8_t selected;

static uint8_t bcd(int n)
{
	return (uint8_t)(n / 10 % 10 << 4 | n % 10);
}

static uint8_t status_a(long ns)
{
	return (uint8_t)(A_RATE |
			 (ns >= 1000000000 - UPDATING_NS ? A_UPDATING : 0));
}

static uint8_t value_of(uint8_t number)
{
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	switch (number) {
	case SECONDS:
		return bcd(tm.tm_sec);
	case MINUTES:
		return bcd(tm.tm_min);
	case HOURS:
		return bcd(tm.tm_hour);
	case WEEKDAY:
		return bcd(tm.tm_wday + 1);
	case DAY:
		return bcd(tm.tm_mday);
	case MONTH:
		return bcd(tm.tm_mon + 1);
	case YEAR:
		return bcd(tm.tm_year % 100);
	case CENTURY:
		return bcd((tm.tm_year + 1900) / 100);
	case STATUS_A:
		return status_a(now.tv_nsec);
	case STATUS_B:
		return B_24_HOURS;
	case STATUS_D:
		return D_VALID;
	default:
		return 0;
	}
}

static uint64_t rtc_read(struct hv_device *device, struct hv_vcpu *vcpu,
			 uint64_t offset, unsigned bytes)
{
	(void)device;
	(void)vcpu;
	(void)bytes;
	return offset == PORT_DATA
		       ? value_of(__atomic_load_n(&selected, __ATOMIC_RELAXED))
		       : 0xff;
}

static void rtc_write(struct hv_device *device, struct hv_vcpu *vcpu,
		      uint64_t offset, uint64_t value, unsigned bytes)
{
	(void)device;
	(void)vcpu;
	(void)bytes;
	if (offset == PORT_SELECT)
		__atomic_store_n(&selected, (uint8_t)(value & ~NMI_MASK),
				 __ATOMIC_RELAXED);
}

struct hv_device hv_rtc = {
	.name = "rtc",
	.port = true, .base = 0x70, .bytes = 2, .width = 1,
	.read = rtc_read, .write = rtc_write,
};
