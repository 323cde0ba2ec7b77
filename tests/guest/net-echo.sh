#!/bin/sh
# SPDX-License-Identifier: MIT
#
# net-echo.sh PARAVANE NET-ECHO NET-PING: a sample guest is pinged, over a socket and, as
# root, over a TAP.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1 guest=$2 ping=$3
count=300
answers=$((count + 1)) # ARP's too

refuses_in_guest() {
	# shellcheck disable=SC2086 # empty for none
	run "$paravane" run --net "dgram=$scratch/a,peer=$scratch/b" "$guest" -- $2
	check "$1" test "$status" -eq 1 -a "$(wc -l <"$scratch/out")" -eq 1
}

# pinged NAME WIRE-OF-GUEST WIRE-OF-PING PREFIX...
pinged() {
	name=$1 net=$2 wire=$3
	shift 3
	"$@" "$paravane" run --timeout "$minute" --net "$net" "$guest" -- \
		192.0.2.2 $answers </dev/null >"$scratch/guest" 2>&1 &
	guest_pid=$!
	run "$@" "$ping" "$wire" 192.0.2.2 $count
	check "$name is answered" test "$status" -eq 0
	cat "$scratch/err" >&2
	[ "$status" -eq 0 ] || kill $guest_pid 2>/dev/null
	wait $guest_pid
	status=$?
	check "and the guest ends when it has answered" test "$status" -eq 0
	[ "$status" -eq 0 ] || cat "$scratch/guest" >&2
}

skip_all_without_kvm
refuses_in_guest "it wants an address" ""
refuses_in_guest "which is one" "192.0.2"
refuses_in_guest "with nothing behind it" "192.0.2.2.7"
pinged "a socket" "dgram=$scratch/a,peer=$scratch/b" \
	"dgram=$scratch/b,peer=$scratch/a"

# A network namespace of its own, which lasts as long as the process in it.
if ! unshare -n true 2>/dev/null || ! [ -w /dev/net/tun ] || ! command -v ip >/dev/null; then
	skip "a TAP" "no network namespace, /dev/net/tun or ip: not root"
	tap_done
fi
unshare -n sleep 120 &
namespace=$!
sleep 0.2
inside() { nsenter -t $namespace -n "$@"; }
inside ip tuntap add tap0 mode tap vnet_hdr
inside ip link set tap0 up
pinged "a TAP" tap=tap0 tap=tap0 nsenter -t $namespace -n
kill $namespace
tap_done
