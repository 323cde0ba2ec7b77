/* SPDX-License-Identifier: MIT
 *
 * Opening wires of each kind, and what is said when one cannot be used; see wire.h.
 */
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire-stream.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* since Linux 6.16 */
#endif

/* Frames may come with descriptors in them, of which the last copy can be ours, and
 * which are closed when the frame is read. That takes as long as the sender likes: of a
 * TCP socket that lingers, for hours, with all that the loop serves. */
static void refuse_descriptors(int fd)
{
	int no = 0;

	setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &no, sizeof(no));
}

/* -1 with errno. */
static int unix_socket(int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		refuse_descriptors(fd);
	return fd;
}

/* ---- TAP */

static int fail_tap(const char *name, int error, struct hv_error *err)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network tap=%s: permission denied; make it yours with `sudo ip tuntap add %s mode tap user $USER`, or run as root",
			       name, name);
	case EBUSY:
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network tap=%s: it is in use; end the program that has it, or make another",
			       name);
	case EINVAL:
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network tap=%s: the interface of that name is not a TAP of one queue; give another name",
			       name);
	default:
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network tap=%s: cannot use it: %s", name,
			       strerror(error));
	}
}

/* Ask of an interface by its name. */
static int ask_interface(struct ifreq *request, unsigned long what)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -1 : ioctl(fd, what, request);

	if (fd >= 0)
		close(fd);
	return r;
}

static uint32_t interface_mtu(const char *name)
{
	struct ifreq request = { .ifr_mtu = 0 };

	memcpy(request.ifr_name, name, sizeof(request.ifr_name));
	return ask_interface(&request, SIOCGIFMTU) < 0
		       ? 0
		       : (uint32_t)request.ifr_mtu;
}

bool hv_net_is_down(const struct hv_net_spec *spec)
{
	struct ifreq request = { .ifr_flags = 0 };

	if (spec->kind != HV_WIRE_TAP)
		return false;
	strncpy(request.ifr_name, spec->what, IFNAMSIZ - 1);
	return ask_interface(&request, SIOCGIFFLAGS) == 0 &&
	       !(request.ifr_flags & IFF_UP);
}

/* Headers as of virtio 1.0, and in what is received only what was asked for. What a
 * guest leaves to the host when it sends is always done. */
static int set_offload(const struct hv_wire *wire, bool offload)
{
	unsigned long all = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

	return ioctl(wire->fd, TUNSETOFFLOAD, offload ? all : 0ul);
}

static int set_headers(struct hv_wire *wire, bool offload)
{
	int bytes = sizeof(struct virtio_net_hdr_v1);

	if (ioctl(wire->fd, TUNSETVNETHDRSZ, &bytes) < 0 ||
	    set_offload(wire, offload) < 0)
		return -errno;
	wire->has_headers = true;
	return 0;
}

/* TAPs can be read without waiting by io_uring from Linux 6.4 on. Before, system calls
 * do it. One byte is no frame, and refused either way. */
static void choose_calls(struct hv_wire *wire)
{
	struct iovec byte = { &(uint8_t){ 0 }, 1 };

	if (pwritev2(wire->fd, &byte, 1, -1, RWF_NOWAIT) == 1 ||
	    errno != EOPNOTSUPP)
		return;
	wire->by_calls = true;
	fcntl(wire->fd, F_SETFL, fcntl(wire->fd, F_GETFL) | O_NONBLOCK);
}

/* It was possible when the wire was opened. */
void hv_wire_set_offload(const struct hv_wire *wire, bool offload)
{
	if (wire->has_headers)
		set_offload(wire, offload);
}

