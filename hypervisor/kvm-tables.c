/* SPDX-License-Identifier: MIT
 *
 * See kvm-tables.h. Sources: Intel SDM vol. 3A, 3.4.5 (segment descriptors),
 * 6.14 (64-bit gates), 7.7 (64-bit task state), vol. 1, 19.5.2 (I/O bitmap).
 */
#include "kvm-tables.h"

#include <cpuid.h>
#include <pvabi/op.h>
#include <stdbool.h>
#include <string.h>

#include "engine.h"
#include "guest-memory.h"

/* Accessed, so that the processor need not write to the table. */
#define CODE_RING0 UINT64_C(0x00af9b000000ffff)
#define DATA_RING3 UINT64_C(0x00cff3000000ffff)
#define CODE_RING3 UINT64_C(0x00affb000000ffff)

#define TSS_RSP0 4
#define TSS_BITMAP_BASE 102
#define TSS_BITMAP 104

#define GATE_INTERRUPT UINT64_C(0x8e)
#define DPL_3 UINT64_C(0x60)
#define STUB_BYTES 8

static uint8_t *at(const struct hv_window *window, uint32_t offset)
{
	return window->base + offset;
}

static void fill_gdt(const struct hv_window *window)
{
	uint64_t gdt[HV_KVM_GDT_BYTES / 8] = {
		[HV_SEL_KERNEL_CODE / 8] = CODE_RING0,
		[HV_SEL_USER_DATA / 8] = DATA_RING3,
		[HV_SEL_USER_CODE / 8] = CODE_RING3,
	};

	memcpy(at(window, HV_KVM_GDT), gdt, sizeof(gdt));
}

static void fill_idt(const struct hv_window *window)
{
	uint64_t *gate = (uint64_t *)(void *)at(window, HV_KVM_IDT);

	for (unsigned vector = 0; vector < HV_VECTORS; vector++, gate += 2) {
		uint64_t stub = hv_window_addr(HV_KVM_STUBS + vector * STUB_BYTES);
		/* int3 is the one that ring 3 may raise by an instruction. */
		uint64_t type = GATE_INTERRUPT | (vector == HV_VECTOR_BREAKPOINT ? DPL_3 : 0);

		gate[0] = (stub & 0xffff) | HV_SEL_KERNEL_CODE << 16 |
			  type << 40 | (stub >> 16 & 0xffff) << 48;
		gate[1] = stub >> 32;
	}
}

/* ports: of the eight from HV_PORT_OPERATION on, those that are allowed. */
static void fill_tss(const struct hv_window *window, uint32_t offset,
		     unsigned vcpu, uint8_t ports)
{
	uint8_t *tss = at(window, offset);
	uint64_t stack = hv_window_addr(hv_kvm_stack(vcpu) + PV_PAGE_BYTES);
	uint16_t bitmap = TSS_BITMAP;

	memcpy(tss + TSS_RSP0, &stack, sizeof(stack));
	memcpy(tss + TSS_BITMAP_BASE, &bitmap, sizeof(bitmap));
	memset(tss + TSS_BITMAP, 0xff, HV_KVM_TSS_BYTES - TSS_BITMAP);
	tss[TSS_BITMAP + HV_PORT_OPERATION / 8] = (uint8_t)~ports;
}

static void fill_stubs(const struct hv_window *window)
{
	uint8_t *stub = at(window, HV_KVM_STUBS);

	for (unsigned vector = 0; vector < HV_VECTORS; vector++, stub += STUB_BYTES) {
		const uint8_t code[STUB_BYTES] = {
			0xe6, HV_PORT_FAULT, /* out %al, $HV_PORT_FAULT */
			0xf4,                /* hlt */
		};

		memcpy(stub, code, sizeof(code));
	}
}

static void fill_slot(const struct hv_window *window, enum pv_op op,
		      const uint8_t *code, size_t bytes)
{
	uint8_t *slot = at(window, HV_WINDOW_OPS + op * PV_OP_SLOT_BYTES);

	memset(slot, 0xcc, PV_OP_SLOT_BYTES);
	memcpy(slot, code, bytes);
}

