#!/bin/sh
# SPDX-License-Identifier: MIT
#
# walk.sh PARAVANE WALKED: a guest that crashed, one that ended and one that runs on
# are dumped, and `paravane walk` shows where addresses lead in them.
set -u
. "$(dirname "$0")/../tap.sh"
skip_all_without_kvm
paravane=$1 walked=$2
dump=$scratch/dump

# shows NAME REGEX ARGUMENT...: walk's text has it, white space squeezed.
shows() {
	shows_name=$1 shows_regex=$2
	shift 2
	run "$paravane" walk "$@"
	tr -s ' \n' '  ' <"$scratch/out" >"$scratch/text"
	check "$shows_name" grep -qE -- "$shows_regex" "$scratch/text"
	[ "$status" -eq 0 ] || fail "with status 0" "it is $status"
}

# json NAME FILTER ARGUMENT...: jq's filter finds it true.
json() {
	json_name=$1 json_filter=$2
	shift 2
	run "$paravane" walk --json "$@"
	if command -v jq >/dev/null; then
		check "$json_name" jq -e "$json_filter" "$scratch/out"
	else
		skip "$json_name" "there is no jq"
	fi
}

# in_the_background MODE [OPTION...]: until it is ready.
in_the_background() {
	mode=$1
	shift
	rm -f "$scratch/ready" "$dump"
	"$paravane" run --timeout 60 --dump "$dump" "$@" "$walked" -- "$mode" \
		>"$scratch/ready" 2>"$scratch/err" </dev/null &
	pid=$!
	tries=0
	until grep -q ready "$scratch/ready" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || break
		sleep 0.05
	done
}

wait_for_dump() {
	tries=0
	until [ -s "$dump" ]; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || return 1
		sleep 0.05
	done
}

ends "a guest crashes, and its report has the walk" 123 "PML4\[128\]=" \
	"$paravane" run --dump "$dump" "$walked" -- crash
tr '\n' ' ' <"$scratch/err" >"$scratch/text"
check "and names the command for more" \
	grep -qE 'PML4\[128\]=.* level by level: paravane walk [^ ]* 0x400000000000' \
	"$scratch/text"
shows "a small page, level by level" \
	'PML4\[128\].*PDPT\[0\].*PD\[0\].*PT\[0\].*4 KiB; its tables allow: read .*small page' \
	"$dump" 0x400000000000
shows "a large page ends a level earlier" \
	'PDPT\[1\].*PD\[0\] .*2 MiB; its tables allow: read, write .*large page' \
	"$dump" 0x400040001234
shows "a symbol" 'main' "$dump" main
shows "a register" 'guest-virtual +0x' "$dump" rsp rip+1
shows "an address that is mapped nowhere" 'not present' "$dump" 0x500000000000
shows "one that is none" 'no address: bits 63 to 47' "$dump" 0x800000000000
shows "the hypervisor's window" 'window' "$dump" 0x7f8000000000
shows "how the guest ended" 'stopped: page fault' "$dump" 0
root=$("$paravane" walk "$dump" 0 | sed -nE "s/.*guest's root at (0x[0-9a-f]+).*/\1/p")
shows "through the guest's own root, which is told" 'small page' \
	--root="$root" "$dump" 0x400000000000
json "the same as JSON" \
	'.walks[0] | .guest_virtual == 70368744177664 and (.levels | length == 4)' \
	"$dump" 0x400000000000
json "each level says where its entry is" \
	'[.walks[0].levels[].level] == ["PML4","PDPT","PD"]' "$dump" 0x400040001234
json "only what leads to memory can be dirty" \
	'[.walks[0].levels[] | has("dirty")] == [false,false,false,true]' \
	"$dump" 0x400000000000
json "the three layers meet: host = where RAM is + guest-physical" \
	'(.memory[] | select(.name == "RAM").host) as $ram
	| .walks[0] | .host == $ram + .guest_physical' "$dump" 0x400000000000

run "$paravane" run --dump "$dump" "$walked"
judge "a guest that ends in order leaves a dump too" 0 silent
shows "it can be walked" 'small page' "$dump" 0x400000000000

in_the_background wait --vcpus 2
kill -USR2 $pid
check "SIGUSR2 dumps a guest that goes on" wait_for_dump
check "it does go on" kill -0 $pid
shows "what it was doing" 'small page' "$dump" 0x400000000000
shows "a vCPU that was never up, by a root that is given" 'vCPU +1 of 2, down' \
	--vcpu=1 --root=0x1000 "$dump" 0
kill -TERM $pid
wait $pid
status=$?
judge "and ends as any other, its state told of" 143 "state is in $dump"
refuses "a vCPU that is down has no tables" 120 "vCPU 1 is down" \
	"$paravane" walk --vcpu=1 "$dump" 0

in_the_background user
sleep 0.2
kill -USR2 $pid
check "a guest in user mode is dumped" wait_for_dump
shows "its program is where it was put" 'content +eb fe' --user "$dump" 0x10000
shows "and has nothing of the kernel's" 'not present' --user "$dump" 0x400000000000
kill -TERM $pid
wait $pid

refuses "no dump" 120 "" "$paravane" walk
refuses "no address" 120 "give an ADDRESS" "$paravane" walk "$dump"
refuses "a dump that is not there" 121 "no-such.*cannot be opened" \
	"$paravane" walk "$scratch/no-such" 0
refuses "a folder" 121 "not a dump" "$paravane" walk "$scratch" 0
refuses "a guest's image" 121 "no core file" "$paravane" walk "$walked" 0
refuses "a vCPU that is not there" 120 "no vCPU 7" "$paravane" walk --vcpu=7 "$dump" 0
refuses "a root that is none" 120 "root" "$paravane" walk --root=0x123 "$dump" 0
refuses "an address that is none" 120 "neither a number" "$paravane" walk "$dump" 12x
head -c 5000 "$dump" >"$scratch/cut"
refuses "half a dump" 121 "truncated" "$paravane" walk "$scratch/cut" 0
ends "a dump that cannot be written" 120 "cannot write a dump" \
	"$paravane" run --dump /proc/no-such "$walked"
tap_done