static int open_tap(struct hv_wire *wire, const char *name, bool offload,
		    struct hv_error *err)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI |
					      IFF_VNET_HDR };
	int r;

	wire->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (wire->fd < 0 && errno == EACCES)
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network tap=%s: permission denied for /dev/net/tun; run as root, have root open it to you, or use dgram=",
			       name);
	if (wire->fd < 0)
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network tap=%s: cannot open /dev/net/tun: %s; load the module tun (`modprobe tun`), or use dgram=",
			       name, strerror(errno));
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	r = ioctl(wire->fd, TUNSETIFF, &request) < 0 ? -errno
						     : set_headers(wire, offload);
	if (r < 0)
		return fail_tap(name, -r, err);
	choose_calls(wire);
	wire->mtu_bytes = interface_mtu(request.ifr_name);
	return 0;
}

/* ---- a descriptor that was inherited */

static int fail_fd(const char *number, const char *why, struct hv_error *err)
{
	return hv_fail(err, HV_STATUS_DEVICE,
		       "network fd=%.32s: %s; pass on a TAP, or a connected socket of datagrams, packets or a stream",
		       number, why);
}

static int take_tap(struct hv_wire *wire, const struct hv_net_spec *spec,
		    bool offload, struct hv_error *err)
{
	struct ifreq request;

	if (ioctl(wire->fd, TUNGETIFF, &request) < 0)
		return fail_fd(spec->what, "it is neither a TAP nor a socket", err);
	if (!(request.ifr_flags & IFF_TAP) || !(request.ifr_flags & IFF_NO_PI))
		return fail_fd(spec->what, "it is a TUN, or a TAP without IFF_NO_PI",
			       err);
	if (request.ifr_flags & IFF_VNET_HDR &&
	    set_headers(wire, offload) < 0)
		return fail_fd(spec->what, "its headers cannot be set", err);
	choose_calls(wire);
	wire->mtu_bytes = interface_mtu(request.ifr_name);
	return 0;
}

static int make_stream(struct hv_wire *wire, struct hv_error *err)
{
	wire->is_socket = true;
	wire->stream = hv_stream_create();
	return wire->stream ? 0 : hv_fail(err, HV_STATUS_FAILED, "out of memory");
}

static int take_socket(struct hv_wire *wire, const struct hv_net_spec *spec,
		       struct hv_error *err)
{
	struct sockaddr_storage peer;
	socklen_t bytes = sizeof(int);
	int type = 0;

	wire->is_socket = true;
	getsockopt(wire->fd, SOL_SOCKET, SO_TYPE, &type, &bytes);
	if (type != SOCK_DGRAM && type != SOCK_SEQPACKET && type != SOCK_STREAM)
		return fail_fd(spec->what, "the socket is of another kind", err);
	wire->has_end = type == SOCK_SEQPACKET;
	refuse_descriptors(wire->fd);
	bytes = sizeof(peer);
	if (getpeername(wire->fd, (struct sockaddr *)&peer, &bytes) < 0)
		return fail_fd(spec->what, "the socket is not connected", err);
	return type == SOCK_STREAM ? make_stream(wire, err) : 0;
}

/* None that is inherited is closed by exec: it was taken before, or is our own. */
static bool is_taken(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static int take_fd(struct hv_wire *wire, const struct hv_net_spec *spec,
		   bool offload, struct hv_error *err)
{
	struct stat st;

	if (fstat(spec->fd, &st) < 0)
		return fail_fd(spec->what, "there is no such descriptor", err);
	if (is_taken(spec->fd))
		return fail_fd(spec->what, "it was not inherited, or is another network's", err);
	wire->fd = spec->fd;
	fcntl(wire->fd, F_SETFD, FD_CLOEXEC);
	return S_ISSOCK(st.st_mode) ? take_socket(wire, spec, err)
				    : take_tap(wire, spec, offload, err);
}

/* ---- a UNIX datagram socket */

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return address;
}

/* Whether it is a socket that a program left which is gone. Of a file that is none a
 * connection is refused as well. */
