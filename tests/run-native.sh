#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run-native.sh [-cl] [-m MIB] [-p CPU] [-v VCPUS] [-d BYTES[,OPTION...]]...
#	[-n NET-PEER] MAKE-DISK KERNEL [ARG...]
#
# Run a native kernel in QEMU, which translates its code: one that prints TAP or,
# with -c, one with cases (guest/cases.h), each of which is judged by the status of
# the machine and by what it says on the console. -d is a disk of the test pattern, as
# for run-guest.sh (options ro and id=NAME), -l and -n networks as there; -p is another
# processor than the richest. An argument @now@ becomes the seconds since 1970.
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/native.sh"
. "$(dirname "$0")/network.sh"
skip_all_without qemu

cases=
mib=128
cpu=max
vcpus=1
disks=
looped=
net_peer=
while getopts clm:n:p:v:d: option; do
	case $option in
	c) cases=1 ;;
	l) looped=yes ;;
	n) net_peer=$OPTARG ;;
	m) mib=$OPTARG ;;
	p) cpu=$OPTARG ;;
	v) vcpus=$OPTARG ;;
	d) disks="$disks $OPTARG" ;;
	*) exit 99 ;;
	esac
done
shift $((OPTIND - 1))
make_disk=$1 kernel=$2
shift 2

# The command line: words between blanks, in quotes as main is to have them.
append=
for argument in "$@"; do
	[ "$argument" = @now@ ] && argument=$(date +%s)
	append="$append \"$argument\""
done

set --
number=0
for disk in $disks; do
	file=$scratch/disk$number
	"$make_disk" "$file" "${disk%%,*}" || exit 99
	id=disk$number readonly=
	for option in $(echo "${disk#"${disk%%,*}"}" | tr ',' ' '); do
		case $option in
		ro) readonly=,readonly=on ;;
		id=*) id=${option#id=} ;;
		*) exit 99 ;;
		esac
	done
	set -- "$@" -drive "file=$file,if=none,id=d$number,format=raw$readonly" \
		-device "virtio-blk-device,drive=d$number,serial=$id"
	number=$((number + 1))
done

# OWN PEER: what goes out goes to the socket PEER, what comes to OWN.
wire() {
	echo "dgram,id=n0,local.type=unix,local.path=$1,remote.type=unix,remote.path=$2"
}
if [ -n "$looped" ]; then
	set -- "$@" -netdev "$(wire "$scratch/loop" "$scratch/loop")"
elif [ -n "$net_peer" ]; then
	set -- "$@" -netdev "$(wire "$scratch/guest" "$scratch/peer")"
	start_peer "$net_peer" serve
fi
[ -z "$looped$net_peer" ] || set -- "$@" -device virtio-net-device,netdev=n0

# machine COMMAND-LINE [OPTION...]: sets $status, as run_native does.
machine() {
	line=$1
	shift
	# shellcheck disable=SC2086 # words
	timeout -k 5 "$minute" $native_qemu -cpu "$cpu" -m "$mib" -smp "$vcpus" "$@" \
		-kernel "$kernel" -append "$line"
	status=$?
	native_status
}

if [ -z "$cases" ]; then
	machine "$append" "$@" </dev/null
	[ "$status" -lt 200 ] || echo "Bail out! the machine did not end by itself"
	exit "$status"
fi

machine list "$@" </dev/null >"$scratch/cases" 2>"$scratch/err"
if [ "$status" -ne 0 ] || ! [ -s "$scratch/cases" ]; then
	fail "the kernel lists its cases" "status $status: $(cat "$scratch/err")"
	tap_done
fi
while read -r name expected regex; do
	# What a hypervisor says on stderr a native kernel says on the console.
	machine "$name" "$@" </dev/null >"$scratch/err" 2>&1
	if [ "$regex" = silent ] && ! grep -q "^panic" "$scratch/err"; then
		: >"$scratch/err"
	fi
	judge "$name" "$expected" "$regex"
done <"$scratch/cases"
tap_done
