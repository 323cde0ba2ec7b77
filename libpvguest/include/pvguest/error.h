/* SPDX-License-Identifier: MIT
 *
 * Status numbers are those of <pvabi/error.h>, negative, everywhere in this
 * library.
 */
#ifndef PVGUEST_ERROR_H
#define PVGUEST_ERROR_H

#include <pvabi/error.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a status means, in a few words. Never NULL. */
const char *pvg_error_text(int64_t status);

#ifdef __cplusplus
}
#endif
#endif
