#!/bin/sh
# SPDX-License-Identifier: MIT
#
# net-passt.sh PARAVANE GUEST: a guest that prints TAP, with passt at the other end of
# its network, in a network namespace of their own.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../network.sh"
skip_all_without_kvm
command -v passt >/dev/null || skip_all "passt is not installed"
skip_all_without_own_network "$@"
paravane=$1 guest=$2
passt=
trap 'stop $passt; rm -rf "$scratch"' EXIT

# passt wants an interface with a route to be like.
ip link set lo up
{
	ip link add d0 type veth peer name d1 && ip link set d1 up &&
		ip link set d0 up && ip addr add 10.9.9.2/24 dev d0 &&
		ip route add default via 10.9.9.1
} || skip_all "a pair of interfaces cannot be made here"
chmod 755 "$scratch"
passt -f -e --runas 0 -s "$scratch/socket" >"$scratch/passt" 2>&1 &
passt=$!
await_socket "$scratch/socket" $passt ||
	skip_all "passt does not start here: $(tail -n 1 "$scratch/passt")"
"$paravane" run --timeout 60 --net "stream=$scratch/socket" "$guest" </dev/null
