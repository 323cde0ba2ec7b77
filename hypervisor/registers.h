/* SPDX-License-Identifier: MIT
 *
 * The general registers by number and name.
 */
#ifndef HV_REGISTERS_H
#define HV_REGISTERS_H

#include "engine.h"

#define HV_REGISTERS (sizeof(struct hv_regs) / sizeof(uint64_t))

/* In the order of struct hv_regs. */
static const char *const hv_register_names[HV_REGISTERS] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip", "rflags",
};

static inline uint64_t hv_register(const struct hv_regs *regs, unsigned number)
{
	return ((const uint64_t *)(const void *)regs)[number];
}

#endif
