/* SPDX-License-Identifier: MIT
 *
 * The calendar. Its years begin in March, so that the leap day is their last: then
 * a month's start is a straight line, rounded, and centuries of four hundred years
 * are all alike.
 */
#include "date.h"

#include <pvguest/console.h>

#define DAY_SECONDS 86400
#define DAYS_TO_1970 719468 /* from 1 March of the year 0 */
#define DAYS_OF_400_YEARS 146097

void date_print(char ret_text[DATE_CHARS + 1], uint64_t seconds)
{
	static const char days[] = "ThuFriSatSunMonTueWed"; /* of 1970's first */
	static const char months[] = "MarAprMayJunJulAugSepOctNovDecJanFeb";
	uint64_t day = seconds / DAY_SECONDS + DAYS_TO_1970;
	uint64_t in_era = day % DAYS_OF_400_YEARS;
	/* Days without the leap days before them, which come after 4, 100 and 400 years. */
	uint64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	uint64_t in_year = in_era - (year * 365 + year / 4 - year / 100);
	uint64_t month = (5 * in_year + 2) / 153;

	year += day / DAYS_OF_400_YEARS * 400 + (month >= 10);
	pvg_snprintf(ret_text, DATE_CHARS + 1, "%.3s, %02lu %.3s %04lu %02lu:%02lu:%02lu GMT",
		     days + seconds / DAY_SECONDS % 7 * 3,
		     in_year - (153 * month + 2) / 5 + 1, months + month * 3, year % 10000,
		     seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}
