#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bad-options.sh PARAVANE GUEST: what is wrong on the command line gets one
# sentence that names it, and status 120.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1 guest=$2

# wrong REGEX OPTION...
wrong() {
	regex=$1
	shift
	refuses "run $*" 120 "$regex" "$paravane" run "$@"
}

for size in 1M 0 1 2047K 4096 257G 9999T 18446744073709551616 \
	99999999999999999999999; do
	wrong "--mem $size is out of range" --mem "$size" "$guest"
done
for size in x '' -1 -1M 1.5G 64MB 0x100000 '64 M' ' ' M 1e9; do
	wrong "not a size" --mem "$size" "$guest"
done
for time in 0 -1 x '' 1s nan inf 1e3; do
	wrong "is not a time" "--timeout=$time" "$guest"
done
wrong "'--mem' requires an argument" "$guest" --mem
wrong "unrecognized.*--bogus" --bogus "$guest"
wrong "invalid option" -x "$guest"
wrong "no engine bogus" --engine bogus "$guest"
wrong "unknown option .bogus" --block "/dev/null,bogus" "$guest"
wrong "an id is" --block "/dev/null,id=" "$guest"
wrong "path is empty" --block "" "$guest"
wrong "path is empty" --block ",ro" "$guest"
wrong "no guest given" --mem 64M
wrong "extra comes after the guest" "$guest" extra

# Names of disks are told apart by the guest.
: >"$scratch/empty"
truncate -s 1M "$scratch/a" "$scratch/b"
wrong "two devices are called twin" --block "$scratch/a,id=twin" --block "$scratch/b,id=twin" "$guest"

set --
count=0
while [ $count -le 16 ]; do
	truncate -s 4096 "$scratch/disk$count"
	set -- "$@" --block "$scratch/disk$count"
	count=$((count + 1))
done
refuses "17 disks" 120 "more than 16 disks" "$paravane" run "$@" "$guest"

refuses "an unknown command" 120 "no command bogus" "$paravane" bogus
ends "no command at all" 120 "usage" "$paravane"
ends "the help of run is no error" 0 "" "$paravane" run --help
ends "nor is the help" 0 "" "$paravane" --help
ends "nor is the version" 0 "" "$paravane" --version
run "$paravane" run --help
check "the help documents the statuses" grep -q "123" "$scratch/out"

# Arguments must fit what the guest finds them in: a sentence, not a crash.
if [ -n "$(kvm_missing)" ]; then
	skip "arguments that are too long" "$(kvm_missing)"
else
	long=$(head -c 100000 /dev/zero | tr '\0' x)
	refuses "arguments that are too long" 120 "arguments take" \
		"$paravane" run "$guest" -- "$long"
fi
tap_done
