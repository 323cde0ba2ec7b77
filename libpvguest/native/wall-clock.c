/* SPDX-License-Identifier: MIT
 *
 * Wall time, read once: the real-time clock at ports 0x70 and 0x71 (Motorola MC146818A
 * data sheet: registers, update cycle). It counts seconds, in UTC.
 */
#include "../internal.h"

#define INDEX 0x70
#define DATA 0x71
#define SECONDS 0x0
#define MINUTES 0x2
#define HOURS 0x4
#define DAY 0x7
#define MONTH 0x8
#define YEAR 0x9
#define STATUS_A 0xa
#define UPDATING 0x80
#define STATUS_B 0xb
#define BINARY 0x04
#define HOURS_24 0x02
#define PM 0x80
#define CENTURY 2000 /* of the two digits that there are */
#define LOOKS_MAX 1000000

struct moment {
	unsigned second, minute, hour, day, month, year;
};

static unsigned get(uint8_t index)
{
	pvg_outb(INDEX, index);
	return pvg_inb(DATA);
}

static unsigned number(unsigned value, unsigned format)
{
	return format & BINARY ? value : (value >> 4) * 10 + (value & 15);
}

static struct moment read_moment(unsigned format)
{
	unsigned hour = get(HOURS);
	struct moment moment = {
		number(get(SECONDS), format), number(get(MINUTES), format),
		number(hour & ~(unsigned)PM, format), number(get(DAY), format),
		number(get(MONTH), format), number(get(YEAR), format),
	};

	if (!(format & HOURS_24))
		moment.hour = moment.hour % 12 + (hour & PM ? 12 : 0);
	return moment;
}

/* Days since 1970-01-01: years are counted from March on, so that the day that some
 * have more is their last. */
static uint64_t days(const struct moment *moment)
{
	unsigned year = CENTURY + moment->year - (moment->month <= 2);
	unsigned month = (moment->month + 9) % 12;

	return year * 365u + year / 4 - year / 100 + year / 400 +
	       (month * 153 + 2) / 5 + moment->day - 1 - 719468;
}

static bool is_sane(const struct moment *moment)
{
	return moment->second < 60 && moment->minute < 60 &&
	       moment->hour < 24 && moment->day >= 1 && moment->day <= 31 &&
	       moment->month >= 1 && moment->month <= 12 && moment->year < 100;
}

static bool is_same(const struct moment *a, const struct moment *b)
{
	return a->second == b->second && a->minute == b->minute &&
	       a->hour == b->hour && a->day == b->day && a->month == b->month &&
	       a->year == b->year;
}

/* Twice the same, outside of an update, is one that did not change meanwhile. */
uint64_t pvg_wall_clock_read(void)
{
	unsigned format = get(STATUS_B);
	struct moment moment, again;
	int looks = 0;

	do {
		while (get(STATUS_A) & UPDATING)
			if (++looks >= LOOKS_MAX)
				return 0;
		moment = read_moment(format);
		again = read_moment(format);
	} while (!is_same(&moment, &again) && ++looks < LOOKS_MAX);
	if (!is_sane(&moment))
		return 0;
	return (((days(&moment) * 24 + moment.hour) * 60 + moment.minute) * 60 +
		moment.second) * UINT64_C(1000000000);
}
