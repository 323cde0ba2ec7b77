#!/bin/sh
# SPDX-License-Identifier: MIT
#
# net-echo.sh PARAVANE NET-ECHO NET-PING: a sample guest is pinged, over a socket and over
# a TAP.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../network.sh"
skip_all_without_kvm
own_network "$@"
paravane=$1 echo=$2 ping=$3
count=300
answers=$((count + 1)) # ARP's too

refuses_in_guest() {
	# shellcheck disable=SC2086 # empty for none
	run "$paravane" run --net "dgram=$scratch/a,peer=$scratch/b" "$echo" -- $2
	check "$1" test "$status" -eq 1 -a "$(wc -l <"$scratch/out")" -eq 1
}

# pinged NAME WIRE-OF-GUEST WIRE-OF-PING
pinged() {
	"$paravane" run --timeout "$minute" --net "$2" "$echo" -- \
		192.0.2.2 $answers </dev/null >"$scratch/guest" 2>&1 &
	guest_pid=$!
	run "$ping" "$3" 192.0.2.2 $count
	check "$1 is answered" test "$status" -eq 0
	cat "$scratch/err" >&2
	[ "$status" -eq 0 ] || kill $guest_pid 2>/dev/null
	wait $guest_pid
	status=$?
	check "and the guest ends when it has answered" test "$status" -eq 0
	[ "$status" -eq 0 ] || cat "$scratch/guest" >&2
}

refuses_in_guest "it wants an address" ""
refuses_in_guest "which is one" "192.0.2"
refuses_in_guest "with nothing behind it" "192.0.2.2.7"
pinged "a socket" "dgram=$scratch/a,peer=$scratch/b" \
	"dgram=$scratch/b,peer=$scratch/a"

if [ -n "$no_network" ]; then
	skip "a TAP" "$no_network"
	tap_done
fi
make_tap 1500
pinged "a TAP" tap=tap7 tap=tap7
tap_done
