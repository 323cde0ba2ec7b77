#!/bin/sh
# SPDX-License-Identifier: MIT
#
# net-pair.sh PARAVANE PAIR: two guests on one wire, whichever of them is there first.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1 pair=$2
skip_all_without_kvm

# guest OWN PEER ROLE OPTIONS: in the background, with its output in $scratch/OWN.
guest() {
	timeout -k 5 "$minute" "$paravane" run \
		--net "dgram=$scratch/$1.socket,peer=$scratch/$2.socket,id=$1$4" \
		"$pair" -- "$1" "$3" </dev/null >"$scratch/$1" 2>&1 &
}

# pair FIRST-ROLE SECOND-ROLE OPTIONS
together() {
	guest left right "$1" "$3"
	left=$!
	sleep 0.5
	guest right left "$2" "$3"
	right=$!
	wait $left
	status=$?
	check "$1, there first, is content" test $status -eq 0
	[ $status -eq 0 ] || cat "$scratch/left" >&2
	wait $right
	status=$?
	check "$2, there later, is too" test $status -eq 0
	[ $status -eq 0 ] || cat "$scratch/right" >&2
}

together echo ask ""
together ask echo ",mtu=9000"
check "the guest is told the mtu" grep -q "mtu 9000" "$scratch/left"
guest left right ask ",mac=02:00:5e:10:00:01"
left=$!
sleep 1
kill $left
wait $left
check "and its address" grep -q "left is 02:00:5e:10:00:01" "$scratch/left"
check "sockets are removed at the end" test ! -e "$scratch/right.socket"
tap_done
