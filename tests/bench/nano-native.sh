#!/bin/sh
# SPDX-License-Identifier: MIT
#
# nano-native.sh PARAVANE NANO-NATIVE qemu|kvm: the nano guest as a kernel of a bare
# machine has the same rows, does each as often as it is told, and sees no translation
# that is out of date: under QEMU's translator, or at ring 0 under KVM. Figures are not
# looked at.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
paravane=$1 nano=$2 engine=$3

skip_all_without "$engine"

nano() {
	run_native "$engine" 2 "" "$nano" "$@"
}

# shellcheck disable=SC2317 # called by check
has_line() {
	test "$status" -eq 0 && grep -qE "^$1 [0-9]+ $2\$" "$scratch/out" &&
		test "$(wc -l <"$scratch/out")" -eq 1
}

for row in port-in cr-write call-return mask pushf timer-read divide \
	page-fault syscall pte-modify space-switch cold-code event \
	context-switch; do
	for times in 1 2 40; do
		nano "$row=$times"
		check "$row is done, times: $times" has_line "$row" "$times"
	done
done
nano 1000
check "all rows are measured" test "$(wc -l <"$scratch/out")" -eq 14
nano nothing=1
check "a row that is none is told of" \
	grep -q '^nano: there is no row "nothing"' "$scratch/out"
check "with the status of it" test "$status" -eq 2
tap_done
