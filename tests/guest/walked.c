/* SPDX-License-Identifier: MIT
 *
 * What `paravane walk` is shown: pages of two sizes in tables of the guest's own,
 * and then by its argument: "crash" writes to one that is read-only, "wait" says
 * that it is ready and waits, "user" does so in user mode.
 */
#include <pvguest/pvguest.h>

#define FEATURES (PV_FEATURE_MMU | PV_FEATURE_USER)
PVG_NOTE(FEATURES, PVG_FEATURES_DEFAULT | FEATURES, 0, 0);

#define SMALL UINT64_C(0x400000000000)
#define LARGE UINT64_C(0x400040000000)
#define LARGE_BYTES (UINT64_C(2) << 20)
#define CODE UINT64_C(0x10000)

static struct pvg_space space, user_space;
static struct pv_user user;

static void map(void)
{
	char *page = pvg_pages_alloc(1);
	char *large = pvg_pages_alloc_aligned(512, LARGE_BYTES);

	if (!page || !large)
		pvg_panic("too little memory");
	strcpy(page, "small page");
	strcpy(large + 0x1234, "large page");
	pvg_space_init(&space);
	pvg_space_map_ram(&space);
	pvg_space_map(&space, SMALL, pvg_gpa(page), PVG_PAGE_BYTES, 0);
	pvg_space_map(&space, LARGE, pvg_gpa(large), LARGE_BYTES,
		      PVG_WRITE | PVG_LARGE);
	if (pvg_root_load(pvg_space_root(&space)) < 0)
		pvg_panic("its root is not taken");
}

static void spin_as_user(void)
{
	static const uint8_t endless[] = { 0xeb, 0xfe };
	uint8_t *code = pvg_pages_alloc(1);

	memcpy(code, endless, sizeof(endless));
	pvg_space_init(&user_space);
	pvg_space_map(&user_space, CODE, pvg_gpa(code), PVG_PAGE_BYTES, PVG_EXEC);
	user.root = pvg_space_root(&user_space);
	user.rip = CODE;
	pvg_op_user_run(&user);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	map();
	pvg_printf("ready\n");
	pvg_console_flush();
	if (!strcmp(what, "crash"))
		*(volatile int *)(uintptr_t)SMALL = 1;
	if (!strcmp(what, "user"))
		spin_as_user();
	if (!strcmp(what, "wait"))
		pvg_sleep_ns(UINT64_C(60000000000));
	return 0;
}
