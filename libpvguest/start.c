/* SPDX-License-Identifier: MIT
 *
 * From a boot info to main and back. The way here is boot.c of the backend.
 */
#include <pvguest/boot.h>
#include <pvguest/clock.h>
#include <pvguest/libc.h>
#include <pvguest/panic.h>

#include "internal.h"

/* One of these is there: the linker script sees to it. To clang++ a
 * freestanding main is a function like others and gets a mangled name. */
__attribute__((weak)) int main(int argc, char **argv);
__attribute__((weak)) int cxx_main_argv(int argc, char **argv)
	__asm__("_Z4mainiPPc");
__attribute__((weak)) int cxx_main(void) __asm__("_Z4mainv");

struct pv_boot_info pvg_boot;
const struct pv_clock *pvg_clock_record;

static void call_constructors(void)
{
	for (pvg_function *const *fn = pvg_init_array_start;
	     fn < pvg_init_array_end; fn++)
		(*fn)();
}

static uint64_t stack_bytes(void)
{
	const struct pv_memory_range *range = pvg_ranges();

	for (uint32_t i = 0; i < pvg_boot.ranges; i++)
		if (range[i].type == PV_MEMORY_STACK)
			return range[i].bytes;
	return 0;
}

static int call_main(int argc, char **argv)
{
	if (main)
		return main(argc, argv);
	return cxx_main_argv ? cxx_main_argv(argc, argv) : cxx_main();
}

/* The strings are not main's to write to. C lets main write to its own, so
 * they and the array that points to them are copied to the stack, as Unix has
 * it; the heap stays untouched until somebody wants it. */
__attribute__((noreturn)) static void run_main(void)
{
	size_t array = ((size_t)pvg_boot.argc + 1) * sizeof(char *);
	char **argv;
	char *text;

	if (array + pvg_boot.args_bytes > stack_bytes() / 2)
		pvg_panic("the %u arguments (%u bytes) do not fit the stack: "
			  "ask for a larger one with PVG_NOTE",
			  pvg_boot.argc, pvg_boot.args_bytes);
	argv = __builtin_alloca(array + pvg_boot.args_bytes);
	text = (char *)argv + array;
	memcpy(text, (const char *)(uintptr_t)pvg_boot.args_addr,
	       pvg_boot.args_bytes);
	for (uint32_t i = 0; i < pvg_boot.argc; i++) {
		argv[i] = text;
		text += strlen(text) + 1;
	}
	argv[pvg_boot.argc] = NULL;
	pvg_exit(call_main((int)pvg_boot.argc, argv));
}

void pvg_start(void)
{
	pvg_vcpu_prepare(0);
	pvg_tls_start_boot_thread();
	if (pvg_has(PV_FEATURE_CLOCK))
		pvg_clock_record = &pvg_vcpu_page(0)->clock;
	call_constructors();
	run_main();
}