/* rsp is at a struct pv_frame. */
static void fill_returns(const struct hv_window *window)
{
	static const uint8_t trap_return[] = {
		0x48, 0x83, 0xc4, 0x18, /* add $24, %rsp: to its rip */
		0x48, 0xcf,             /* iretq */
	};
	static const uint8_t upcall_return[] = {
		0x48, 0x83, 0xc4, 0x18, /* add $24, %rsp */
		/* movl $0, %gs:0: upcalls_masked */
		0x65, 0xc7, 0x04, 0x25, 0, 0, 0, 0, 0, 0, 0, 0,
		/* HV_KVM_RETURN_FROM: cmpl $0, %gs:4: upcalls_pending */
		0x65, 0x83, 0x3c, 0x25, 4, 0, 0, 0, 0,
		0x75, 0x02,             /* jne to the out */
		0x48, 0xcf,             /* iretq */
		0xe6, HV_PORT_RETURN,   /* out %al, $... */
	};

	_Static_assert(sizeof(upcall_return) <= PV_OP_SLOT_BYTES &&
			       offsetof(struct pv_vcpu, upcalls_masked) == 0 &&
			       offsetof(struct pv_vcpu, upcalls_pending) == 4,
		       "UPCALL_RETURN must fit its slot and the vCPU page");
	fill_slot(window, PV_OP_TRAP_RETURN, trap_return, sizeof(trap_return));
	fill_slot(window, PV_OP_UPCALL_RETURN, upcall_return,
		  sizeof(upcall_return));
}

/* In the code below. */
#define TO_NOP 8
#define TO_ANSWER 27
#define SLOT (HV_WINDOW_OPS + PV_OP_USER_RUN * PV_OP_SLOT_BYTES)

static void fill_user_run(const struct hv_window *window)
{
	static const uint8_t code[] = {
		0xb8, PV_OP_USER_RUN, 0, 0, 0, /* mov $op, %eax */
		0xe7, HV_PORT_OPERATION,       /* out %eax, $... */
		0x90,                          /* HV_KVM_KEYS_FROM: nop */
		0x66, 0x90,                    /* nop, or jmp to the ret */
		0x49, 0x89, 0xc0,              /* mov %rax, %r8 */
		0x31, 0xc9,                    /* HV_KVM_KEYS_SAVED: xor %ecx, %ecx */
		0x0f, 0x01, 0xee,              /* rdpkru */
		0x85, 0xc0,                    /* test %eax, %eax */
		0x74, 0x05,                    /* je to the answer */
		0x31, 0xc0,                    /* xor %eax, %eax */
		0x0f, 0x01, 0xef,              /* wrpkru */
		0x4c, 0x89, 0xc0,              /* HV_KVM_KEYS_DONE: mov %r8, %rax */
		0xc3,                          /* ret */
	};

	_Static_assert(sizeof(code) == TO_ANSWER + 4 &&
			       HV_KVM_KEYS_DONE == SLOT + TO_ANSWER &&
			       sizeof(code) <= PV_OP_SLOT_BYTES,
		       "the jumps must lead where they say");
	fill_slot(window, PV_OP_USER_RUN, code, sizeof(code));
}

void hv_kvm_without_keys(const struct hv_window *window)
{
	const uint16_t jump = 0xeb | (TO_ANSWER + 3 - (TO_NOP + 2)) << 8;
	uint16_t *nop = (uint16_t *)(void *)at(window, SLOT + TO_NOP);

	__atomic_store_n(nop, jump, __ATOMIC_RELAXED);
}