static bool is_abandoned(const struct sockaddr_un *address)
{
	struct stat st;
	bool refused;
	int fd;

	if (lstat(address->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)address,
			  sizeof(*address)) < 0 && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int bind_here(int fd, const struct sockaddr_un *address)
{
	const struct sockaddr *any = (const struct sockaddr *)address;

	if (bind(fd, any, sizeof(*address)) == 0)
		return 0;
	if (errno != EADDRINUSE || !is_abandoned(address))
		return -errno;
	unlink(address->sun_path);
	return bind(fd, any, sizeof(*address)) < 0 ? -errno : 0;
}

static void remember_path(struct hv_wire *wire, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	wire->own_path = strdup(path);
	wire->own_dev = st.st_dev;
	wire->own_inode = st.st_ino;
}

static int open_dgram(struct hv_wire *wire, const struct hv_net_spec *spec,
		      struct hv_error *err)
{
	struct sockaddr_un own = address_of(spec->what);
	int r;

	wire->is_socket = true;
	wire->peer = address_of(spec->peer);
	wire->fd = unix_socket(SOCK_DGRAM);
	wire->probe = unix_socket(SOCK_DGRAM);
	r = wire->fd < 0 ? -errno : bind_here(wire->fd, &own);
	if (r == -EADDRINUSE)
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network dgram=%s: there is something in use of that name; give another path, or remove it",
			       spec->what);
	if (r < 0)
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network dgram=%s: cannot make a socket there: %s",
			       spec->what, strerror(-r));
	remember_path(wire, spec->what);
	return 0;
}

/* ---- a UNIX stream socket */

static int fail_stream(const char *path, int error, struct hv_error *err)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network stream=%s: nobody listens there; start what is to, such as `passt --socket %s`, before",
			       path, path);
	case EAGAIN:
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network stream=%s: who listens there has others waiting; wait until it is free",
			       path);
	default:
		return hv_fail(err, HV_STATUS_DEVICE,
			       "network stream=%s: cannot connect to it: %s",
			       path, strerror(error));
	}
}

/* A listener that never accepts is not waited for. */
static int open_stream(struct hv_wire *wire, const char *path,
		       struct hv_error *err)
{
	struct sockaddr_un address = address_of(path);

	wire->fd = unix_socket(SOCK_STREAM | SOCK_NONBLOCK);
	if (wire->fd < 0 || connect(wire->fd, (struct sockaddr *)&address,
				    sizeof(address)) < 0)
		return fail_stream(path, errno, err);
	return make_stream(wire, err);
}

/* ---- life */

static int open_kind(struct hv_wire *wire, const struct hv_net_spec *spec,
		     bool offload, struct hv_error *err)
{
	switch (spec->kind) {
	case HV_WIRE_TAP:
		return open_tap(wire, spec->what, offload, err);
	case HV_WIRE_FD:
		return take_fd(wire, spec, offload, err);
	case HV_WIRE_DGRAM:
		return open_dgram(wire, spec, err);
	case HV_WIRE_STREAM:
		return open_stream(wire, spec->what, err);
	}
	return -1;
}

int hv_wire_open(struct hv_wire *ret_wire, const struct hv_net_spec *spec,
		 bool offload, struct hv_error *err)
{
	struct hv_wire wire = { .fd = -1, .probe = -1 };

	if (open_kind(&wire, spec, offload, err) < 0) {
		hv_wire_done(&wire);
		return -1;
	}
	*ret_wire = wire;
	return 0;
}

static void remove_path(const struct hv_wire *wire)
{
	struct stat st;

	if (stat(wire->own_path, &st) == 0 && st.st_dev == wire->own_dev &&
	    st.st_ino == wire->own_inode)
		unlink(wire->own_path);
}

void hv_wire_done(struct hv_wire *wire)
{
	if (wire->own_path)
		remove_path(wire);
	free(wire->own_path);
	hv_stream_free(wire->stream);
	if (wire->fd >= 0)
		close(wire->fd);
	if (wire->probe >= 0)
		close(wire->probe);
	*wire = (struct hv_wire){ .fd = -1, .probe = -1 };
}
