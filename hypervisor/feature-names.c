/* SPDX-License-Identifier: MIT
 *
 * See feature-names.h.
 */
#include "feature-names.h"

#include <stdio.h>

static const char *const feature_names[64] = {
	[0] = "clock", [1] = "input", [2] = "random", [3] = "block",
	[16] = "upcalls", [17] = "timer", [18] = "traps", [19] = "mmu",
	[20] = "smp", [21] = "net", [22] = "direct", [23] = "user",
	[24] = "huge-pages", [25] = "net-offload",
};

const char *hv_features_text(uint64_t features, char *text, size_t bytes)
{
	size_t used = 0;

	snprintf(text, bytes, "none");
	for (unsigned bit = 0; bit < 64 && used < bytes; bit++) {
		const char *comma = used > 0 ? ", " : "";
		int n;

		if (!(features >> bit & 1))
			continue;
		if (feature_names[bit])
			n = snprintf(text + used, bytes - used, "%s%s", comma,
				     feature_names[bit]);
		else
			n = snprintf(text + used, bytes - used, "%sbit %u",
				     comma, bit);
		used += (size_t)n;
	}
	return text;
}
