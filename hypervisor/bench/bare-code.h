/* SPDX-License-Identifier: MIT
 *
 * The guests of the floors: bare-code.S has them, bare-kvm.h runs them. What the two
 * agree on, in the assembler's C.
 */
#ifndef HV_BENCH_BARE_CODE_H
#define HV_BENCH_BARE_CODE_H

#define HV_BARE_CODE 0x10000      /* where the code lies for the guest */
#define HV_BARE_USER_CODE 0x11000 /* and again, for user mode */
#define HV_BARE_STARTED 0x12000   /* cells of 8 bytes */
#define HV_BARE_ARRIVED 0x12008   /* and one more for the second vCPU */

#define HV_BARE_PORT_CALL 0x50
#define HV_BARE_PORT_BLOCK 0x51
#define HV_BARE_PORT_FAULT 0x52
#define HV_BARE_PORT_SYSCALL 0x53
#define HV_BARE_PORT_REPORT 0x54

#define HV_BARE_FAULTS 1024 /* raised before hv_bare_faults calls once */

#ifndef __ASSEMBLER__
#include <stdint.h>

extern const uint8_t hv_bare_code[], hv_bare_code_end[];
/* Where to begin. */
extern const uint8_t hv_bare_call[], hv_bare_faults[], hv_bare_system_calls[];
extern const uint8_t hv_bare_spin[], hv_bare_call_and_spin[], hv_bare_send[];
extern const uint8_t hv_bare_send_and_block[], hv_bare_block_and_send[];
/* Where exceptions, SYSCALL and upcalls lead. */
extern const uint8_t hv_bare_skip_ud2[], hv_bare_fault[], hv_bare_syscall[];
extern const uint8_t hv_bare_stamp[], hv_bare_stamp_second[];
#endif

#endif
