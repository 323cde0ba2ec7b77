/* SPDX-License-Identifier: MIT
 *
 * Probe: a guest of a dozen instructions, made and run as `paravane run` would
 * make and run it. That it runs is the best answer to whether this host will
 * do; while it does, what costs most is measured.
 */
#include "doctor.h"

#include <pvabi/op.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "engine.h"
#include "guest-memory.h"
#include "layout.h"
#include "units.h"
#include "window.h"

#define RAM_BYTES HV_RAM_MIN_BYTES
#define CODE_GPA 0x10000u
#define LIMIT_NS UINT64_C(2000000000)

#define EXITS 100
#define DOORBELLS 200
#define PASSES 1000000
#define BATCHES 3 /* the best counts: hosts are noisy in one direction */

#define EXIT_GOOD_NS 5000.0 /* VT-x and AMD-V take 1000 to 3000 */
#define PASS_NATIVE_NS 20.0

/* The guest asks what to do by a NOP operation, which is answered in rdx (how
 * many loop passes to make), rax (how many doorbells to ring) and rcx (by which
 * slot of the operations page). */
__asm__(".pushsection .rodata\n"
	"doctor_guest:\n"
	"	mov %rdi, %rbx\n" /* the operations page */
	"1:	call *%rbx\n"
	"	mov %rdx, %r12\n"
	"	mov %rax, %r13\n"
	"	mov %rcx, %rbp\n"
	"2:	dec %r12\n"
	"	jns 2b\n"
	"3:	dec %r13\n"
	"	js 1b\n"
	"	xor %edi, %edi\n"
	"	call *%rbp\n"
	"	jmp 3b\n"
	"doctor_guest_end:\n"
	".popsection\n");
extern const uint8_t doctor_guest[], doctor_guest_end[];

struct guest {
	struct hv_memory memory;
	struct hv_window window;
	struct hv_layout layout;
	struct hv_engine *engine;
	struct hv_cpu *cpu;
};

static int create(struct guest *guest, struct hv_error *err)
{
	const struct hv_image image = {
		.file = hv_file_of(NULL, 0), .segments = 1,
		.segment[0] = { .gpa = CODE_GPA, .memory_bytes = PV_PAGE_BYTES,
				.exec = true },
		.end_gpa = CODE_GPA + PV_PAGE_BYTES,
		.stack_bytes = PV_PAGE_BYTES,
	};
	const struct hv_engine_options options = { .vcpus = 1 };

	if (hv_layout_make(&guest->layout, &image, RAM_BYTES, err) < 0)
		return -1;
	if (hv_memory_create(&guest->memory, RAM_BYTES) < 0 ||
	    hv_window_create(&guest->window, RAM_BYTES) < 0)
		return hv_fail(err, HV_STATUS_HOST,
			       "this host refuses 2 MiB of guest memory");
	memcpy(guest->memory.base + CODE_GPA, doctor_guest,
	       (size_t)(doctor_guest_end - doctor_guest));
	if (hv_engine_kvm.create(&guest->engine, &guest->memory, &guest->layout,
				 &guest->window, &options, err) < 0)
		return -1;
	return hv_engine_kvm.cpu_create(guest->engine, 0, &guest->cpu, err);
}

static void done(struct guest *guest)
{
	if (guest->engine)
		guest->engine->ops->free(guest->engine);
	hv_window_done(&guest->window);
	hv_memory_done(&guest->memory);
}

/* Run until the guest asks what to do, and have it do that next. */
static int answer(struct guest *guest, uint64_t passes, uint64_t doorbells,
		  struct hv_error *err)
{
	struct hv_exit exit = { .kind = HV_EXIT_KICKED };

	while (exit.kind == HV_EXIT_KICKED || exit.kind == HV_EXIT_DOORBELL) {
		if (hv_probe_over())
			return hv_fail(err, HV_STATUS_HOST,
				       "a guest makes no progress");
		guest->cpu->ops->cpu_run(guest->cpu, &exit);
	}
	if (exit.kind == HV_EXIT_DEAD)
		return hv_fail(err, HV_STATUS_HOST, "a guest cannot go on: %s",
			       exit.dead_reason);
	if (exit.kind == HV_EXIT_FAULT)
		return hv_fail(err, HV_STATUS_HOST,
			       "a guest raised exception %u", exit.vector);
	exit.regs->rdx = passes;
	exit.regs->rax = doorbells;
	exit.regs->rcx = hv_window_addr(HV_WINDOW_OPS) +
			 PV_OP_DOORBELL * PV_OP_SLOT_BYTES;
	return 0;
}

/* Nanoseconds until the guest, told this so many times, asks again; the guest
 * has asked before. */
static int measure(struct guest *guest, unsigned times, uint64_t passes,
		   uint64_t doorbells, double *ret_ns, struct hv_error *err)
{
	double least = 0;

	for (int batch = 0; batch < BATCHES; batch++) {
		uint64_t start_ns;
		double ns;

		if (answer(guest, passes, doorbells, err) < 0)
			return -1;
		start_ns = hv_host_ns();
		for (unsigned i = 1; i < times; i++)
			if (answer(guest, passes, doorbells, err) < 0)
				return -1;
		if (answer(guest, 0, 0, err) < 0)
			return -1;
		ns = (double)(hv_host_ns() - start_ns) / times;
		if (batch == 0 || ns < least)
			least = ns;
	}
	*ret_ns = least;
	return 0;
}

