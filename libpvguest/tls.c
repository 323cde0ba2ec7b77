/* SPDX-License-Identifier: MIT
 *
 * Thread-local variables, as x86-64 has them: below the address in FS base, where
 * that address itself lies. The linker script has what they begin as, and room
 * for the boot thread's; a thread's are beside its stack.
 */
#include <pvguest/libc.h>

#include "scheduler.h"

extern const char pvg_tls_start[], pvg_tls_data_end[], pvg_tls_end[];

/* The linker script puts it behind its variables. */
__attribute__((section(".bss.pvg_boot_thread"))) struct pvg_thread
	pvg_boot_thread;

size_t pvg_tls_space(void)
{
	size_t bytes = (size_t)(pvg_tls_end - pvg_tls_start);

	return (bytes + PVG_TLS_ALIGN - 1) & ~(size_t)(PVG_TLS_ALIGN - 1);
}

void pvg_tls_init(struct pvg_thread *thread)
{
	char *to = (char *)thread - pvg_tls_space();
	size_t data = (size_t)(pvg_tls_data_end - pvg_tls_start);

	memcpy(to, pvg_tls_start, data);
	memset(to + data, 0, pvg_tls_space() - data);
	thread->self = thread;
}

/* Without variables FS is left alone: not every processor of these days lets it
 * be set, and only threads need it then. */
void pvg_tls_start_boot_thread(void)
{
	struct pvg_thread *self = &pvg_boot_thread;

	self->vcpus = UINT64_MAX;
	self->nobody_joins = true;
	memcpy(self->name, "main", sizeof("main"));
	pvg_tls_init(self);
	pvg_vcpu()->own[PVG_OWN_THREAD] = (uint64_t)(uintptr_t)self;
	if (pvg_tls_space() > 0)
		pvg_fs_base_set(self);
}
