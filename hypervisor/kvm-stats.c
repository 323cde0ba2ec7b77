/* SPDX-License-Identifier: MIT
 *
 * See kvm-stats.h; the format is KVM_GET_STATS_FD's of Linux's
 * Documentation/virt/kvm/api.rst. It comes from the kernel, and is believed.
 */
#include "kvm-stats.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "json.h"

/* Of one vCPU, as it was when read. */
struct stats {
	int fd;
	struct kvm_stats_header header;
	char *descriptors;
};

static size_t stride(const struct stats *s)
{
	return sizeof(struct kvm_stats_desc) + s->header.name_size;
}

static const struct kvm_stats_desc *descriptor(const struct stats *s, uint32_t i)
{
	return (const void *)(s->descriptors + i * stride(s));
}

static void done(struct stats *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->descriptors);
}

static int open_stats(struct stats *s, int vcpu)
{
	size_t bytes;

	s->descriptors = NULL;
	s->fd = ioctl(vcpu, KVM_GET_STATS_FD, NULL);
	if (s->fd < 0 || pread(s->fd, &s->header, sizeof(s->header), 0) !=
				 sizeof(s->header))
		return -1;
	bytes = s->header.num_desc * stride(s);
	s->descriptors = malloc(bytes);
	if (!s->descriptors ||
	    pread(s->fd, s->descriptors, bytes, s->header.desc_offset) !=
		    (ssize_t)bytes)
		return -1;
	return 0;
}

/* Single numbers that only grow: no peaks, states or histograms. */
static bool is_counter(const struct kvm_stats_desc *d)
{
	return (d->flags & KVM_STATS_TYPE_MASK) == KVM_STATS_TYPE_CUMULATIVE &&
	       d->size == 1;
}

static uint64_t value(const struct stats *s, const struct kvm_stats_desc *d)
{
	uint64_t number = 0;

	if (pread(s->fd, &number, sizeof(number),
		  s->header.data_offset + d->offset) != sizeof(number))
		return 0;
	return number;
}

static void add(struct json_object *sums, const char *name, uint64_t more)
{
	struct json_object *sum;

	if (json_object_object_get_ex(sums, name, &sum))
		more += json_object_get_uint64(sum);
	hv_json_put_u64(sums, name, more);
}

struct json_object *hv_kvm_stats(const int *vcpu, unsigned vcpus)
{
	struct json_object *sums = json_object_new_object();
	struct stats s;

	for (unsigned i = 0; i < vcpus; i++) {
		if (open_stats(&s, vcpu[i]) < 0) {
			done(&s);
			json_object_put(sums);
			return NULL;
		}
		for (uint32_t n = 0; n < s.header.num_desc; n++) {
			const struct kvm_stats_desc *d = descriptor(&s, n);

			if (is_counter(d))
				add(sums, d->name, value(&s, d));
		}
		done(&s);
	}
	return sums;
}
