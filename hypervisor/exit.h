/* SPDX-License-Identifier: MIT
 *
 * What is done when a vCPU has left the guest.
 */
#ifndef HV_EXIT_H
#define HV_EXIT_H

struct hv_exit;
struct hv_vcpu;

void hv_exit_serve(struct hv_vcpu *vcpu, const struct hv_exit *exit);

#endif
