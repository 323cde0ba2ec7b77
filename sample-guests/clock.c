/* SPDX-License-Identifier: MIT
 *
 * Time costs no exit: the date, what reading the clock costs, and how long a
 * sleep really is.
 *
 *	paravane run clock.elf
 */
#include <pvguest/pvguest.h>

#define READS 1000000
#define SECOND_NS 1000000000u

/* Year, month and day of a day counted from 1970-01-01, after Howard Hinnant's
 * "chrono-compatible low-level date algorithms": years start in March, so that
 * the leap day is the last. */
static void print_date(uint64_t days)
{
	uint64_t since_era = days + 719468; /* from 0000-03-01 */
	uint64_t era = since_era / 146097, day = since_era % 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;
	uint64_t of_month = of_year - (153 * month + 2) / 5 + 1;

	month = month < 10 ? month + 3 : month - 9;
	pvg_printf("%04lu-%02lu-%02lu", era * 400 + year + (month <= 2), month,
		   of_month);
}

static void print_wall_clock(void)
{
	uint64_t now_ns = pvg_clock_wall_ns();
	uint64_t seconds = now_ns / SECOND_NS;

	print_date(seconds / 86400);
	pvg_printf(" %02lu:%02lu:%02lu.%09lu UTC\n", seconds / 3600 % 24,
		   seconds / 60 % 60, seconds % 60, now_ns % SECOND_NS);
}

static void print_cost_of_reading(void)
{
	uint64_t start_ns = pvg_clock_ns(), last_ns = start_ns;

	for (int i = 0; i < READS; i++) {
		uint64_t now_ns = pvg_clock_ns();

		pvg_assert(now_ns >= last_ns);
		last_ns = now_ns;
	}
	pvg_printf("reading the clock takes %.1f ns\n",
		   (double)(last_ns - start_ns) / READS);
}

static void print_sleep(uint64_t wanted_ns)
{
	uint64_t start_ns = pvg_clock_ns();

	pvg_sleep_ns(wanted_ns);
	pvg_printf("a sleep of %lu us took %lu us\n", wanted_ns / 1000,
		   (pvg_clock_ns() - start_ns) / 1000);
}

int main(void)
{
	print_wall_clock();
	print_cost_of_reading();
	print_sleep(100 * 1000);
	print_sleep(10 * 1000 * 1000);
	return 0;
}
