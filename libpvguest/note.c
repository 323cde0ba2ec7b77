/* SPDX-License-Identifier: MIT
 *
 * The boot note of a guest that brings none of its own. Alone in its file, so
 * that the linker takes it or leaves it.
 */
#include <pvguest/note.h>

PVG_NOTE(0, PVG_FEATURES_DEFAULT, 0, 0);
