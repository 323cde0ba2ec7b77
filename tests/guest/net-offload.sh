#!/bin/sh
# SPDX-License-Identifier: MIT
#
# net-offload.sh ENGINE PARAVANE GUEST NET-MIRROR: run a guest with a TAP, in a network of
# its own: paravirtual, or a bare-metal kernel in QEMU (qemu) or under KVM (kvm).
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
. "$(dirname "$0")/../network.sh"
engine=$1 paravane=$2 guest=$3 mirror=$4
case $engine in
paravirt) skip_all_without_kvm ;;
*) skip_all_without "$engine" ;;
esac
skip_all_without_own_network "$@"
mirror_process=
trap 'stop $mirror_process; rm -rf "$scratch"' EXIT

# A host that has IPv6 would say something by itself.
echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/default/disable_ipv6
ip tuntap add tap0 mode tap && ip link set tap0 up || exit 99
"$mirror" tap0 &
mirror_process=$!

case $engine in
qemu)
	# shellcheck disable=SC2086 # words
	set -- $native_qemu -cpu max -m 128 -device virtio-net-device,netdev=n0 \
		-netdev tap,id=n0,ifname=tap0,script=no,downscript=no,vnet_hdr=on \
		-kernel "$guest"
	;;
*) set -- "$paravane" run --timeout "$minute" --net tap=tap0 "$guest" ;;
esac
status=0
timeout -k 5 "$minute" "$@" </dev/null || status=$?
[ "$engine" != qemu ] || native_status
exit "$status"
