/* SPDX-License-Identifier: MIT
 *
 * What KVM itself counted of a machine's vCPUs: exits that never reached this program
 * too.
 */
#ifndef HV_KVM_STATS_H
#define HV_KVM_STATS_H

#include <json-c/json.h>

/* A new object of every counter by KVM's name for it, summed over the vCPUs of these
 * descriptors; NULL, as JSON's null, where KVM does not tell (Linux before 5.14). */
struct json_object *hv_kvm_stats(const int *vcpu, unsigned vcpus);

#endif
