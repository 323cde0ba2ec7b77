#!/bin/sh
# SPDX-License-Identifier: MIT
#
# workloads.sh PARAVANE MINIKERNEL IMAGE WORK-LINUX: the workloads of the samples
# compute under the small kernel what they compute under Linux, on one vCPU and on
# two, and say so in the line that is promised.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1 kernel=$2 image=$3 linux=$4

WORK_DISK=$image
export WORK_DISK

refuses_usage() {
	run "$linux" "$@"
	check "\"work $*\" is answered by how it is used" test "$status" -eq 2
	check "and with the names of all" grep -q "^  sieve: " "$scratch/err"
}

refuses_usage
refuses_usage nothing 1
refuses_usage sieve
refuses_usage sieve 0
refuses_usage sieve 1x
refuses_usage sieve 99999999999
refuses_usage sieve 1 2
WORK_DISK=$scratch/none ends "a disk that is none is refused" 1 'cannot be read' \
	"$linux" disk 1
: >"$scratch/empty"
WORK_DISK=$scratch/empty ends "and one without a page" 1 'too small' \
	"$linux" disk 1
unset WORK_DISK
ends "and to name none" 1 'WORK_DISK is to be set' "$linux" disk 1
WORK_DISK=$image
export WORK_DISK

skip_rest=$(kvm_missing)

# guest NAME TIMES VCPUS: under the kernel, what Linux had in $expected.
guest() {
	run "$paravane" run --vcpus "$3" --block "$image,ro" "$kernel" -- \
		work "$1" "$2"
	got=$(sed -n "s/^work $1 [0-9]* $2 //p" "$scratch/out")
	if [ "$status" -eq 0 ] && [ "$got" = "$expected" ]; then
		pass "$1 comes to the same on $3 vCPU"
	else
		fail "$1 comes to the same on $3 vCPU" \
			"status $status, not $expected: $(cat "$scratch/out" "$scratch/err")"
	fi
}

for work in fork:7 pipe:50 demand:1500 compile:2 copy:2000 sha256:100 sieve:1 \
	disk:40; do
	name=${work%:*} times=${work#*:}
	run "$linux" "$name" "$times"
	expected=$(sed -n "s/^work $name [0-9]* $times //p" "$scratch/out")
	check "$name runs under Linux" expr "$expected" : '[0-9a-f]\{16\}$'
	run "$linux" "$name" $((times + 1))
	check "and once more is something else" \
		test "$(sed -n "s/^work .* //p" "$scratch/out")" != "$expected"
	if [ -n "$skip_rest" ]; then
		skip "$name under the kernel" "$skip_rest"
		continue
	fi
	guest "$name" "$times" 1
	guest "$name" "$times" 2
done
tap_done
