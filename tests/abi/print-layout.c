/* SPDX-License-Identifier: MIT
 *
 * Prints everything of the contract that is a number: size and alignment of
 * each shared struct, offset and size of each field, and each constant.
 * layout.sh compares it with layout.txt, so that no release changes the
 * contract by accident. After a change that is meant, in the repository's root:
 *
 *	build/tests/abi/print-layout >tests/abi/layout.txt
 *
 * A byte that belongs to no field is an error: padding is not part of the
 * contract, and a field forgotten here shows up as such a byte.
 */
#include <inttypes.h>
#include <pvabi/pvabi.h>
#include <stdio.h>

static const char *struct_name;
static size_t struct_bytes, covered_bytes;
static int holes;

static void hole_if_any(size_t next_offset)
{
	if (next_offset == covered_bytes)
		return;
	fprintf(stderr, "%s: bytes %zu to %zu belong to no field\n", struct_name,
		covered_bytes, next_offset);
	holes++;
}

static void struct_begin(const char *name, size_t bytes, size_t align)
{
	struct_name = name;
	struct_bytes = bytes;
	covered_bytes = 0;
	printf("%s: %zu bytes, aligned to %zu\n", name, bytes, align);
}

static void field(const char *name, size_t offset, size_t bytes)
{
	hole_if_any(offset);
	covered_bytes = offset + bytes;
	printf("%s.%s: at %zu, %zu bytes\n", struct_name, name, offset, bytes);
}

static void struct_end(void)
{
	hole_if_any(struct_bytes);
}

static void constant(const char *name, uint64_t value)
{
	printf("%s = 0x%" PRIx64 "\n", name, value);
}

