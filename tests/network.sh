# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Sourced by test scripts behind tap.sh: what is at the other end of a guest's network, and
# a network namespace of their own, so that nothing of the host's is touched.

# shellcheck disable=SC2034 # for those who source this
guest=10.7.7.2 url=http://10.7.7.2

# stop PROCESS...: those that run still
stop() {
	for process in "$@"; do
		kill "$process" || true
		wait "$process" || true
	done 2>/dev/null
}

# await_socket PATH PROCESS: until the process has made it. Whether it has.
await_socket() {
	until [ -S "$1" ]; do
		kill -0 "$2" 2>/dev/null || return 1
		sleep 0.05
	done
}

# start_peer NET-PEER WORD...: net-peer is $peer, until the script ends. A guest's network is
# to be at the socket $scratch/guest, and to send to $scratch/peer.
start_peer() {
	net_peer=$1
	shift
	"$net_peer" "dgram=$scratch/peer,peer=$scratch/guest" "$@" &
	peer=$!
	trap 'stop $peer; rm -rf "$scratch"' EXIT
	await_socket "$scratch/peer" $peer
}

# ---- namespaces

# What unshare is to do, for who is not root as well.
apart=--net
[ "$(id -u)" -eq 0 ] || apart="--net --map-root-user"

# Why there can be no namespace with a TAP in it; empty if there can.
namespace_missing() {
	if ! command -v ip >/dev/null || ! command -v unshare >/dev/null; then
		echo "ip or unshare is not installed (Debian: iproute2, util-linux)"
	elif ! [ -e /dev/net/tun ]; then
		echo "there is no /dev/net/tun"
	else
		# shellcheck disable=SC2086 # words
		unshare $apart ip tuntap add t0 mode tap 2>/dev/null ||
			echo "a TAP in a network namespace cannot be made here"
	fi
}

# own_network SCRIPT-ARGUMENT...: start the script again in a namespace, once. If there can
# be none $no_network is the reason.
own_network() {
	no_network=
	[ -z "${IN_NAMESPACE-}" ] || return 0
	no_network=$(namespace_missing)
	[ -z "$no_network" ] || return 0
	rm -rf "$scratch"
	# shellcheck disable=SC2086 # words
	IN_NAMESPACE=1 exec unshare $apart sh "$0" "$@"
}

skip_all_without_own_network() {
	own_network "$@"
	[ -z "$no_network" ] || skip_all "$no_network"
}

# make_tap MTU: tap7, anew. The host has 10.7.7.1 there, a guest is to take $guest.
make_tap() {
	ip link delete tap7 2>/dev/null
	ip tuntap add tap7 mode tap
	ip address add 10.7.7.1/24 dev tap7
	ip link set tap7 mtu "$1" up
}

# ---- a guest that is a web server

skip_all_without_curl() {
	command -v curl >/dev/null || skip_all "curl is not installed"
}

get() {
	curl -s -S -m "$minute" "$@"
}

# get_at_once COUNT PATH DIRECTORY SECONDS: copies of it, by as many connections
get_at_once() {
	curl -s -Z --parallel-immediate --parallel-max "$1" -m "$4" -o "$3/#1" \
		"$url/$2?[1-$1]" 2>/dev/null
}

# count_same FILE COPY...: how many copies are as it is
count_same() {
	original=$1 count=0
	shift
	for copy in "$@"; do
		cmp -s "$copy" "$original" && count=$((count + 1))
	done
	echo $count
}

# wait_for_guest: until its web server answers. Whether it does.
wait_for_guest() {
	for _ in $(seq $((60 * times_slower))); do
		curl -s -o "$scratch/awaited" -m 10 "$url/status" && return
		sleep 0.2
	done
	return 1
}
