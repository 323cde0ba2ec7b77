/* SPDX-License-Identifier: MIT
 *
 * The ends of a guest: a mistake it cannot go on after, and a status.
 */
#ifndef PVGUEST_PANIC_H
#define PVGUEST_PANIC_H

#ifdef __cplusplus
extern "C" {
#endif

/* Flush the console and end the VM with a report: this message (cut at 512
 * bytes), the registers and a backtrace with the names of the guest's symbols,
 * which the hypervisor makes by walking the frame pointers. `paravane run` then
 * exits with its status for a guest stopped for a fault. Never allocates; safe
 * in any state. Cost 2 exits. */
__attribute__((noreturn, cold, format(printf, 1, 2))) void
pvg_panic(const char *format, ...);

/* Panic unless cond holds. On in every build. cond has no side effects. */
#define pvg_assert(cond)                                                      \
	((cond) ? (void)0                                                     \
		: pvg_panic("%s:%d: %s: assertion failed: %s", __FILE__,      \
			    __LINE__, __func__, #cond))

/* Run the atexit handlers and destructors, flush the console and end the VM.
 * 0 to 119 become the exit status of `paravane run`. Cost 1 exit, 2 with
 * unflushed output. Returning from main does this. */
__attribute__((noreturn)) void pvg_exit(int status);

#ifdef __cplusplus
}
#endif
#endif
