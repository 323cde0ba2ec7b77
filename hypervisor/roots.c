/* SPDX-License-Identifier: MIT
 *
 * See roots.h.
 */
#include "roots.h"

#include <errno.h>
#include <pvabi/pvabi.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"
#include "page-tables.h"
#include "units.h"
#include "vm.h"

/* A root as it is taken: what is present, in order. Most of one is empty, and to
 * write and read that again costs more than all else here. */
struct root {
	unsigned count;
	uint16_t at[HV_PT_ENTRIES];
	uint64_t entry[HV_PT_ENTRIES];
};

pv_gpa_t hv_roots_gpa(const struct hv_window *window)
{
	return hv_round_up(window->gpa + window->bytes, HV_HUGE_PAGE_BYTES);
}

void hv_roots_init(struct hv_roots *roots)
{
	pthread_mutex_init(&roots->lock, NULL);
}

void hv_roots_done(struct hv_roots *roots)
{
	if (roots->base)
		munmap(roots->base, HV_ROOTS_BYTES);
	roots->base = NULL;
}

const void *hv_roots_at(const struct hv_roots *roots, pv_gpa_t gpa, uint64_t len)
{
	const uint8_t *base = roots->base; /* it may just be being made */

	if (!base || gpa < roots->gpa || gpa - roots->gpa > HV_ROOTS_BYTES - len)
		return NULL;
	return base + (gpa - roots->gpa);
}

static void keep(struct root *root, unsigned at, uint64_t entry)
{
	root->at[root->count] = (uint16_t)at;
	root->entry[root->count++] = entry;
}

/* The processor would find most of this itself, but a root is the one table that
 * nobody faults on harmlessly. */
static int64_t take_entry(const struct hv_vm *vm, struct root *root, unsigned at,
			  uint64_t entry)
{
	const uint64_t flags = HV_PT_PRESENT | HV_PT_WRITE | HV_PT_USER |
			       HV_PT_NO_EXEC | UINT64_C(0xe18) |
			       HV_PT_ACCESSED | HV_PT_DIRTY;
	const uint64_t ignored = UINT64_C(0x7ff) << 52;

	if (!(entry & HV_PT_PRESENT))
		return 0;
	if (entry & ~(flags | ignored | HV_PT_ADDRESS))
		return -PV_EINVAL;
	if (!hv_memory_at(&vm->memory, entry & HV_PT_ADDRESS, HV_PAGE))
		return -PV_EFAULT;
	/* Seen as accessed already: nobody writes to a copy. */
	keep(root, at, (entry & ~ignored) | HV_PT_ACCESSED);
	return 0;
}

/* Each entry is read once, and what was read is checked. */
static int64_t take_root(const struct hv_vm *vm, pv_gpa_t gpa, bool user,
			 struct root *ret_root)
{
	const uint64_t *guest;
	int64_t status = 0;

	if (gpa % HV_PAGE)
		return -PV_EINVAL;
	guest = hv_memory_at(&vm->memory, gpa, HV_PAGE);
	if (!guest)
		return -PV_EFAULT;
	ret_root->count = 0;
	for (unsigned i = 0; i < HV_PT_ENTRIES && status == 0; i++)
		if (i == PV_WINDOW_ROOT_ENTRY)
			keep(ret_root, i, user ? vm->engine->root_entry_user
					       : vm->engine->root_entry_kernel);
		else
			status = take_entry(vm, ret_root, i,
					    __atomic_load_n(&guest[i],
							    __ATOMIC_RELAXED));
	return status;
}

static unsigned bucket_of(const struct root *root)
{
	uint64_t hash = 0;

	for (unsigned i = 0; i < root->count; i++)
		hash = (hash ^ root->entry[i] ^ root->at[i]) *
		       UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(hash >> 56) % HV_ROOT_BUCKETS;
}

static uint64_t *page_of(const struct hv_roots *roots, unsigned number)
{
	return (uint64_t *)(void *)(roots->base + number * HV_PAGE);
}

