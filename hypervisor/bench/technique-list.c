/* SPDX-License-Identifier: MIT
 *
 * The techniques: the columns of `paravane bench techniques`. See techniques.h. To
 * add an engine of `paravane run`, copy the first entry; why its figures are what
 * they are goes to survey-explain.c.
 */
#include <stdio.h>

#include "techniques.h"

const struct hv_technique hv_techniques[] = {
	{ .key = "paravirt",
	  .title = "paravirtual",
	  .about = "paravane run: the kernel is at ring 3 and calls for what is "
		   "privileged",
	  .find = hv_paravane_find,
	  .run = hv_paravane_run,
	  .image_suffix = ".elf" },
	{ .key = "native",
	  .title = "trap-and-emulate",
	  .about = "paravane run --engine native: the kernel is at ring 0 under "
		   "KVM, which emulates what traps",
	  .find = hv_paravane_find,
	  .run = hv_paravane_run,
	  .engine = "native",
	  .image_suffix = "-native.elf" },
	{ .key = "translation",
	  .title = "translation",
	  .about = "QEMU's TCG: the kernel's instructions are translated to others, "
		   "which run in a process",
	  .no_exits = "a translator calls its own functions where others exit",
	  .find = hv_qemu_find,
	  .run = hv_qemu_run,
	  .image_suffix = "-native.elf" },
	{ .key = "process",
	  .title = "process",
	  .about = "no virtual machine: a Linux process that does the same or what "
		   "comes closest",
	  .no_exits = "a process has no hypervisor to exit to",
	  .find = hv_process_find,
	  .run = hv_process_run },
};
const unsigned hv_techniques_count =
	sizeof(hv_techniques) / sizeof(*hv_techniques);
_Static_assert(sizeof(hv_techniques) / sizeof(*hv_techniques) <=
		       HV_TECHNIQUES_MAX,
	       "HV_TECHNIQUES_MAX is too small");

void hv_technique_image(const struct hv_technique *technique,
			enum hv_program program,
			char ret_name[HV_IMAGE_NAME_BYTES])
{
	snprintf(ret_name, HV_IMAGE_NAME_BYTES, "%s%s",
		 program == HV_PROGRAM_WORK ? "minikernel" : "nano",
		 technique->image_suffix);
}
