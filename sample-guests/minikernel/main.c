/* SPDX-License-Identifier: MIT
 *
 * Minikernel: from the first instruction to the last line of its summary. Read
 * first minikernel.h, which is the map.
 *
 *	paravane run --vcpus 4 --block minikernel.img,ro minikernel.elf
 *	paravane run --block minikernel.img,ro minikernel.elf -- PROGRAM [ARG...]
 *
 * The first process is the shell with boot.sh, or PROGRAM. When it ends, so does
 * everything, with its status; 1 if the kernel lost track of a page.
 */
#include "minikernel.h"

#define NEEDED                                                                \
	(PV_FEATURE_MMU | PV_FEATURE_USER | PV_FEATURE_UPCALLS |              \
	 PV_FEATURE_TIMER | PV_FEATURE_BLOCK)
/* boot.sh wants 7 MiB: below that it is pages for programs that are short. */
PVG_NOTE(NEEDED, PVG_FEATURES_DEFAULT | NEEDED, 0, 8 << 20);

struct statistics statistics;

void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pvg_printf("minikernel: ");
	pvg_vprintf(format, args);
	pvg_printf("\n");
	va_end(args);
	pvg_exit(1);
}

static void secondary(void *arg)
{
	(void)arg;
	vcpu_start();
	vcpu_loop();
}

static unsigned start_others(void)
{
	unsigned up = 1;

	for (unsigned n = 1; n < pvg_vcpus(); n++)
		up += pvg_vcpu_up(n, secondary, NULL, 0) == 0;
	return up;
}

static void print_summary(unsigned vcpus, uint64_t took_ns)
{
	const struct statistics *s = &statistics;

	pvg_printf("minikernel: %lu processes, %lu of them killed; %lu calls\n"
		   "minikernel: %lu page faults: %lu pages on demand, %lu "
		   "copies on write\n"
		   "minikernel: %lu switches on %u vCPU%s, %lu ms\n",
		   s->processes, s->kills, s->calls, s->faults,
		   s->demand_pages, s->copies, s->switches, vcpus,
		   vcpus > 1 ? "s" : "", took_ns / 1000000);
}

int main(int argc, char **argv)
{
	static char shell[] = "sh", script[] = "boot.sh";
	char *const boot_script[] = { shell, script };
	uint64_t start_ns = pvg_clock_ns();
	size_t before, after;
	unsigned vcpus;
	int status;

	image_load();
	frames_init();
	processes_init();
	vcpus_init();
	vcpu_start();
	disk_start();
	before = pvg_pages_available();
	if (argc > 1)
		process_start_first((unsigned)argc - 1, argv + 1);
	else
		process_start_first(2, boot_script);
	vcpus = start_others();
	vcpu_loop();
	status = processes_status();
	print_summary(vcpus, pvg_clock_ns() - start_ns);
	after = pvg_pages_available();
	/* The stacks of the others stay in use. */
	after += (vcpus - 1) * pvg_pages_for(PV_STACK_DEFAULT_BYTES);
	pvg_printf("minikernel: %lu pages free before, %lu after\n", before,
		   after);
	pvg_printf("minikernel: process 1 ended with status %d\n", status);
	if (before != after)
		return 1;
	/* Higher ones are the hypervisor's. */
	return status > PV_EXIT_STATUS_MAX ? PV_EXIT_STATUS_MAX : status;
}