static int measure_exit(struct guest *guest, double *ret_ns,
			struct hv_report *report, struct hv_error *err)
{
	if (measure(guest, EXITS, 0, 0, ret_ns, err) < 0)
		return -1;
	hv_report_measured(report, *ret_ns < EXIT_GOOD_NS ? HV_VERDICT_GOOD
							  : HV_VERDICT_SLOW,
			   "an operation, there and back",
			   "what every exit to the hypervisor costs; shared "
			   "rings and the clock page avoid them",
			   *ret_ns / 1000, "us");
	return 0;
}

static int measure_pass(struct guest *guest, double exit_ns,
			struct hv_report *report, struct hv_error *err)
{
	double ns;

	if (measure(guest, 1, PASSES, 0, &ns, err) < 0)
		return -1;
	ns = (ns > exit_ns ? ns - exit_ns : 0) / PASSES;
	if (ns < PASS_NATIVE_NS)
		hv_report_measured(report, HV_VERDICT_GOOD,
				   "guest code at ring 3",
				   "native: guests compute as fast as processes",
				   ns, "ns per loop pass");
	else
		hv_report_measured(report, HV_VERDICT_SLOW,
				   "guest code at ring 3",
				   "not native: guests compute slowly here", ns,
				   "ns per loop pass");
	return 0;
}

/* Caught in the kernel, or served here if bound is false. */
static int measure_doorbell(struct guest *guest, bool bound, double exit_ns,
			    struct hv_report *report, struct hv_error *err)
{
	double ns;

	if (measure(guest, 1, 0, DOORBELLS, &ns, err) < 0)
		return -1;
	ns = (ns > exit_ns ? ns - exit_ns : 0) / DOORBELLS;
	hv_report_measured(report, bound && ns < EXIT_GOOD_NS
				   ? HV_VERDICT_GOOD : HV_VERDICT_SLOW,
			   "a doorbell",
			   bound ? "it stays in the kernel; guests ring only "
				   "when the hypervisor's I/O thread sleeps"
				 : "each one is an exit to the hypervisor",
			   ns / 1000, "us");
	return 0;
}

static int bind_and_measure_doorbell(struct guest *guest, double exit_ns,
				     struct hv_report *report,
				     struct hv_error *err)
{
	const struct hv_engine_ops *ops = guest->engine->ops;
	int status, fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool bound;

	if (fd < 0)
		return hv_fail(err, HV_STATUS_HOST, "this host refuses an "
			       "eventfd");
	bound = ops->set_doorbell(guest->engine, 0, fd, true) == 0;
	status = measure_doorbell(guest, bound, exit_ns, report, err);
	if (bound)
		ops->set_doorbell(guest->engine, 0, fd, false);
	close(fd);
	return status;
}

static void report_clock(const struct guest *guest, struct hv_report *report)
{
	uint64_t khz = guest->engine->tsc_khz;

	if (khz)
		hv_report_add(report, HV_VERDICT_GOOD, "time-stamp counter",
			      "guests read the clock without an exit",
			      "stable, %.3f GHz, the same in guests",
			      (double)khz / 1e6);
	else
		hv_report_add(report, HV_VERDICT_SLOW, "time-stamp counter",
			      "guests ask for the time by an exit; the feature "
			      "clock is not granted",
			      "not stable, or not the same in guests");
}

static void report_vectors(const struct guest *guest, struct hv_report *report)
{
	uint64_t xcr0 = guest->engine->xcr0;

	hv_report_add(report, HV_VERDICT_GOOD, "vector registers",
		      "guests may use these",
		      "SSE%s%s", xcr0 & 0x4 ? ", AVX" : "",
		      (xcr0 & 0xe0) == 0xe0 ? ", AVX-512" : "");
}

static int start(struct guest *guest, struct hv_error *err)
{
	const struct hv_bases none = { 0, 0 };
	const struct hv_regs entry = {
		.rip = CODE_GPA, .rsp = guest->layout.stack_top,
		.rdi = hv_window_addr(HV_WINDOW_OPS), .rflags = 2,
	};
	int status = guest->cpu->ops->cpu_start(guest->cpu, &entry,
						guest->engine->root_initial,
						&none);

	if (status < 0)
		return hv_fail(err, HV_STATUS_HOST,
			       "KVM on this host refuses 64-bit mode at ring 3: %s",
			       strerror(-status));
	return 0;
}

static int run_and_measure(struct guest *guest, struct hv_report *report,
			   struct hv_error *err)
{
	double exit_ns;

	if (start(guest, err) < 0 ||
	    answer(guest, 0, 0, err) < 0 ||
	    measure_exit(guest, &exit_ns, report, err) < 0 ||
	    measure_pass(guest, exit_ns, report, err) < 0)
		return -1;
	return bind_and_measure_doorbell(guest, exit_ns, report, err);
}

void hv_probe_guest(struct hv_report *report)
{
	struct guest guest = { .engine = NULL };
	struct hv_error err = { .text = "" };

	hv_probe_begin(LIMIT_NS);
	if (create(&guest, &err) < 0 ||
	    run_and_measure(&guest, report, &err) < 0) {
		hv_report_add(report, HV_VERDICT_FATAL, "a small guest",
			      "no guest can run until this is mended", "%s",
			      err.text);
	} else {
		report_clock(&guest, report);
		report_vectors(&guest, report);
	}
	done(&guest);
	hv_probe_end();
}
