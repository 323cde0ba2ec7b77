/* SPDX-License-Identifier: MIT
 *
 * A guest's state in a file: an ELF core file, so that gdb and readelf take it too,
 * with a note of ours.
 *
 *	PT_NOTE   NT_PRSTATUS for each vCPU that is up (gdb's thread number is the
 *	          vCPU's and 1), and the note "PARAVANE": struct
 *	          hv_dump_head, its vCPUs, its ranges, one after another
 *	PT_LOAD   guest RAM; p_vaddr as the initial page tables have it
 *	PT_LOAD   the window, all of it, with the initial page tables behind what
 *	          is mapped
 *	PT_LOAD   the copies of the guest's page-table roots, if there are any;
 *	          mapped nowhere
 *
 * p_paddr is the guest-physical address of each. The file has holes where no page
 * was ever touched. Numbers are little-endian; another layout is another version.
 */
#ifndef HV_DUMP_H
#define HV_DUMP_H

#include <pvabi/pvabi.h>
#include <stdbool.h>

#include "engine.h"
#include "error.h"
#include "file.h"
#include "layout.h"

struct hv_vm;

#define HV_DUMP_NOTE_NAME "PARAVANE"
#define HV_DUMP_NOTE_TYPE 0x5056 /* not one that readelf knows */
#define HV_DUMP_VERSION 1
#define HV_DUMP_PATH_BYTES 1024
#define HV_DUMP_REASON_BYTES 256

enum hv_dump_memory_kind {
	HV_DUMP_RAM,
	HV_DUMP_WINDOW,
	HV_DUMP_ROOTS,
	HV_DUMP_MEMORIES
};

/* Guest-physical memory and where the process that ran the guest had it. */
struct hv_dump_memory {
	uint64_t gpa, bytes, host; /* bytes 0: there was none */
};

/* Of a vCPU. */
#define HV_DUMP_UP (1u << 0)
#define HV_DUMP_USER (1u << 1)    /* in user mode: the user tables are in force */
#define HV_DUMP_ASLEEP (1u << 2)  /* in BLOCK */
#define HV_DUMP_SERVED (1u << 3)  /* the hypervisor was doing something for it
				   * that took long, such as writing to the console */

struct hv_dump_vcpu {
	uint32_t number, flags;
	struct hv_regs regs;
	uint64_t fs_base, gs_base;
	/* The guest's roots, and what the processor had instead; PV_ROOT_INITIAL
	 * and 0 are none. */
	uint64_t kernel_root, kernel_tables;
	uint64_t user_root, user_tables;
};

struct hv_dump_range {
	uint64_t base, bytes;
	uint32_t type;        /* enum pv_memory_type */
	uint32_t write, exec; /* 0 or 1 */
	uint32_t reserved;
};

struct hv_dump_head {
	uint32_t version;    /* HV_DUMP_VERSION */
	uint32_t head_bytes, vcpu_bytes, range_bytes; /* of each struct */
	uint32_t vcpus, ranges;
	uint32_t end;        /* enum hv_end; HV_END_NOT: it was paused */
	uint32_t faulted;    /* 1: a page fault ended it, at fault_address */
	uint64_t end_detail;
	uint32_t crashed;    /* 1: crash_vcpu is whose fault it was */
	uint32_t crash_vcpu;
	uint64_t fault_address;
	uint64_t root_initial; /* the hypervisor's page tables */
	struct hv_dump_memory memory[HV_DUMP_MEMORIES];
	/* To know the image again. */
	uint64_t image_bytes, image_mtime_ns;
	char reason[HV_DUMP_REASON_BYTES];
	char image_path[HV_DUMP_PATH_BYTES]; /* absolute; "" if it is longer */
};

/* ---- dump-write.c */

/* The state of a VM whose vCPUs are out of the guest and stay out, to a new file.
 * 0 or -errno. */
int hv_dump_write_to(struct hv_vm *vm, int fd);

/* ---- dump-file.c */

/* Where dumps go: a name in a directory that is kept open. */
struct hv_dump_file {
	const char *path; /* the caller's */
	const char *name; /* its last part */
	int directory;
};

/* Makes sure that a file can be made there, and leaves none. */
int hv_dump_file_open(struct hv_dump_file *ret_file, const char *path,
		      struct hv_error *err);
void hv_dump_file_done(struct hv_dump_file *file);
/* The same to there: whole or not at all. What was there before is replaced. */
int hv_dump_write(struct hv_vm *vm, const struct hv_dump_file *file,
		  struct hv_error *err);

/* ---- dump-pages.c */

/* Memory to this place of a file, with holes for what is untouched or zero. The
 * file has nothing there yet. 0 or -errno. */
int hv_dump_pages(int fd, uint64_t offset, const uint8_t *base, uint64_t bytes);

/* ---- dump-read.c. A dump is from anywhere: nothing in it is believed that was not
 * checked. */

struct hv_dump {
	struct hv_file file;
	struct hv_dump_head head;
	struct hv_dump_vcpu vcpu[PV_VCPUS_MAX];
	struct hv_dump_range range[HV_RANGES_MAX];
	uint64_t offset[HV_DUMP_MEMORIES]; /* in the file */
};

/* The dump in [data, data + bytes), which must outlive *ret_dump. */
int hv_dump_parse(struct hv_dump *ret_dump, const void *data, size_t bytes,
		  struct hv_error *err);
/* path must outlive *ret_dump. */
int hv_dump_open(struct hv_dump *ret_dump, const char *path,
		 struct hv_error *err);
void hv_dump_done(struct hv_dump *dump);

/* The memory that all of [gpa, gpa + len) lies in, or NULL. */
const struct hv_dump_memory *hv_dump_memory_at(const struct hv_dump *dump,
					       pv_gpa_t gpa, uint64_t len);
/* A copy of what is there; false, if it is not all in one memory or not in the file
 * any more. */
bool hv_dump_read(const struct hv_dump *dump, pv_gpa_t gpa, void *ret,
		  uint64_t len);
/* The page tables in force on this vCPU. */
pv_gpa_t hv_dump_tables(const struct hv_dump_vcpu *vcpu);

/* ---- dump-place.c */

/* What lies at this guest-physical address, in words: "RAM, boot stack". Returns
 * text. */
char *hv_dump_place(const struct hv_dump *dump, pv_gpa_t gpa, char *text,
		    size_t bytes);
/* How it came to its end, if it did. Returns text. */
char *hv_dump_end_text(const struct hv_dump *dump, char *text, size_t bytes);

#endif
