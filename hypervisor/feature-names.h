/* SPDX-License-Identifier: MIT
 *
 * Names for feature bits, as users read them.
 */
#ifndef HV_FEATURE_NAMES_H
#define HV_FEATURE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* "clock, block, bit 40" of PV_FEATURE_* in text, "none" for 0; cut where text
 * ends. Answers text. */
const char *hv_features_text(uint64_t features, char *text, size_t bytes);

#endif