#define STRUCT(type) struct_begin(#type, sizeof(type), _Alignof(type))
#define FIELD(type, name) \
	field(#name, offsetof(type, name), sizeof(((type *)0)->name))
#define CONSTANT(name) constant(#name, (uint64_t)(name))

static void note(void)
{
	STRUCT(struct pv_note);
	FIELD(struct pv_note, abi_version);
	FIELD(struct pv_note, flags);
	FIELD(struct pv_note, required);
	FIELD(struct pv_note, wanted);
	FIELD(struct pv_note, stack_bytes);
	FIELD(struct pv_note, memory_bytes);
	FIELD(struct pv_note, reserved);
	struct_end();
}

static void memory_range(void)
{
	STRUCT(struct pv_memory_range);
	FIELD(struct pv_memory_range, base);
	FIELD(struct pv_memory_range, bytes);
	FIELD(struct pv_memory_range, type);
	FIELD(struct pv_memory_range, reserved);
	struct_end();
}

static void device(void)
{
	STRUCT(struct pv_device);
	FIELD(struct pv_device, type);
	FIELD(struct pv_device, number);
	FIELD(struct pv_device, queues);
	FIELD(struct pv_device, queue_entries_max);
	FIELD(struct pv_device, name);
	FIELD(struct pv_device, config);
	FIELD(struct pv_device, reserved);
	struct_end();
}

static void boot_info(void)
{
	STRUCT(struct pv_boot_info);
	FIELD(struct pv_boot_info, magic);
	FIELD(struct pv_boot_info, size_bytes);
	FIELD(struct pv_boot_info, abi_version);
	FIELD(struct pv_boot_info, flags);
	FIELD(struct pv_boot_info, features);
	FIELD(struct pv_boot_info, ops_addr);
	FIELD(struct pv_boot_info, vcpu_addr);
	FIELD(struct pv_boot_info, vcpu_stride_bytes);
	FIELD(struct pv_boot_info, vcpus);
	FIELD(struct pv_boot_info, ram_bytes);
	FIELD(struct pv_boot_info, ranges_addr);
	FIELD(struct pv_boot_info, ranges);
	FIELD(struct pv_boot_info, devices);
	FIELD(struct pv_boot_info, devices_addr);
	FIELD(struct pv_boot_info, args_addr);
	FIELD(struct pv_boot_info, args_bytes);
	FIELD(struct pv_boot_info, argc);
	FIELD(struct pv_boot_info, xcr0);
	FIELD(struct pv_boot_info, poll_ns);
	FIELD(struct pv_boot_info, reserved);
	struct_end();
}

static void vcpu(void)
{
	STRUCT(struct pv_clock);
	FIELD(struct pv_clock, seq);
	FIELD(struct pv_clock, flags);
	FIELD(struct pv_clock, tsc);
	FIELD(struct pv_clock, mono_ns);
	FIELD(struct pv_clock, mult);
	FIELD(struct pv_clock, wall_offset_ns);
	FIELD(struct pv_clock, reserved);
	struct_end();

	STRUCT(struct pv_run);
	FIELD(struct pv_run, seq);
	FIELD(struct pv_run, state);
	FIELD(struct pv_run, since_ns);
	FIELD(struct pv_run, running_ns);
	FIELD(struct pv_run, blocked_ns);
	FIELD(struct pv_run, stolen_ns);
	FIELD(struct pv_run, renewed_ns);
	FIELD(struct pv_run, reserved);
	struct_end();

	STRUCT(struct pv_vcpu);
	FIELD(struct pv_vcpu, upcalls_masked);
	FIELD(struct pv_vcpu, upcalls_pending);
	FIELD(struct pv_vcpu, own);
	FIELD(struct pv_vcpu, masked);
	FIELD(struct pv_vcpu, pending);
	FIELD(struct pv_vcpu, clock);
	FIELD(struct pv_vcpu, run);
	FIELD(struct pv_vcpu, number);
	FIELD(struct pv_vcpu, reserved_number);
	FIELD(struct pv_vcpu, reserved);
	struct_end();
}

static void kernel(void)
{
	STRUCT(struct pv_call);
	FIELD(struct pv_call, op);
	FIELD(struct pv_call, reserved);
	FIELD(struct pv_call, arg);
	FIELD(struct pv_call, status);
	struct_end();

	STRUCT(struct pv_frame);
	FIELD(struct pv_frame, vector);
	FIELD(struct pv_frame, error_code);
	FIELD(struct pv_frame, fault_address);
	FIELD(struct pv_frame, rip);
	FIELD(struct pv_frame, cs);
	FIELD(struct pv_frame, rflags);
	FIELD(struct pv_frame, rsp);
	FIELD(struct pv_frame, ss);
	struct_end();

	STRUCT(struct pv_user);
	FIELD(struct pv_user, rax);
	FIELD(struct pv_user, rbx);
	FIELD(struct pv_user, rcx);
	FIELD(struct pv_user, rdx);
	FIELD(struct pv_user, rsi);
	FIELD(struct pv_user, rdi);
	FIELD(struct pv_user, rsp);
	FIELD(struct pv_user, rbp);
	FIELD(struct pv_user, r8);
	FIELD(struct pv_user, r9);
	FIELD(struct pv_user, r10);
	FIELD(struct pv_user, r11);
	FIELD(struct pv_user, r12);
	FIELD(struct pv_user, r13);
	FIELD(struct pv_user, r14);
	FIELD(struct pv_user, r15);
	FIELD(struct pv_user, rip);
	FIELD(struct pv_user, rflags);
	FIELD(struct pv_user, fs_base);
	FIELD(struct pv_user, gs_base);
	FIELD(struct pv_user, root);
	FIELD(struct pv_user, reason);
	FIELD(struct pv_user, vector);
	FIELD(struct pv_user, error_code);
	FIELD(struct pv_user, fault_address);
	struct_end();
}

static void ring(void)
{
	STRUCT(struct pv_ring);
	FIELD(struct pv_ring, req_prod);
	FIELD(struct pv_ring, rsp_cons);
	FIELD(struct pv_ring, rsp_event);
	FIELD(struct pv_ring, reserved_guest);
	FIELD(struct pv_ring, rsp_prod);
	FIELD(struct pv_ring, req_event);
	FIELD(struct pv_ring, reserved_host);
	struct_end();

	STRUCT(struct pv_segment);
	FIELD(struct pv_segment, gpa);
	FIELD(struct pv_segment, len_bytes);
	FIELD(struct pv_segment, reserved);
	struct_end();

	STRUCT(struct pv_ring_rsp);
	FIELD(struct pv_ring_rsp, token);
	FIELD(struct pv_ring_rsp, status);
	FIELD(struct pv_ring_rsp, done_bytes);
	struct_end();
}

static void block(void)
{
	STRUCT(struct pv_blk_request);
	FIELD(struct pv_blk_request, op);
	FIELD(struct pv_blk_request, flags);
	FIELD(struct pv_blk_request, segments);
	FIELD(struct pv_blk_request, reserved);
	FIELD(struct pv_blk_request, token);
	FIELD(struct pv_blk_request, offset_bytes);
	FIELD(struct pv_blk_request, len_bytes);
	FIELD(struct pv_blk_request, seg);
	struct_end();

	STRUCT(struct pv_blk_config);
	FIELD(struct pv_blk_config, size_bytes);
	FIELD(struct pv_blk_config, logical_block_bytes);
	FIELD(struct pv_blk_config, buffer_align_bytes);
	FIELD(struct pv_blk_config, segments_max);
	FIELD(struct pv_blk_config, flags);
	FIELD(struct pv_blk_config, request_bytes_max);
	FIELD(struct pv_blk_config, reserved);
	struct_end();
}

static void net(void)
{
	STRUCT(struct pv_net_frame);
	FIELD(struct pv_net_frame, flags);
	FIELD(struct pv_net_frame, segmentation);
	FIELD(struct pv_net_frame, header_bytes);
	FIELD(struct pv_net_frame, segment_bytes);
	FIELD(struct pv_net_frame, checksum_start);
	FIELD(struct pv_net_frame, checksum_offset);
	FIELD(struct pv_net_frame, reserved);
	struct_end();

	STRUCT(struct pv_net_request);
	FIELD(struct pv_net_request, op);
	FIELD(struct pv_net_request, flags);
	FIELD(struct pv_net_request, segments);
	FIELD(struct pv_net_request, len_bytes);
	FIELD(struct pv_net_request, token);
	FIELD(struct pv_net_request, frame);
	FIELD(struct pv_net_request, seg);
	struct_end();

	STRUCT(struct pv_net_config);
	FIELD(struct pv_net_config, mac);
	FIELD(struct pv_net_config, mtu_bytes);
	FIELD(struct pv_net_config, flags);
	FIELD(struct pv_net_config, receive_bytes_min);
	FIELD(struct pv_net_config, send_bytes_max);
	FIELD(struct pv_net_config, segments_max);
	FIELD(struct pv_net_config, reserved);
	struct_end();
}

static void constants(void)
{
	/* base.h */
	CONSTANT(PV_ABI_MAJOR);
	CONSTANT(PV_ABI_MINOR);
	CONSTANT(PV_ABI_VERSION);
	CONSTANT(PV_CACHE_LINE);
	CONSTANT(PV_PAGE_BYTES);
	/* error.h */
	CONSTANT(PV_EINVAL);
	CONSTANT(PV_ENOSYS);
	CONSTANT(PV_EFAULT);
	CONSTANT(PV_ERANGE);
	CONSTANT(PV_EBUSY);
	CONSTANT(PV_ENODEV);
	CONSTANT(PV_EAGAIN);
	CONSTANT(PV_ETIMEDOUT);
	CONSTANT(PV_EIO);
	CONSTANT(PV_ENOSPC);
	CONSTANT(PV_EROFS);
	CONSTANT(PV_EOPNOTSUPP);
	CONSTANT(PV_ENOMEM);
	CONSTANT(PV_E2BIG);
	/* feature.h */
	CONSTANT(PV_FEATURE_CLOCK);
	CONSTANT(PV_FEATURE_INPUT);
	CONSTANT(PV_FEATURE_RANDOM);
	CONSTANT(PV_FEATURE_BLOCK);
	CONSTANT(PV_FEATURE_UPCALLS);
	CONSTANT(PV_FEATURE_TIMER);
	CONSTANT(PV_FEATURE_TRAPS);
	CONSTANT(PV_FEATURE_MMU);
	CONSTANT(PV_FEATURE_SMP);
	CONSTANT(PV_FEATURE_NET);
	CONSTANT(PV_FEATURE_DIRECT);
	CONSTANT(PV_FEATURE_USER);
	CONSTANT(PV_FEATURE_HUGE_PAGES);
	CONSTANT(PV_FEATURE_NET_OFFLOAD);
	CONSTANT(PV_FEATURES_V1);
	CONSTANT(PV_FEATURES_KERNEL);
	/* note.h */
	CONSTANT(PV_NOTE_TYPE);
	CONSTANT(PV_STACK_DEFAULT_BYTES);
	CONSTANT(PV_STACK_MAX_BYTES);
	/* boot.h */
	CONSTANT(PV_WINDOW_BASE);
	CONSTANT(PV_WINDOW_BYTES);
	CONSTANT(PV_WINDOW_ROOT_ENTRY);
	CONSTANT(PV_BOOT_MAGIC);
	CONSTANT(PV_BOOT_TERMINAL);
	CONSTANT(PV_MEMORY_FREE);
	CONSTANT(PV_MEMORY_IMAGE);
	CONSTANT(PV_MEMORY_STACK);
	CONSTANT(PV_MEMORY_GUARD);
	CONSTANT(PV_DEVICE_BLOCK);
	CONSTANT(PV_DEVICE_NET);
	CONSTANT(PV_DEVICE_NAME_BYTES);
	CONSTANT(PV_DEVICE_CONFIG_BYTES);
	/* op.h */
	CONSTANT(PV_OP_SLOT_BYTES);
	CONSTANT(PV_OP_SLOTS);
	CONSTANT(PV_OP_NOP);
	CONSTANT(PV_OP_EXIT);
	CONSTANT(PV_OP_CRASH);
	CONSTANT(PV_OP_CONSOLE_WRITE);
	CONSTANT(PV_OP_CONSOLE_READ);
	CONSTANT(PV_OP_BLOCK);
	CONSTANT(PV_OP_YIELD);
	CONSTANT(PV_OP_CLOCK);
	CONSTANT(PV_OP_RANDOM);
	CONSTANT(PV_OP_QUEUE_OPEN);
	CONSTANT(PV_OP_QUEUE_CLOSE);
	CONSTANT(PV_OP_DOORBELL);
	CONSTANT(PV_OP_FEATURES);
	CONSTANT(PV_OP_SEND_EVENT);
	CONSTANT(PV_OP_SET_TIMER);
	CONSTANT(PV_OP_SET_TRAPS);
	CONSTANT(PV_OP_MMU_ROOT);
	CONSTANT(PV_OP_MMU_FLUSH);
	CONSTANT(PV_OP_VCPU_UP);
	CONSTANT(PV_OP_VCPU_DOWN);
	CONSTANT(PV_OP_MULTICALL);
	CONSTANT(PV_OP_YIELD_TO);
	CONSTANT(PV_OP_SET_UPCALL);
	CONSTANT(PV_OP_TRAP_RETURN);
	CONSTANT(PV_OP_UPCALL_RETURN);
	CONSTANT(PV_OP_USER_RUN);
	CONSTANT(PV_CALLS_MAX);
	CONSTANT(PV_ROOT_INITIAL);
	CONSTANT(PV_CLOCK_MONOTONIC);
	CONSTANT(PV_CLOCK_WALL);
	CONSTANT(PV_FOREVER);
	CONSTANT(PV_CONSOLE_MAX_BYTES);
	CONSTANT(PV_RANDOM_MAX_BYTES);
	CONSTANT(PV_EXIT_STATUS_MAX);
	/* vcpu.h */
	CONSTANT(PV_VCPUS_MAX);
	CONSTANT(PV_PORTS);
	CONSTANT(PV_PORT_WORDS);
	CONSTANT(PV_PORT_CONSOLE);
	CONSTANT(PV_PORT_TIMER);
	CONSTANT(PV_PORT_HOST);
	CONSTANT(PV_PORT_FIRST_FREE);
	CONSTANT(PV_RUN_RUNNING);
	CONSTANT(PV_RUN_BLOCKED);
	CONSTANT(PV_RUN_DOWN);
	/* trap.h */
	CONSTANT(PV_VECTORS);
	CONSTANT(PV_VECTOR_UPCALL);
	CONSTANT(PV_RED_ZONE_BYTES);
	/* user.h */
	CONSTANT(PV_USER_SYSCALL);
	CONSTANT(PV_USER_TRAP);
	CONSTANT(PV_USER_EVENT);
	/* ring.h */
	CONSTANT(PV_RING_REQ_BYTES);
	/* block.h */
	CONSTANT(PV_BLK_READ);
	CONSTANT(PV_BLK_WRITE);
	CONSTANT(PV_BLK_FLUSH);
	CONSTANT(PV_BLK_DISCARD);
	CONSTANT(PV_BLK_ZERO);
	CONSTANT(PV_BLK_SEGMENTS_INLINE);
	CONSTANT(PV_BLK_READ_ONLY);
	CONSTANT(PV_BLK_CAN_DISCARD);
	CONSTANT(PV_BLK_SEGMENTS_MAX);
	CONSTANT(PV_BLK_REQUEST_MAX_BYTES);
	CONSTANT(PV_BLK_QUEUES_MAX);
	CONSTANT(PV_BLK_ENTRIES_MAX);
	/* net.h */
	CONSTANT(PV_NET_RECEIVE);
	CONSTANT(PV_NET_SEND);
	CONSTANT(PV_NET_CHECKSUM_MISSING);
	CONSTANT(PV_NET_CHECKSUM_GOOD);
	CONSTANT(PV_NET_WHOLE);
	CONSTANT(PV_NET_TCP4);
	CONSTANT(PV_NET_TCP6);
	CONSTANT(PV_NET_SEGMENTS_INLINE);
	CONSTANT(PV_NET_CAN_CHECKSUM);
	CONSTANT(PV_NET_CAN_TCP4);
	CONSTANT(PV_NET_CAN_TCP6);
	CONSTANT(PV_NET_HEADER_BYTES);
	CONSTANT(PV_NET_SEGMENTED_MAX_BYTES);
	CONSTANT(PV_NET_SEGMENTS_MAX);
	CONSTANT(PV_NET_QUEUES_MAX);
	CONSTANT(PV_NET_ENTRIES_MAX);
	constant("PV_RING_BYTES(256)", PV_RING_BYTES(256));
	constant("PV_RING_REQ_OFFSET(3)", PV_RING_REQ_OFFSET(3));
	constant("PV_RING_RSP_OFFSET(256, 3)", PV_RING_RSP_OFFSET(256, 3));
	printf("PV_NOTE_NAME = \"%s\"\n", PV_NOTE_NAME);
}

int main(void)
{
	note();
	memory_range();
	device();
	boot_info();
	vcpu();
	kernel();
	ring();
	block();
	net();
	constants();
	return holes != 0;
}
