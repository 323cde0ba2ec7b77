#!/bin/sh
# SPDX-License-Identifier: MIT
#
# workloads-native.sh PARAVANE MINIKERNEL-NATIVE IMAGE WORK-LINUX qemu|kvm: the small
# kernel on a bare machine computes what its workloads compute under Linux.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
paravane=$1 kernel=$2 image=$3 linux=$4 engine=$5
skip_all_without "$engine"

# A few of each, where one takes a second.
works='fork:2 pipe:20 demand:60 copy:2000 sha256:100 sieve:1 disk:20'
[ "$engine" = kvm ] || works='fork:20 pipe:300 demand:1500 compile:2 copy:2000
	sha256:500 sieve:2 disk:200'
for work in $works; do
	name=${work%:*} times=${work#*:}
	WORK_DISK=$image run "$linux" "$name" "$times"
	expected=$(sed -n "s/^work $name [0-9]* $times //p" "$scratch/out")
	check "$name runs under Linux" expr "$expected" : '[0-9a-f]\{16\}$'
	for cpus in 1 2; do
		run_native "$engine" $cpus "$image" "$kernel" work "$name" "$times"
		got=$(sed -n "s/^work $name [0-9]* $times //p" "$scratch/out")
		if [ "$status" -eq 0 ] && [ "$got" = "$expected" ]; then
			pass "$name comes to the same on $cpus CPU"
		else
			fail "$name comes to the same on $cpus CPU" \
				"status $status, not $expected: $(cat "$scratch/out" "$scratch/err")"
		fi
	done
done
tap_done
