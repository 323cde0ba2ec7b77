/* SPDX-License-Identifier: MIT
 *
 * Spaces: what a process sees as memory.
 *
 *	0x8000000000	from here on the program: text, constants, data
 *	behind it	the heap, as far as sbrk made it grow
 *	...		nothing
 *	0x803ffc0000	the stack
 *	0x8040000000
 *
 * A region says what may be at an address, the page tables what is. The difference
 * is made up for when it is noticed, by a page fault: a page that was never touched
 * is filled then (demand paging), and one that is shared since a fork is copied when
 * somebody writes to it (copy on write). Page tables never permit more than the
 * region does; they may permit less.
 *
 * Processors keep translations. Whoever changes an entry that was present has them
 * forgotten, by all vCPUs the process ran on, before a frame is used for anything
 * else. What was not present needs no such thing.
 */
#include "minikernel.h"

#define PAGE PVG_PAGE_BYTES

static void *frame_of(uint64_t entry)
{
	return (void *)(uintptr_t)(entry & PVG_PTE_ADDRESS);
}

static uint64_t page_of(uint64_t address)
{
	return address & ~(uint64_t)(PAGE - 1);
}

/* bytes 0: all of it; then no vCPU knows anything of the space. */
static void flush(struct space *space, uint64_t address, size_t bytes)
{
	if (space->vcpus)
		pvg_flush(space->vcpus, (void *)(uintptr_t)address, bytes);
	if (bytes == 0)
		space->vcpus = 0;
}

int space_init(struct space *ret_space)
{
	*ret_space = (struct space){ .kept_frames = FRAMES_KEPT };
	return pvg_space_init(&ret_space->tables) ? -E_MEMORY : 0;
}

int space_add(struct space *space, uint64_t start, uint64_t end,
	      unsigned rights, struct image_file content)
{
	uint64_t behind = USER_START;

	if (space->regions)
		behind = space->region[space->regions - 1].end;
	if (space->regions == SPACE_REGIONS || start % PAGE || start < behind ||
	    end < start || end > USER_END)
		return -E_FORMAT;
	space->region[space->regions++] = (struct region){
		.start = start,
		.end = page_of(end + PAGE - 1),
		.rights = rights,
		.content = content,
	};
	return 0;
}

int space_add_heap_and_stack(struct space *space)
{
	static const struct image_file nothing;
	uint64_t behind, stack = USER_END - STACK_BYTES;

	if (space->regions == 0 || space->regions > SPACE_REGIONS - 2)
		return -E_FORMAT;
	behind = space->region[space->regions - 1].end;
	if (behind > stack - PAGE ||
	    space_add(space, behind, behind, PVG_WRITE, nothing) < 0)
		return -E_FORMAT;
	return space_add(space, stack, USER_END, PVG_WRITE, nothing);
}

/* fault: which region, and does it permit this? */

static const struct region *region_at(const struct space *space,
				      uint64_t address)
{
	for (unsigned i = 0; i < space->regions; i++)
		if (address >= space->region[i].start &&
		    address < space->region[i].end)
			return &space->region[i];
	return NULL;
}

static void *frame_for(const struct space *space)
{
	return frames_beyond(space->kept_frames) ? frame_alloc() : NULL;
}

/* A new page: zeroes, and what the file has for it. */
static int demand(struct space *space, const struct region *region,
		  uint64_t page)
{
	uint64_t offset = page - region->start;
	uint64_t len = 0; /* of the file's part */
	char *frame;

	if (space->pages >= MEMORY_MAX_BYTES / PAGE)
		return -E_MEMORY;
	frame = frame_for(space);
	if (!frame)
		return -E_MEMORY;
	if (offset < region->content.len)
		len = region->content.len - offset;
	if (len > PAGE)
		len = PAGE;
	if (len > 0)
		memcpy(frame, region->content.bytes + offset, len);
	memset(frame + len, 0, PAGE - len);
	if (pvg_space_map(&space->tables, page, pvg_gpa(frame), PAGE,
			  region->rights) < 0) {
		frame_drop(frame);
		return -E_MEMORY;
	}
	space->pages++;
	count(&statistics.demand_pages);
	return 0;
}

