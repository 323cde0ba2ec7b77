/* SPDX-License-Identifier: MIT
 *
 * Frames: pages of RAM with a count of who uses them. After a fork parent and
 * child share theirs, and either may end, or get a copy, first.
 */
#include "minikernel.h"

/* By page number. Written when a frame is taken, not before: the table of a large
 * RAM costs nothing where no frames were. */
static uint32_t *users;

static uint32_t *users_of(const void *frame)
{
	return &users[pvg_gpa(frame) / PVG_PAGE_BYTES];
}

void frames_init(void)
{
	size_t frames = pvg_pages_for(pvg_boot.ram_bytes);

	users = pvg_pages_alloc(pvg_pages_for(frames * sizeof(*users)));
	if (!users)
		give_up("there is no memory to begin with");
}

void *frame_alloc(void)
{
	void *frame = pvg_pages_alloc(1);

	if (frame)
		*users_of(frame) = 1;
	return frame;
}

void frame_share(void *frame)
{
	__atomic_fetch_add(users_of(frame), 1, __ATOMIC_RELAXED);
}

void frame_drop(void *frame)
{
	/* What the others did with it, they did before. */
	if (__atomic_sub_fetch(users_of(frame), 1, __ATOMIC_ACQ_REL) == 0)
		pvg_pages_free(frame, 1);
}

/* Of a frame that the caller uses. "No" stays true, since only users can make more
 * of them; "yes" may be out of date, which costs a copy nobody needed. */
bool frame_is_shared(const void *frame)
{
	return __atomic_load_n(users_of(frame), __ATOMIC_ACQUIRE) > 1;
}

bool frames_beyond(size_t frames)
{
	return pvg_pages_available() > frames;
}
