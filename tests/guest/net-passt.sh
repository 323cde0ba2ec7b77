#!/bin/sh
# SPDX-License-Identifier: MIT
#
# net-passt.sh PARAVANE GUEST: a guest that prints TAP, with passt at the other end of
# its network, in a network namespace of their own.
set -u
. "$(dirname "$0")/../tap.sh"
skip_all_without_kvm
paravane=$1 guest=$2

command -v passt >/dev/null || skip_all "passt is not installed"
command -v ip >/dev/null || skip_all "ip is not installed (Debian: iproute2)"
[ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null ||
	skip_all "not root, or no network namespaces"

chmod 755 "$scratch"
status=0
# passt wants an interface with a route to be like.
unshare -n sh -c '
	ip link set lo up
	ip link add d0 type veth peer name d1 && ip link set d1 up &&
		ip link set d0 up && ip addr add 10.9.9.2/24 dev d0 &&
		ip route add default via 10.9.9.1 || exit 77
	passt -f -e --runas 0 -s "$1/socket" >"$1/passt" 2>&1 &
	passt=$!
	for _ in $(seq 100); do
		[ -S "$1/socket" ] && break
		kill -0 $passt 2>/dev/null || break
		sleep 0.05
	done
	[ -S "$1/socket" ] || { kill $passt 2>/dev/null; exit 77; }
	status=0
	"$2" run --timeout 60 --net "stream=$1/socket" "$3" || status=$?
	kill $passt 2>/dev/null
	wait $passt 2>/dev/null
	exit $status' sh "$scratch" "$paravane" "$guest" \
	</dev/null >"$scratch/tap" 2>"$scratch/err" || status=$?
[ $status -ne 77 ] ||
	skip_all "passt does not start here: $(cat "$scratch/err" "$scratch/passt" 2>/dev/null | tail -n 1)"
cat "$scratch/err" >&2
cat "$scratch/tap"
exit $status
