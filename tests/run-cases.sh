#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run-cases.sh [-l] [-d BYTES] [-t SECONDS] [-v VCPUS] MAKE-DISK PARAVANE GUEST
#
# Run a guest once for each of its cases (guest/cases.h): each ends the VM in a
# way of its own, so none can tell about it. The guest lists them itself, one a
# line: NAME STATUS REGEX. -d gives it a disk, -l a network whose wire ends where it
# begins, -t stops it after so long, -v gives it
# vCPUs.
set -eu
. "$(dirname "$0")/tap.sh"
skip_all_without_kvm

disk=
seconds=20 hung=20
vcpus=1
looped=
while getopts ld:t:v: option; do
	case $option in
	d) disk=$OPTARG ;;
	l) looped=yes ;;
	t) seconds=$((OPTARG * times_slower)) hung=$OPTARG ;;
	v) vcpus=$OPTARG ;;
	*) exit 99 ;;
	esac
done
shift $((OPTIND - 1))
make_disk=$1 paravane=$2 guest=$3

set -- "$paravane" run --vcpus "$vcpus"
if [ -n "$disk" ]; then
	"$make_disk" "$scratch/disk" "$disk"
	set -- "$@" --block "$scratch/disk"
fi
[ -z "$looped" ] || set -- "$@" --net "dgram=$scratch/loop,peer=$scratch/loop"

run "$@" --timeout "$seconds" "$guest" -- list
if [ "$status" -ne 0 ] || ! [ -s "$scratch/out" ]; then
	fail "the guest lists its cases" "status $status: $(cat "$scratch/err")"
	tap_done
fi
mv "$scratch/out" "$scratch/cases"

while read -r name expected regex; do
	# What may hang gets nothing more done, however slow the host is.
	case "|$expected|" in
	*"|124|"*) limit=$hung ;;
	*) limit=$seconds ;;
	esac
	ends "$name" "$expected" "$regex" "$@" --timeout "$limit" "$guest" -- \
		"$name"
done <"$scratch/cases"
tap_done