/* A page that could be written to, was it not for a fork. */
static int unshare(struct space *space, const struct region *region,
		   uint64_t page, void *shared)
{
	bool copy = frame_is_shared(shared);
	void *frame = copy ? frame_for(space) : shared;

	if (!frame)
		return -E_MEMORY;
	if (copy) {
		memcpy(frame, shared, PAGE);
		count(&statistics.copies);
	}
	/* There is a table for it: this cannot fail. */
	pvg_space_map(&space->tables, page, pvg_gpa(frame), PAGE,
		      region->rights);
	flush(space, page, PAGE);
	if (copy)
		frame_drop(shared);
	return 0;
}

int space_fault(struct space *space, uint64_t address, unsigned access)
{
	const struct region *region = region_at(space, address);
	const uint64_t *entry;
	unsigned level; /* all pages are of 4 KiB */

	if (!region || access & ~region->rights)
		return -E_FAULT;
	entry = pvg_space_entry(&space->tables, address, &level);
	if (!entry)
		return demand(space, region, page_of(address));
	if (access & PVG_WRITE && !(*entry & PVG_PTE_WRITE))
		return unshare(space, region, page_of(address),
			       frame_of(*entry));
	return 0; /* it may: the kernel asks before it copies (user.c) */
}

/* fork: both get the same frames, and neither may write to them. */

static int share_page(uint64_t address, uint64_t *entry, unsigned level,
		      void *arg)
{
	unsigned exec = *entry & PVG_PTE_NO_EXEC ? 0 : PVG_EXEC;
	struct space *child = arg;

	(void)level;
	if (pvg_space_map(&child->tables, address, *entry & PVG_PTE_ADDRESS,
			  PAGE, exec) < 0)
		return -E_MEMORY;
	frame_share(frame_of(*entry));
	child->pages++;
	*entry &= ~(PVG_PTE_WRITE | PVG_PTE_DIRTY);
	return 0;
}

int space_fork(struct space *ret_child, struct space *parent)
{
	if (space_init(ret_child) < 0)
		return -E_MEMORY;
	memcpy(ret_child->region, parent->region, sizeof(parent->region));
	ret_child->regions = parent->regions;
	if (pvg_space_each(&parent->tables, share_page, ret_child) == 0) {
		flush(parent, 0, 0);
		return 0;
	}
	/* What was shared up to here becomes the parent's again by faults. */
	flush(parent, 0, 0);
	space_done(ret_child);
	return -E_MEMORY;
}

/* Giving memory back. */

static int drop_page(uint64_t address, uint64_t *entry, unsigned level,
		     void *arg)
{
	(void)address, (void)level, (void)arg;
	frame_drop(frame_of(*entry));
	return 0;
}

void space_done(struct space *space)
{
	flush(space, 0, 0);
	pvg_space_each(&space->tables, drop_page, NULL);
	pvg_space_done(&space->tables);
}

static void shrink(struct space *space, uint64_t from, uint64_t end)
{
	/* A page at a time: who gives back a sparse heap has to wait for it. */
	for (uint64_t at = from; at > end; at -= PAGE) {
		uint64_t page = at - PAGE;
		unsigned level;
		const uint64_t *entry = pvg_space_entry(&space->tables, page,
							&level);
		void *frame;

		if (!entry)
			continue;
		frame = frame_of(*entry);
		pvg_space_unmap(&space->tables, page, PAGE);
		flush(space, page, PAGE);
		frame_drop(frame);
		space->pages--;
	}
}

int64_t space_grow(struct space *space, int64_t bytes)
{
	struct region *heap = &space->region[space->regions - 2];
	uint64_t before = heap->end;
	uint64_t room = heap[1].start - PAGE - before; /* and a gap */
	uint64_t size = before - heap->start;

	if (bytes % PAGE)
		return -E_ARGUMENT;
	if (bytes >= 0 ? (uint64_t)bytes > room : -(uint64_t)bytes > size)
		return -E_MEMORY;
	if (bytes < 0)
		shrink(space, before, before + (uint64_t)bytes);
	heap->end = before + (uint64_t)bytes;
	return (int64_t)before;
}
