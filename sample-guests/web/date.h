/* SPDX-License-Identifier: MIT
 *
 * A date as HTTP writes it.
 */
#ifndef WEB_DATE_H
#define WEB_DATE_H

#include <stdint.h>

#define DATE_CHARS 29

/* Such as "Sun, 06 Nov 1994 08:49:37 GMT", for seconds since 1970 up to the year 9999. */
void date_print(char ret_text[DATE_CHARS + 1], uint64_t seconds);

#endif