static void fill_operations(const struct hv_window *window, bool keys)
{
	static const uint8_t doorbell[] = {
		0x89, 0xf8,             /* mov %edi, %eax */
		0xe7, HV_PORT_DOORBELL, /* out %eax, $... */
		0x31, 0xc0,             /* xor %eax, %eax */
		0xc3,                   /* ret */
	};

	for (unsigned op = 0; op < PV_OP_SLOTS; op++) {
		const uint8_t code[] = {
			0xb8, (uint8_t)op, 0, 0, 0, /* mov $op, %eax */
			0xe7, HV_PORT_OPERATION,    /* out %eax, $... */
			0xc3,                       /* ret */
		};

		fill_slot(window, (enum pv_op)op, code, sizeof(code));
	}
	fill_slot(window, PV_OP_DOORBELL, doorbell, sizeof(doorbell));
	fill_returns(window);
	if (keys)
		fill_user_run(window);
}

static void fill_user_page(const struct hv_window *window)
{
	static const uint8_t syscall_stub[] = {
		0xe6, HV_PORT_SYSCALL, /* out %al, $... */
		0xf4,                  /* hlt: not reached */
	};
	static const uint8_t keys_stub[] = {
		0x31, 0xc0,         /* xor %eax, %eax */
		0x31, 0xc9,         /* xor %ecx, %ecx */
		0x31, 0xd2,         /* xor %edx, %edx */
		0x0f, 0x01, 0xef,   /* wrpkru */
		0xe6, HV_PORT_KEYS, /* out %al, $... */
	};

	memset(at(window, HV_WINDOW_USER), 0xcc, PV_PAGE_BYTES);
	memcpy(at(window, HV_KVM_SYSCALL), syscall_stub, sizeof(syscall_stub));
	memcpy(at(window, HV_KVM_KEYS_STUB), keys_stub, sizeof(keys_stub));
}

void hv_kvm_tables_fill(const struct hv_window *window, unsigned vcpus, bool keys,
			bool syscall_at_ring3)
{
	const uint8_t users = syscall_at_ring3 ? 1u << HV_PORT_SYSCALL % 8 : 0;

	fill_gdt(window);
	fill_idt(window);
	fill_stubs(window);
	fill_operations(window, keys);
	fill_user_page(window);
	for (unsigned vcpu = 0; vcpu < vcpus; vcpu++) {
		fill_tss(window, hv_kvm_tss(vcpu, false), vcpu, 0xff);
		fill_tss(window, hv_kvm_tss(vcpu, true), vcpu, users);
	}
}

uint8_t hv_kvm_task_state_type(void)
{
	uint32_t eax, name[3];

	__cpuid(0x40000000, eax, name[0], name[1], name[2]);
	return memcmp(name, "TCGTCGTCGTCG", sizeof(name)) ? 11 : 9;
}

static bool has_error_code(uint64_t vector)
{
	const uint32_t with = 1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 |
			      1u << 13 | 1u << 14 | 1u << 17 | 1u << 21 |
			      1u << 29 | 1u << 30;

	return vector < HV_VECTORS && (with >> vector & 1);
}

int hv_kvm_fault_frame(const struct hv_window *window, unsigned vcpu,
		       uint64_t rip, uint64_t rsp,
		       struct hv_fault_frame *ret_frame)
{
	uint64_t vector = (rip - hv_window_addr(HV_KVM_STUBS)) / STUB_BYTES;
	uint64_t bottom = hv_window_addr(hv_kvm_stack(vcpu));
	unsigned skip = has_error_code(vector);
	/* error code if it has one, rip, cs, rflags, rsp, ss */
	uint64_t frame[6] = { 0 }, words;

	words = (bottom + PV_PAGE_BYTES - rsp) / sizeof(frame[0]);
	if (vector >= HV_VECTORS || rsp < bottom || rsp % sizeof(frame[0]) ||
	    words < 5 + skip || words > 512)
		return -1;
	hv_copy_once(frame, at(window, hv_kvm_stack(vcpu) + (uint32_t)(rsp - bottom)),
		     (5 + skip) * sizeof(frame[0]));
	*ret_frame = (struct hv_fault_frame){
		.vector = vector,
		.error_code = skip ? frame[0] : 0,
		.rip = frame[skip],
		.rflags = frame[2 + skip],
		.rsp = frame[3 + skip],
	};
	return 0;
}