/* With as many entries present, and the same, there is no other. */
static bool is_copy(const struct hv_roots *roots, unsigned number,
		    const struct root *root)
{
	const uint64_t *page = page_of(roots, number);

	if (roots->present[number] != root->count)
		return false;
	for (unsigned i = 0; i < root->count; i++)
		if (page[root->at[i]] != root->entry[i])
			return false;
	return true;
}

static void write_copy(struct hv_roots *roots, unsigned number,
		       const struct root *root)
{
	uint64_t *page = page_of(roots, number);

	memset(page, 0, HV_PAGE);
	for (unsigned i = 0; i < root->count; i++)
		page[root->at[i]] = root->entry[i];
	roots->present[number] = (uint16_t)root->count;
}

static int map_pool(struct hv_vm *vm)
{
	return vm->engine->ops->map_tables(vm->engine, vm->roots.gpa,
					   vm->roots.base, HV_ROOTS_BYTES);
}

static int make_pool(struct hv_vm *vm)
{
	struct hv_roots *roots = &vm->roots;
	void *base = mmap(NULL, HV_ROOTS_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int status;

	if (base == MAP_FAILED)
		return -errno;
	roots->gpa = hv_roots_gpa(&vm->window);
	roots->base = base;
	status = map_pool(vm);
	if (status < 0)
		hv_roots_done(roots);
	return status;
}

/* Nobody is in the guest while the copies go, and nobody enters it with one of
 * the old ones: each is told to read its root again. */
static int begin_anew(struct hv_vm *vm)
{
	struct hv_roots *roots = &vm->roots;
	int status;

	hv_vcpus_pause(vm);
	roots->used = 0;
	memset(roots->bucket, 0, sizeof(roots->bucket));
	atomic_fetch_add(&roots->generation, 1);
	for (unsigned i = 0; i < vm->vcpus; i++)
		atomic_store(&vm->vcpu[i].reload, true);
	status = map_pool(vm);
	hv_vcpus_resume(vm);
	return status;
}

static int add_copy(struct hv_vm *vm, const struct root *root, unsigned bucket,
		    unsigned *ret_number)
{
	struct hv_roots *roots = &vm->roots;
	int status = 0;

	if (!roots->base)
		status = make_pool(vm);
	else if (roots->used == HV_ROOTS_MAX)
		status = begin_anew(vm);
	if (status < 0)
		return status;
	*ret_number = roots->used++;
	write_copy(roots, *ret_number, root);
	roots->next[*ret_number] = roots->bucket[bucket];
	roots->bucket[bucket] = (uint16_t)(*ret_number + 1);
	return 0;
}

static int find_or_add(struct hv_vm *vm, const struct root *root,
		       unsigned bucket, unsigned *ret_number)
{
	struct hv_roots *roots = &vm->roots;

	for (unsigned n = roots->bucket[bucket]; n; n = roots->next[n - 1])
		if (is_copy(roots, n - 1, root)) {
			*ret_number = n - 1;
			return 0;
		}
	return add_copy(vm, root, bucket, ret_number);
}

bool hv_root_holds(const struct hv_roots *roots, const struct hv_root *root)
{
	return root->guest == PV_ROOT_INITIAL ||
	       root->generation == atomic_load(&roots->generation);
}

int64_t hv_roots_copy(struct hv_vm *vm, struct hv_root *root, bool user)
{
	struct root taken;
	unsigned bucket, number;
	int64_t status = take_root(vm, root->guest, user, &taken);

	if (status < 0)
		return status;
	bucket = bucket_of(&taken);
	pthread_mutex_lock(&vm->roots.lock);
	status = find_or_add(vm, &taken, bucket, &number);
	if (status == 0) {
		root->copy = vm->roots.gpa + number * HV_PAGE;
		root->generation = atomic_load(&vm->roots.generation);
	}
	pthread_mutex_unlock(&vm->roots.lock);
	if (status < 0)
		hv_vm_fail(vm, "this host refuses memory for page-table roots: %s",
			   strerror((int)-status));
	return status < 0 ? -PV_ENOMEM : 0;
}
