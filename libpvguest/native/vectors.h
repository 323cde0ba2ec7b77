/* SPDX-License-Identifier: MIT
 *
 * Which vectors interrupts have. The processor takes those with higher numbers first
 * (SDM volume 3, 11.8.3.1).
 */
#ifndef PVG_NATIVE_VECTORS_H
#define PVG_NATIVE_VECTORS_H

#define PVG_GSIS 64
#define PVG_INTERRUPT_GSI 0x30 /* and on: one for each GSI */
#define PVG_INTERRUPT_TIMER 0x80
#define PVG_INTERRUPT_EVENT 0x81 /* another vCPU made a port pending */
#define PVG_INTERRUPT_FLUSH 0x82
#define PVG_INTERRUPT_SPURIOUS 0xff

#endif
