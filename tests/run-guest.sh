#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run-guest.sh [-1l] [-d BYTES[,OPTION...]]... [-n NET-PEER] [-f NET-PEER] MAKE-DISK
#	PARAVANE [OPTION...] GUEST [-- ARG...]
#
# Run a guest that prints TAP. Each -d makes a disk of the test pattern
# (pattern.h) and gives it to the guest; -l a network whose wire ends where it begins;
# -n a network with that program at its other end, -f one that it floods; with -1 all
# its threads have one CPU. An argument @now@ becomes the seconds since 1970.
set -eu
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/network.sh"
skip_all_without_kvm

needs_direct_io() {
	dd if="$1" of=/dev/null iflag=direct bs=4096 count=1 2>/dev/null ||
		skip_all "the file system of $scratch has no direct I/O"
}

keep_to_one_cpu() {
	cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
	taskset -cp "${cpus%%[!0-9]*}" $$ >/dev/null
}

disks=
looped=
net_peer=
net_does=serve
while getopts 1ld:n:f: option; do
	case $option in
	1) keep_to_one_cpu ;;
	l) looped=yes ;;
	d) disks="$disks $OPTARG" ;;
	n) net_peer=$OPTARG ;;
	f) net_peer=$OPTARG net_does='flood 60 0 1500 13 14 1514 38 1519 9000 200 65000 1000' ;;
	*) exit 99 ;;
	esac
done
shift $((OPTIND - 1))
make_disk=$1 paravane=$2
shift 2

arguments=$#
number=0
for disk in $disks; do
	file=$scratch/disk$number
	number=$((number + 1))
	"$make_disk" "$file" "${disk%%,*}"
	case $disk in
	*,direct*) needs_direct_io "$file" ;;
	esac
	set -- "$@" --block "$file${disk#"${disk%%,*}"}"
done

[ -z "$looped" ] || set -- "$@" --net "dgram=$scratch/loop,peer=$scratch/loop"
[ -z "$net_peer" ] || set -- "$@" --net "dgram=$scratch/guest,peer=$scratch/peer"

# The given arguments go behind the devices: one by one, which takes its time with a
# thousand, and without a device there is nothing to do but to tell the time.
case "$# $*" in
"$arguments "*@now@*) ;;
"$arguments "*) arguments=0 ;;
esac
while [ $arguments -gt 0 ]; do
	argument=$1
	shift
	[ "$argument" = @now@ ] && argument=$(date +%s)
	set -- "$@" "$argument"
	arguments=$((arguments - 1))
done

# shellcheck disable=SC2086 # a word and lengths
[ -z "$net_peer" ] || start_peer "$net_peer" $net_does

status=0
"$paravane" run --timeout 60 "$@" </dev/null || status=$?
exit $status
