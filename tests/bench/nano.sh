#!/bin/sh
# SPDX-License-Identifier: MIT
#
# nano.sh PARAVANE NANO: the guest of the nano-benchmarks does each row as often as it
# is told, by the hypervisor's own count where there is one, and says what is wrong
# with its arguments. Figures are not looked at.
set -u
. "$(dirname "$0")/../tap.sh"
skip_all_without_kvm
paravane=$1 nano=$2

nano() {
	run "$paravane" run --vcpus 2 --stats="$scratch/stats" "$nano" -- "$@"
}

# has_line ROW TIMES
# shellcheck disable=SC2317 # called by check
has_line() {
	test "$status" -eq 0 && grep -qE "^$1 [0-9]+ $2\$" "$scratch/out"
}

# counted FIELD: as the hypervisor has it, 0 if it names none.
counted() {
	number=$(sed -n "s/^ *\"$1\":\([0-9]*\).*/\1/p" "$scratch/stats")
	echo "${number:-0}"
}

# Operations, without what some hosts have instead of a counter to read.
exits() {
	echo $(($(counted operation) - $(counted clock)))
}

# The rows, and what of the hypervisor's grows by how much with each time.
rows='port-in:nop:1 cr-write:none:0 call-return:none:0 mask:none:0 pushf:none:0
	timer-read:none:0 divide:traps:1 page-fault:traps:1 page-fault:flushes:1
	syscall:user_runs:1 pte-modify:flushes:1 space-switch:mmu_root:1
	cold-code:none:0 event:send_event:2 context-switch:none:0'
for line in $rows; do
	row=${line%%:*} growth=${line##*:}
	field=${line#*:} field=${field%:*}
	nano "$row=2"
	check "$row is done twice" has_line "$row" 2
	check "and nothing else is printed" test "$(wc -l <"$scratch/out")" -eq 1
	few=$(counted "$field") few_exits=$(exits)
	nano "$row=302"
	check "$row is done 302 times" has_line "$row" 302
	check "which is $field: $growth each" \
		test $(($(counted "$field") - few)) -eq $((300 * growth))
	if [ "$growth" -eq 0 ]; then
		check "and without an exit" \
			test "$(exits)" -eq "$few_exits"
	fi
done

nano 2000
check "all rows are measured" test "$(wc -l <"$scratch/out")" -eq 14
check "and each is one line" test \
	"$(grep -cE '^[a-z-]+ [0-9]+ [1-9][0-9]*$' "$scratch/out")" -eq 14
nano 2000 cold-code pushf
check "or those that are named" has_line cold-code '[1-9][0-9]*'
check "and no others" test "$(wc -l <"$scratch/out")" -eq 2
run "$paravane" run "$nano" -- 2000
check "with one vCPU there are no events" test "$(wc -l <"$scratch/out")" -eq 13

# complains REGEX ARG...: one sentence, and a status.
complains() {
	regex=$1
	shift
	run "$paravane" run "$nano" -- "$@"
	if [ "$status" -eq 2 ] && [ "$(wc -l <"$scratch/out")" -eq 1 ] &&
		grep -q "^nano: .*$regex" "$scratch/out"; then
		pass "\"nano $*\" is told what is wrong"
	else
		fail "\"nano $*\" is told what is wrong" \
			"status $status: $(cat "$scratch/out" "$scratch/err")"
	fi
}

complains usage
complains 'no budget' mask
complains 'no budget' 0
complains 'no budget' 1000x mask
complains 'no budget' 60000001
complains 'no budget' 99999999999999999999
complains 'no row "nothing"' 1000 nothing
complains 'no row "nothing"' nothing=1
complains 'no row ""' =1
complains 'no number of times' mask=
complains 'no number of times' mask=0
complains 'no number of times' mask=-1
complains 'takes 2 vCPUs, and this machine has 1' event=1
complains 'takes 2 vCPUs, and this machine has 1' 1000 mask event
tap_done
