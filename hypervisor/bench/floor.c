/* SPDX-License-Identifier: MIT
 *
 * See floor.h.
 */
#include "floor.h"

#include <stdio.h>
#include <stdlib.h>

#include "child.h"

/* In the child. What fails is an answer too: the status, then the words. */
static int run(void *arg)
{
	const struct hv_floor_side *side = arg;
	struct hv_error err = { 0 };
	double ns;

	if (side->run(side->run_ns, &ns, &err) == 0) {
		printf("ns %f\n", ns);
		return 0;
	}
	printf("status %d\n", (int)err.status);
	fputs(err.text, stderr);
	return 0;
}

int hv_floor_measure(void *floor_side, double *ret_ns, struct hv_error *err)
{
	struct hv_output output;
	double status;

	if (hv_child_call(run, floor_side, &output, err) < 0)
		return -1;
	if (hv_output_number(&output, "ns", ret_ns))
		return 0;
	if (!hv_output_number(&output, "status", &status))
		status = HV_STATUS_FAILED;
	return hv_fail(err, (enum hv_status)status, "%s", output.err);
}
