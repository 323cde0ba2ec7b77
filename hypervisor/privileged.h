/* SPDX-License-Identifier: MIT
 *
 * Privileged instructions by name, for reports of faults.
 */
#ifndef HV_PRIVILEGED_H
#define HV_PRIVILEGED_H

#include <stdint.h>

/* No instruction is longer. */
#define HV_INSTRUCTION_BYTES 15

/* What begins at code, if it is one that a kernel author may have forgotten to
 * replace; else NULL. Bytes that could not be read are 0. */
const char *hv_privileged_name(const uint8_t code[HV_INSTRUCTION_BYTES]);

#endif
