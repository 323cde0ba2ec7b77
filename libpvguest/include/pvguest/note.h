/* SPDX-License-Identifier: MIT
 *
 * The boot note of a guest that wants other than the default one:
 *
 *	PVG_NOTE(PV_FEATURE_BLOCK, PV_FEATURES_V1, 256 << 10, 0);
 *
 * once, at file scope, in one source file. The library's own note (nothing
 * required, PVG_FEATURES_DEFAULT wanted, default stack, any
 * memory) is a member of the archive that defines the same symbol, so it is
 * linked only into a guest that has none.
 */
#ifndef PVGUEST_NOTE_H
#define PVGUEST_NOTE_H

#include <pvabi/feature.h>
#include <pvabi/note.h>

/* An ELF note as it lies in the file: 4-byte aligned, name padded to 8. */
struct pvg_note_record {
	uint32_t namesz, descsz, type;
	char name[8];
	struct pv_note desc;
} __attribute__((packed, aligned(4)));
PV_SIZE_IS(struct pvg_note_record, 84);
PV_FIELD_AT(struct pvg_note_record, desc, 20);

/* What the library's own note wants: all that costs nothing until it is used. Page
 * tables of one's own and user mode (PV_FEATURE_MMU, PV_FEATURE_USER) make the start
 * some 0.1 ms longer, and are to be asked for. */
#define PVG_FEATURES_DEFAULT \
	(PV_FEATURES_V1 | PV_FEATURE_NET | PV_FEATURE_HUGE_PAGES | \
	 (PV_FEATURES_KERNEL & ~(PV_FEATURE_MMU | PV_FEATURE_USER)))

#ifdef __cplusplus
#define PVG_NOTE_LINKAGE extern "C"
#else
#define PVG_NOTE_LINKAGE extern
#endif

/* The linker script asks for this symbol. */
PVG_NOTE_LINKAGE const struct pvg_note_record pvg_note;

/* required, wanted: PV_FEATURE_*. stack_bytes: of the boot stack, 0 for
 * PV_STACK_DEFAULT_BYTES. memory_bytes: least RAM, 0 for no demand. */
#define PVG_NOTE(required, wanted, stack_bytes, memory_bytes)                 \
	/* said of the object too: gcc aligns large objects further */        \
	__attribute__((section(".note.PVABI"), used, aligned(4)))             \
	const struct pvg_note_record pvg_note = {                             \
		sizeof(PV_NOTE_NAME), sizeof(struct pv_note), PV_NOTE_TYPE,   \
		PV_NOTE_NAME,                                                 \
		{ PV_ABI_VERSION, 0, (required), (wanted), (stack_bytes),     \
		  (memory_bytes), { 0, 0, 0 } }                               \
	}

#endif
