/* SPDX-License-Identifier: MIT
 *
 * The KVM engine: guests at ring 3 under KVM, no in-kernel interrupt controller.
 * kvm-cpu.c has the vCPUs, kvm-tables.c what the processor reads, page-tables.c
 * what it translates with.
 */
#include "engine-kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest-memory.h"
#include "kvm-stats.h"
#include "kvm-tables.h"
#include "page-tables.h"
#include "roots.h"

enum slot { SLOT_RAM, SLOT_WINDOW, SLOT_FIXED, SLOT_TABLES, SLOT_ROOTS };

int hv_kvm_refuses(struct hv_error *err, const char *what)
{
	return hv_fail(err, HV_STATUS_HOST, "KVM on this host refuses %s: %s",
		       what, strerror(errno));
}

int hv_kvm_open(struct hv_error *err)
{
	int dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (dev < 0 && errno == ENOENT)
		return hv_fail(err, HV_STATUS_HOST,
			       "there is no /dev/kvm here: load the kvm_intel or kvm_amd module, or enable virtualization in the firmware (`paravane doctor` tells more)");
	if (dev < 0 && (errno == EACCES || errno == EPERM))
		return hv_fail(err, HV_STATUS_HOST,
			       "no permission to use /dev/kvm: join its group (usually kvm) or run as root");
	if (dev < 0)
		return hv_fail(err, HV_STATUS_HOST, "cannot open /dev/kvm: %s",
			       strerror(errno));
	if (ioctl(dev, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) {
		close(dev);
		return hv_fail(err, HV_STATUS_HOST,
			       "/dev/kvm does not speak KVM's API version %d",
			       KVM_API_VERSION);
	}
	return dev;
}

static int set_memory(struct hv_kvm *k, enum slot slot, pv_gpa_t gpa,
		      const void *base, uint64_t bytes, uint32_t flags)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)base,
	};

	return ioctl(k->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static int add_part(struct hv_kvm *k, enum slot slot, uint64_t from, uint64_t to,
		    uint32_t flags)
{
	const struct hv_window *w = k->window;

	return set_memory(k, slot, w->gpa + from, w->base + from, to - from,
			  flags);
}

/* A guest that makes no page tables cannot name what is in the window: it is
 * spared the time that further slots take. */
static int add_window(struct hv_kvm *k, bool guest_tables)
{
	if (!guest_tables)
		return add_part(k, SLOT_WINDOW, 0, k->window->bytes, 0);
	if (add_part(k, SLOT_WINDOW, 0, HV_WINDOW_FIXED, 0) < 0 ||
	    add_part(k, SLOT_FIXED, HV_WINDOW_FIXED, HV_WINDOW_MAPPED,
		     KVM_MEM_READONLY) < 0)
		return -1;
	return add_part(k, SLOT_TABLES, HV_WINDOW_MAPPED, k->window->bytes, 0);
}

static bool has(const struct hv_kvm *k, long capability)
{
	return ioctl(k->vm, KVM_CHECK_EXTENSION, capability) > 0;
}

/* Else KVM writes the hypercall instruction of the host's processor over that of the
 * other maker's, in the guest's code: a page fault where that is read-only. Not before
 * Linux 5.19. */
static void leave_code_alone(struct hv_kvm *k)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_DISABLE_QUIRKS2,
		.args = { KVM_X86_QUIRK_FIX_HYPERCALL_INSN },
	};

	(void)ioctl(k->vm, KVM_ENABLE_CAP, &cap);
}

static int create_vm(struct hv_kvm *k, const struct hv_memory *memory,
		     bool guest_tables, struct hv_error *err)
{
	const int wanted = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS |
			   KVM_SYNC_X86_EVENTS;
	int bytes = ioctl(k->dev, KVM_GET_VCPU_MMAP_SIZE, 0);

	k->vm = ioctl(k->dev, KVM_CREATE_VM, 0);
	if (k->vm < 0 || bytes < 0)
		return hv_kvm_refuses(err, "to create a VM");
	if (!has(k, KVM_CAP_IMMEDIATE_EXIT))
		return hv_fail(err, HV_STATUS_HOST,
			       "KVM on this host lacks immediate exits: Linux 4.11 or later is needed");
	if (set_memory(k, SLOT_RAM, 0, memory->base, memory->bytes, 0) < 0 ||
	    add_window(k, guest_tables) < 0)
		return hv_kvm_refuses(err, "the guest's memory");
	leave_code_alone(k);
	k->run_bytes = (size_t)bytes;
	k->sync_regs = (ioctl(k->vm, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS) &
			wanted) == wanted;
	return 0;
}

static void on_kick(int signal)
{
	(void)signal; /* interrupting KVM_RUN is all it is for */
}

void hv_kvm_handle_signals(void)
{
	struct sigaction action = { .sa_handler = on_kick };
	struct sigaction bus_error = { .sa_sigaction = hv_kvm_on_bus_error,
				       .sa_flags = SA_SIGINFO };

	sigaction(HV_KVM_KICK_SIGNAL, &action, NULL);
	sigaction(SIGBUS, &bus_error, NULL);
}

static void kvm_free(struct hv_engine *engine)
{
	struct hv_kvm *k = hv_kvm_of(engine);

	for (unsigned i = 0; i < PV_VCPUS_MAX; i++)
		hv_kvm_cpu_free(k->cpu[i]);
	if (k->vm >= 0)
		close(k->vm);
	if (k->dev >= 0)
		close(k->dev);
	free(k);
}

