#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bad-nets.sh PARAVANE GUEST SPIN NO-NET: wires that cannot be used get one sentence that names
# them and status 126; what can be used is used, and nothing is left behind.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../network.sh"
skip_all_without_kvm
paravane=$1 guest=$2 spin=$3 no_net=$4

# cannot NAME REGEX NET
cannot() {
	refuses "$1" 126 "$2" "$paravane" run --timeout 20 --net "$3" "$guest"
}

# can NAME NET
can() {
	ends "$1" 0 silent "$paravane" run --timeout 20 --net "$2" "$guest"
}

# A guest that does not end has the socket $scratch/a.
spin_at_a() {
	"$paravane" run --timeout 20 --net "dgram=$scratch/a,peer=$scratch/b" "$spin" \
		>"$scratch/spin" 2>&1 &
	spinner=$!
	await_socket "$scratch/a" $spinner
}

# ---- sockets

can "a socket, with nobody at the other end" "dgram=$scratch/a,peer=$scratch/b"
check "it is gone afterwards" test ! -e "$scratch/a"
cannot "a socket in no folder" "no/a: cannot make a socket" "dgram=$scratch/no/a,peer=$scratch/b"
: >"$scratch/file"
cannot "a socket where a file is" "file: there is something" "dgram=$scratch/file,peer=$scratch/b"
check "the file is still there" test -f "$scratch/file"
can "a comma in a path" "dgram=$scratch/a,,b,peer=$scratch/c,,d"

spin_at_a
cannot "a socket that another has" "something in use" "dgram=$scratch/a,peer=$scratch/b"
check "it is left to that one" test -S "$scratch/a"
kill -KILL $spinner
wait $spinner 2>/dev/null
check "one that was killed leaves its socket" test -S "$scratch/a"
can "which the next takes" "dgram=$scratch/a,peer=$scratch/b"

spin_at_a
rm "$scratch/a"
: >"$scratch/a"
kill -TERM $spinner
wait $spinner 2>/dev/null
check "what took a socket's place is not removed" test -f "$scratch/a"

cannot "a stream that nobody made" "stream=.*/c: nobody listens there" "stream=$scratch/c"
rm "$scratch/a"
spin_at_a
cannot "a stream of another kind" "stream=.*/a: cannot connect" "stream=$scratch/a"
kill -KILL $spinner
wait $spinner 2>/dev/null
cannot "a stream that nobody listens to any more" "nobody listens there" "stream=$scratch/a"

# ---- descriptors

cannot "a descriptor that is not there" "fd=77: there is no such" "fd=77"
exec 7<"$scratch/file"
cannot "a file" "neither a TAP nor a socket" "fd=7"
exec 7<&-
exec 7<>/dev/null
cannot "a device that is no TAP" "neither a TAP nor a socket" "fd=7"
exec 7<&-

# with_socket NAME STATUS REGEX OPTION...: descriptor 7 is one, connected.
with_socket() {
	with_name=$1 with_status=$2 with_regex=$3
	shift 3
	ends "$with_name" "$with_status" "$with_regex" bash -c 'exec 7<>/dev/udp/127.0.0.1/9; exec "$@"' \
		bash "$paravane" run --timeout 20 "$@" "$guest"
}

with_socket "a connected socket" 0 silent --net fd=7
with_socket "one for two networks" 126 "fd=7: it was not inherited, or is another" \
	--net fd=7 --net fd=7

# ---- a guest that would not know them

ends "networks for a guest that does not ask for them" 0 "no-net.* does not ask for networks" \
	"$paravane" run --timeout 20 --net "dgram=$scratch/a,peer=$scratch/b" "$no_net"

# ---- names

set --
for _ in 1 2 3 4 5 6 7 8; do
	set -- "$@" --net "dgram=$scratch/n$#,peer=$scratch/b"
done
ends "eight networks" 0 silent "$paravane" run --timeout 20 "$@" "$guest"
refuses "a ninth" 120 "more than 8 networks" "$paravane" run "$@" \
	--net "dgram=$scratch/z,peer=$scratch/b" "$guest"
truncate -s 1M "$scratch/disk"
refuses "a disk's name" 120 "two devices are called net0" "$paravane" run \
	--block "$scratch/disk,id=net0" --net "dgram=$scratch/a,peer=$scratch/b" "$guest"

# ---- interfaces: in a network of their own, so that the host's is not touched

why=$(namespace_missing)
if [ -n "$why" ]; then
	skip "interfaces" "$why"
	tap_done
fi

# with_interface NAME STATUS REGEX SCRIPT [NET]: after the script, in a network of its own.
with_interface() {
	interface_net=${5:-tap=t0}
	# shellcheck disable=SC2086 # words
	ends "$1" "$2" "$3" unshare $apart sh -c "$4"'
		exec "$@"' sh "$paravane" run --timeout 20 \
		--net "$interface_net" "$guest"
}

with_interface "an interface that is made" 0 "t0: the interface is down" ":"
with_interface "one that is there" 0 silent "ip tuntap add t0 mode tap; ip link set t0 up"
with_interface "a TUN is none" 126 "t0: the interface of that name is not a TAP" "ip tuntap add t0 mode tun"
with_interface "nor is one of several queues" 126 "TAP of one queue" "ip tuntap add t0 mode tap multi_queue"
with_interface "nor the loopback" 126 "lo: the interface of that name is not" ":" tap=lo
with_interface "one that is in use" 126 "t0: it is in use" \
	"'$paravane' run --net tap=t0 '$spin' >/dev/null 2>&1 & trap 'kill \$!' EXIT
	until ip link show t0 >/dev/null 2>&1; do sleep 0.05; done; (exit 0);
	\"\$@\"; exit \$?; "
if setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
	chmod 755 "$scratch"
	cp "$paravane" "$scratch/paravane"
	cp "$guest" "$scratch/guest.elf"
	chmod 755 "$scratch/paravane" "$scratch/guest.elf"
	refuses "one that another user has" 126 "tap=t0: permission denied" \
		unshare -n sh -c 'ip tuntap add t0 mode tap user 1 && "$@"' sh \
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$scratch/paravane" run --net tap=t0 "$scratch/guest.elf"
else
	skip "one that another user has" "not root"
fi
tap_done
