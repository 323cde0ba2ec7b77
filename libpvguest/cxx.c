/* SPDX-License-Identifier: MIT
 *
 * What a C++ compiler calls behind one's back (Itanium C++ ABI), so that
 * programs without exceptions, run-time type information and the standard
 * library link: new and delete, static objects, virtual functions. The names
 * are the mangled ones; C writes them as they are.
 *
 * Memory exhausted is a panic: without exceptions new has no way to fail.
 */
#include <pvguest/libc.h>
#include <pvguest/panic.h>
#include <pvguest/vcpu.h>

#include "internal.h"

/* new(unsigned long), new[], their aligned and nothrow forms */
void *_Znwm(size_t len);
void *_Znam(size_t len);
void *_ZnwmSt11align_val_t(size_t len, size_t align);
void *_ZnamSt11align_val_t(size_t len, size_t align);
void *_ZnwmRKSt9nothrow_t(size_t len, const void *nothrow);
void *_ZnamRKSt9nothrow_t(size_t len, const void *nothrow);

static void *surely(void *object, size_t len)
{
	if (PVG_UNLIKELY(!object))
		pvg_panic("operator new: no memory for %zu bytes", len);
	return object;
}

void *_Znwm(size_t len)
{
	return surely(malloc(len), len);
}

void *_Znam(size_t len)
{
	return surely(malloc(len), len);
}

void *_ZnwmSt11align_val_t(size_t len, size_t align)
{
	return surely(aligned_alloc(align, len), len);
}

void *_ZnamSt11align_val_t(size_t len, size_t align)
{
	return surely(aligned_alloc(align, len), len);
}

void *_ZnwmRKSt9nothrow_t(size_t len, const void *nothrow)
{
	(void)nothrow;
	return malloc(len);
}

void *_ZnamRKSt9nothrow_t(size_t len, const void *nothrow)
{
	(void)nothrow;
	return malloc(len);
}

/* delete, delete[]: plain, sized, aligned, sized and aligned. The heap knows
 * the size, so all are free; further arguments lie in registers it ignores. */
void _ZdlPv(void *object);
void _ZdaPv(void *object);
void _ZdlPvm(void *object);
void _ZdaPvm(void *object);
void _ZdlPvSt11align_val_t(void *object);
void _ZdaPvSt11align_val_t(void *object);
void _ZdlPvmSt11align_val_t(void *object);
void _ZdaPvmSt11align_val_t(void *object);

void _ZdlPv(void *object)
{
	free(object);
}

#define ALSO_FREE(name) void name(void *object) __attribute__((alias("_ZdlPv")))
ALSO_FREE(_ZdaPv);
ALSO_FREE(_ZdlPvm);
ALSO_FREE(_ZdaPvm);
ALSO_FREE(_ZdlPvSt11align_val_t);
ALSO_FREE(_ZdaPvSt11align_val_t);
ALSO_FREE(_ZdlPvmSt11align_val_t);
ALSO_FREE(_ZdaPvmSt11align_val_t);

/* Destructors of static objects. There is one image, so its handle is not
 * looked at. */
extern void *__dso_handle;
void *__dso_handle;
int __cxa_atexit(void (*fn)(void *object), void *object, void *dso);

int __cxa_atexit(void (*fn)(void *object), void *object, void *dso)
{
	(void)dso;
	return pvg_at_exit(fn, object);
}

/* Static objects inside functions: the first byte of a guard says that the
 * object is made, the second half who makes it. A guard found being held by
 * oneself was entered by its own initialiser; others wait. */
int __cxa_guard_acquire(uint32_t *guard);
void __cxa_guard_release(uint32_t *guard);
void __cxa_guard_abort(uint32_t *guard);

/* Not 0: the thread, where there are threads, else the vCPU. */
static uint32_t self(void)
{
	uint64_t thread = pvg_vcpu()->own[PVG_OWN_THREAD];

	return thread ? (uint32_t)(thread >> 4) | 1u << 31
		      : pvg_vcpu_number() + 1;
}

static bool is_made(const uint32_t *guard)
{
	return __atomic_load_n((const uint8_t *)guard, __ATOMIC_ACQUIRE);
}

static bool hold(uint32_t *guard)
{
	uint32_t maker = 0;

	if (__atomic_compare_exchange_n(&guard[1], &maker, self(), false,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return true;
	if (maker == self())
		pvg_panic("a static object's initialiser needs the object");
	return false;
}

int __cxa_guard_acquire(uint32_t *guard)
{
	while (!is_made(guard)) {
		if (!hold(guard)) {
			pvg_op_yield();
			continue;
		}
		if (!is_made(guard))
			return 1;
		__cxa_guard_abort(guard); /* made since we looked */
	}
	return 0;
}

void __cxa_guard_release(uint32_t *guard)
{
	__atomic_store_n((uint8_t *)guard, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&guard[1], 0, __ATOMIC_RELEASE);
}

void __cxa_guard_abort(uint32_t *guard)
{
	__atomic_store_n(&guard[1], 0, __ATOMIC_RELEASE);
}

__attribute__((noreturn)) void __cxa_pure_virtual(void);
__attribute__((noreturn)) void __cxa_deleted_virtual(void);

void __cxa_pure_virtual(void)
{
	pvg_panic("a pure virtual function was called");
}

void __cxa_deleted_virtual(void)
{
	pvg_panic("a deleted virtual function was called");
}

/* Classes with virtual functions point to type information, and that to the
 * tables of these three classes (std::type_info's kinds: no base, one base,
 * several). Nobody calls through them without dynamic_cast, which is not there
 * and does not link. */
#define TYPE_INFO_TABLE(name)                                                 \
	extern void *const name[11];                                          \
	void *const name[11] = { NULL }
TYPE_INFO_TABLE(_ZTVN10__cxxabiv117__class_type_infoE);
TYPE_INFO_TABLE(_ZTVN10__cxxabiv120__si_class_type_infoE);
TYPE_INFO_TABLE(_ZTVN10__cxxabiv121__vmi_class_type_infoE);
