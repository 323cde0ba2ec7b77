#!/bin/sh
# SPDX-License-Identifier: MIT
#
# host-events.sh PARAVANE COUNT: what is written to a named pipe becomes an event,
# and a storm of it a bounded number of upcalls.
#
# Clauses: P3.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1 count=$2
fifo=$scratch/fifo

refuses "a pipe that is not there" 120 "mkfifo" \
	"$paravane" run --host-events "$fifo" "$count"
refuses "a file that is no pipe" 120 "no named pipe" \
	"$paravane" run --host-events "$count" "$count"
mkfifo "$fifo"

# upcalls WRITER...: how many the guest took of what the command writes.
upcalls() {
	"$paravane" run --timeout 40 --host-events "$fifo" "$count" \
		</dev/null >"$scratch/out" 2>"$scratch/err" &
	guest=$!
	for _ in $(seq 100); do
		grep -q ready "$scratch/out" && break
		sleep 0.1
	done
	timeout 2 "$@" >"$fifo"
	wait $guest
	status=$?
	n=$(awk '/^upcalls/ { print $2 }' "$scratch/out")
	n=${n:-0}
}

if [ -n "$(kvm_missing)" ]; then
	skip "events" "$(kvm_missing)"
	tap_done
fi
upcalls echo once
check "a line is an event" test "$status" -eq 0 -a "$n" -ge 1
upcalls yes
check "a storm is events as well" test "$status" -eq 0 -a "$n" -ge 1
check "no more than the guest can look at" test "$n" -lt 500000
tap_done
