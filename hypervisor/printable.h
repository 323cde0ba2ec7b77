/* SPDX-License-Identifier: MIT
 *
 * Words of a guest's or a stranger's, made safe for a terminal.
 */
#ifndef HV_PRINTABLE_H
#define HV_PRINTABLE_H

/* What is outside printable ASCII becomes `instead`. */
static inline void hv_make_printable(char *text, char instead)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = instead;
}

#endif
