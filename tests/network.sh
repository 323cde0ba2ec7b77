# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Sourced by test scripts behind tap.sh: a network namespace of their own, so that
# nothing of the host's is touched, with a TAP in it, tap7. The host has 10.7.7.1 there,
# a guest is to take $guest.

# shellcheck disable=SC2034 # for those who source this
guest=10.7.7.2 url=http://10.7.7.2

# own_network SCRIPT-ARGUMENT...: start the script again in a namespace, once.
own_network() {
	[ -z "${IN_NAMESPACE-}" ] || return 0
	for program in ip curl unshare; do
		command -v $program >/dev/null || skip_all "$program is not installed"
	done
	as_root=
	[ "$(id -u)" -eq 0 ] || as_root=--map-root-user
	unshare --net $as_root true 2>/dev/null ||
		skip_all "a network namespace cannot be made here"
	[ -e /dev/net/tun ] || skip_all "there is no /dev/net/tun"
	rm -rf "$scratch"
	IN_NAMESPACE=1 exec unshare --net $as_root sh "$0" "$@"
}

# make_tap MTU [OPTION...]: anew; options as vnet_hdr.
make_tap() {
	tap_mtu=$1
	shift
	ip link delete tap7 2>/dev/null
	ip tuntap add tap7 mode tap "$@" 2>/dev/null ||
		skip_all "a TAP cannot be made here"
	ip address add 10.7.7.1/24 dev tap7
	ip link set tap7 mtu "$tap_mtu" up
}

get() {
	curl -s -S -m "$minute" "$@"
}

# wait_for_guest: until its web server answers. Whether it does.
wait_for_guest() {
	for _ in $(seq $((60 * times_slower))); do
		curl -s -o "$scratch/awaited" -m 10 "$url/status" && return
		sleep 0.2
	done
	return 1
}

# stop PROCESS...
stop() {
	for process in "$@"; do
		kill "$process"
		wait "$process"
	done 2>/dev/null
}