/* Software KVM is what there is without virtualization by the processor, and may be
 * there beside it. */
bool hv_kvm_is_software(const struct hv_cpuid *cpuid)
{
	return !cpuid->host_virtualizes ||
	       access("/sys/module/kvm_pvm", F_OK) == 0;
}

static void fill_window(struct hv_kvm *k, const struct hv_layout *layout,
			unsigned vcpus)
{
	struct hv_page_tables tables;

	hv_kvm_tables_fill(k->window, vcpus, k->cpuid.host_keys,
			   hv_kvm_is_software(&k->cpuid));
	hv_page_tables_build(k->window, layout, vcpus, &tables);
	k->engine.root_initial = tables.root;
	k->engine.root_entry_kernel = tables.entry_kernel;
	k->engine.root_entry_user = tables.entry_user;
	k->engine.frame_cs = HV_SEL_USER_CODE;
	k->engine.frame_ss = HV_SEL_USER_DATA;
}

static int kvm_create(struct hv_engine **ret_engine, const struct hv_memory *memory,
		      const struct hv_layout *layout, struct hv_window *window,
		      const struct hv_engine_options *options,
		      struct hv_error *err)
{
	const uint64_t tables = PV_FEATURE_MMU | PV_FEATURE_USER;
	const uint64_t huge = PV_FEATURE_MMU | PV_FEATURE_HUGE_PAGES;
	struct hv_kvm *k = calloc(1, sizeof(*k));

	if (!k)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	k->engine.ops = &hv_engine_kvm;
	k->window = window;
	k->user_mode = options->features & PV_FEATURE_USER;
	k->dev = k->vm = -1;
	hv_cpuid_fill(&k->cpuid);
	atomic_init(&k->keys, k->cpuid.host_keys);
	fill_window(k, layout, options->vcpus);
	k->dev = hv_kvm_open(err);
	if (k->dev < 0 ||
	    create_vm(k, memory, options->features & tables, err) < 0 ||
	    hv_cpuid_check_reach(&k->cpuid,
				 hv_roots_gpa(k->window) + HV_ROOTS_BYTES,
				 err) < 0) {
		kvm_free(&k->engine);
		return -1;
	}
	k->engine.huge_pages = (options->features & huge) == huge &&
			       hv_cpuid_huge_pages(k->dev);
	if (!k->engine.huge_pages)
		hv_cpuid_without_huge_pages(&k->cpuid);
	hv_kvm_handle_signals();
	*ret_engine = &k->engine;
	return 0;
}

static struct json_object *kvm_counters(struct hv_engine *engine)
{
	struct hv_kvm *k = hv_kvm_of(engine);
	int fd[PV_VCPUS_MAX];
	unsigned vcpus = 0;

	for (unsigned i = 0; i < PV_VCPUS_MAX; i++)
		if (k->cpu[i])
			fd[vcpus++] = k->cpu[i]->fd;
	return hv_kvm_stats(fd, vcpus);
}

static int kvm_set_doorbell(struct hv_engine *engine, uint32_t number,
			    int eventfd, bool on)
{
	struct kvm_ioeventfd bind = {
		.datamatch = number,
		.addr = HV_PORT_DOORBELL,
		.len = 4,
		.fd = eventfd,
		.flags = KVM_IOEVENTFD_FLAG_PIO | KVM_IOEVENTFD_FLAG_DATAMATCH |
			 (on ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN),
	};

	return ioctl(hv_kvm_of(engine)->vm, KVM_IOEVENTFD, &bind) < 0 ? -errno
								      : 0;
}

/* KVM without nested paging keeps tables of its own, made from these, and learns
 * of changes by the guest only: they go with the slot. */
static int kvm_map_tables(struct hv_engine *engine, pv_gpa_t gpa, void *base,
			  uint64_t bytes)
{
	struct hv_kvm *k = hv_kvm_of(engine);

	if (k->tables_mapped && set_memory(k, SLOT_ROOTS, gpa, base, 0, 0) < 0)
		return -errno;
	k->tables_mapped = false;
	if (set_memory(k, SLOT_ROOTS, gpa, base, bytes, 0) < 0)
		return -errno;
	k->tables_mapped = true;
	return 0;
}

const struct hv_engine_ops hv_engine_kvm = {
	.name = "kvm",
	.create = kvm_create,
	.free = kvm_free,
	.counters = kvm_counters,
	.set_doorbell = kvm_set_doorbell,
	.map_tables = kvm_map_tables,
	.cpu_create = hv_kvm_cpu_create,
	.cpu_adopt = hv_kvm_cpu_adopt,
	.cpu_start = hv_kvm_cpu_start,
	.cpu_run = hv_kvm_cpu_run,
	.cpu_kick = hv_kvm_cpu_kick,
	.cpu_kick_byte = hv_kvm_cpu_kick_byte,
	.cpu_regs = hv_kvm_cpu_regs,
	.cpu_bases = hv_kvm_cpu_bases,
	.cpu_enter = hv_kvm_cpu_enter,
	.cpu_flush = hv_kvm_cpu_flush,
	.cpu_busy = hv_kvm_cpu_busy,
	.cpu_returning = hv_kvm_cpu_returning,
};
