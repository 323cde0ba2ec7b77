/* SPDX-License-Identifier: MIT
 *
 * Probe of what a network's wire can be.
 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char name[] = "TAP interfaces";
static const char without[] =
	"networks are sockets only: dgram= between guests, stream= to passt";

/* Whether this process may make an interface. */
static bool may_make(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return syscall(SYS_capget, &header, sets) == 0 &&
	       sets[0].effective & 1u << CAP_NET_ADMIN;
}

void hv_probe_tap(struct hv_report *report)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	unsigned features = 0;

	if (fd < 0) {
		hv_report_add(report, HV_VERDICT_MISSING, name, without,
			      "cannot open /dev/net/tun: %s", strerror(errno));
		return;
	}
	if (ioctl(fd, TUNGETFEATURES, &features) < 0 ||
	    !(features & IFF_VNET_HDR))
		hv_report_add(report, HV_VERDICT_MISSING, name, without,
			      "this /dev/net/tun has no headers of frames");
	else if (may_make())
		hv_report_add(report, HV_VERDICT_GOOD, name,
			      "--net tap=NAME uses one, or makes it", "yes");
	else
		hv_report_add(report, HV_VERDICT_GOOD, name,
			      "--net tap=NAME uses one that is yours: "
			      "`sudo ip tuntap add NAME mode tap user $USER`",
			      "those of yours");
	close(fd);
}
