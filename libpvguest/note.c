/* SPDX-License-Identifier: MIT
 *
 * The boot note of a guest that brings none of its own. Alone in its file, so
 * that the linker takes it or leaves it.
 */
#include <pvguest/note.h>

PVG_NOTE(0, PV_FEATURES_V1 | PV_FEATURES_KERNEL, 0, 0);
