/* SPDX-License-Identifier: MIT
 *
 * A wire: the host's end of a guest's network, which carries Ethernet frames. It is a
 * descriptor from which one read gives one frame and to which one write gives one, a TAP
 * interface or a socket of datagrams or packets; or a stream (wire-stream.h). Both
 * engines' network devices stand on it. wire-option.c is what users say of it.
 */
#ifndef HV_WIRE_H
#define HV_WIRE_H

#include <linux/virtio_net.h>
#include <pvabi/boot.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "error.h"
#include "loop.h"

enum hv_wire_kind {
	HV_WIRE_TAP,  /* an interface by name */
	HV_WIRE_FD,   /* a descriptor that was inherited */
	HV_WIRE_DGRAM, /* a UNIX datagram socket, and another's path */
	HV_WIRE_STREAM /* a UNIX stream socket of another's */
};

#define HV_MAC_BYTES 6
#define HV_FRAME_MORE_BYTES 18u /* than the MTU: its header and a VLAN tag */

/* What --net KIND=WHAT[,peer=PATH][,mac=ADDRESS][,mtu=BYTES][,id=NAME] says. */
struct hv_net_spec {
	enum hv_wire_kind kind;
	const char *what; /* interface, number or path */
	const char *peer; /* path; DGRAM only */
	int fd;           /* FD only */
	bool has_mac;
	uint8_t mac[HV_MAC_BYTES]; /* random if not given */
	uint32_t mtu_bytes; /* 0 if not given: the interface's, or the default */
	char id[PV_DEVICE_NAME_BYTES]; /* "" if not given */
};

struct hv_stream;

struct hv_wire {
	int fd;
	bool is_socket;
	bool has_headers; /* each frame is behind a struct virtio_net_hdr_v1 */
	bool has_end;     /* a frame of no bytes is the end: the other side is gone */
	bool by_calls;    /* frames are read and written by system calls */
	uint32_t mtu_bytes; /* 0: it has none of its own */
	struct hv_stream *stream; /* NULL: it is none */
	struct sockaddr_un peer; /* where frames go; family 0: it is connected */
	int probe;        /* connected to the peer, to be told of room there; or -1 */
	char *own_path;   /* to be removed at the end, if it is still this: */
	dev_t own_dev;
	ino_t own_inode;
	int file;         /* a registered slot, or else the descriptor */
	bool file_is_slot;
};

/* One frame on its way. Lives in its owner until io.done is called. */
struct hv_wire_io {
	struct hv_io io; /* done and pace are the owner's to set */
	struct virtio_net_hdr_v1 header; /* all 0 on a wire without headers */
	struct iovec *iov; /* the first is for the header: the wire sets it */
	unsigned iovs;     /* with that one */
	struct msghdr message; /* the wire's */
	int taken;             /* likewise: of a stream, the frame's length or
				* -errno; -EAGAIN if there was none at first; by
				* a system call, what that said */
	/* wire-io.h's: */
	uint32_t frame_bytes; /* its length, or the room for one */
	struct hv_wire_io *next;
	void *with; /* the reader or writer that has it */
};

/* wire-option.c: */

/* A comma in a path is written twice. The text is taken to pieces and must outlive
 * *ret_spec, which points into it. 0, or -1 with err. */
int hv_net_parse(char *text, struct hv_net_spec *ret_spec, struct hv_error *err);
/* The address that was given, or a random one of those that anybody may use. */
void hv_net_mac(const struct hv_net_spec *spec, uint8_t ret_mac[HV_MAC_BYTES]);
/* The payload of its frames: as given, or the wire's, or what is usual. */
uint32_t hv_net_mtu(const struct hv_net_spec *spec, const struct hv_wire *wire);

/* wire-open.c: */

/* offload: frames received may lack checksums and stand for many, if this wire has
 * headers to tell so. 0, or -1 with err. */
int hv_wire_open(struct hv_wire *ret_wire, const struct hv_net_spec *spec,
		 bool offload, struct hv_error *err);
void hv_wire_done(struct hv_wire *wire);
/* Whether it is an interface that carries nothing, since nobody has brought it up. */
bool hv_net_is_down(const struct hv_net_spec *spec);
/* Have it otherwise from now on; what came before may still be as it was. */
void hv_wire_set_offload(const struct hv_wire *wire, bool offload);

/* wire.c, on the loop thread: */

/* Give the loop its descriptor, before anything else. */
void hv_wire_attach(struct hv_wire *wire, struct hv_loop *loop);
/* io is done when there may be something to read, or with `write` room to write;
 * or when there is an error, which the next try will tell. */
void hv_wire_await(const struct hv_wire *wire, struct hv_loop *loop,
		   struct hv_io *io, bool write);
/* Read a frame, or write one; -EAGAIN at once if there is none, or no room. Frames are
 * read in the order in which this is called. Of those that are written on a socket one
 * that fails ends all that follow up to one without `more` with -ECANCELED, so that
 * none overtakes another. */
void hv_wire_receive(const struct hv_wire *wire, struct hv_loop *loop,
		     struct hv_wire_io *wire_io);
/* How many frames can be received without asking the descriptor; counted up to `most`. */
unsigned hv_wire_at_hand(const struct hv_wire *wire, unsigned most);
void hv_wire_send(const struct hv_wire *wire, struct hv_loop *loop,
		  struct hv_wire_io *wire_io, bool more);
/* Write the message, as much of it as there is room for. Of a stream only. */
void hv_wire_send_message(const struct hv_wire *wire, struct hv_loop *loop,
			  struct hv_io *io, struct msghdr *message);
/* What the result of hv_wire_receive means: bytes of the frame or -errno, of which
 * -ESHUTDOWN is the end of the wire. */
int hv_wire_received(const struct hv_wire *wire, struct hv_wire_io *wire_io,
		     int result);
/* What the result of hv_wire_send means: bytes or -errno. */
int hv_wire_sent(const struct hv_wire *wire, const struct hv_wire_io *wire_io,
		 int result);
/* Whether this error of a send means that there is nobody at the other end, who may
 * come yet: what is sent is lost, as on a cable that is not plugged in. */
bool hv_wire_is_loose(const struct hv_wire *wire, int error);

#endif
