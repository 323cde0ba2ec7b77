/* SPDX-License-Identifier: MIT
 *
 * The end for a reason that the user is to know.
 */
#ifndef WEB_GIVE_UP_H
#define WEB_GIVE_UP_H

/* Print the sentence and end with status 1. */
__attribute__((noreturn, format(printf, 1, 2))) void give_up(const char *format, ...);

#endif
