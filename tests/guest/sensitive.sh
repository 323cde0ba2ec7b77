#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sensitive.sh PARAVANE GUEST NATIVE-GUEST paravirt|qemu: what the instructions do that a
# kernel must not rely on. At ring 3 every privileged one traps, and what is sensitive
# tells of the machine beneath or is ignored; at ring 0 both do as they are told.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
paravane=$1 guest=$2 native=$3 engine=$4

# shown NAME: what an instruction showed, a number in hexadecimal.
shown() {
	awk -v name="$1" '$1 == name && $3 == "executed" { print $4 }' \
		"$scratch/lines"
}

# class CLASS LEAST REGEX: at least so many lines of the class, and all of them match.
class() {
	awk -v class="$1" -v least="$2" -v regex="$3" '
		$2 == class { n++; if ($3 !~ regex) { print; bad = 1 } }
		END { exit bad || n < least }' "$scratch/lines"
}

if [ "$engine" = qemu ]; then
	skip_all_without qemu
	run_native qemu 1 '' "$native"
else
	skip_all_without_kvm
	run "$paravane" run "$guest"
fi
tr -d '\r' <"$scratch/out" >"$scratch/lines"
check "it ends with status 0" test "$status" -eq 0
check "what is harmless is" class harmless 2 '^executed$'

if [ "$engine" = qemu ]; then
	# but RDPMC, which this machine lacks
	grep -v '^rdpmc ' "$scratch/lines" >"$scratch/all"
	mv "$scratch/all" "$scratch/lines"
	check "privileged instructions are executed" class privileged 20 '^executed$'
	check "interrupts are on" test $(($(shown pushf) & 0x200)) -ne 0
	check "POPF switches interrupts off" test $(($(shown popf) & 0x200)) -eq 0
	check "CS shows ring 0" test $(($(shown mov-from-cs) & 3)) -eq 0
	tap_done
fi
check "no privileged instruction is executed" class privileged 20 '^#'
# On or off, that is the host's affair.
check "POPF leaves interrupts as they are, and says nothing" \
	test $((($(shown popf) ^ $(shown pushf)) & 0x200)) -eq 0
check "CS shows ring 3" test $(($(shown mov-from-cs) & 3)) -eq 3
run "$paravane" run "$guest" -- popf cli
check "only those named" \
	test "$(cut -d ' ' -f 1 <"$scratch/out" | tr '\n' ' ')" = 'cli popf '
run "$paravane" run "$guest" -- nonsense
check "another name is refused" test "$status" -eq 1
tap_done
