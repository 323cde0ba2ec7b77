#!/bin/sh
# SPDX-License-Identifier: MIT
#
# endings.sh PARAVANE SPIN: a guest that never ends by itself is ended by
# --timeout, SIGINT, SIGTERM and SIGHUP, whatever it is doing; the terminal is as
# it was.
set -u
. "$(dirname "$0")/../tap.sh"
skip_all_without_kvm
paravane=$1 spin=$2
truncate -s 1M "$scratch/disk"

# Up to 10 seconds for a guest to say that it is ready.
wait_until_ready() {
	tries=0
	until grep -q ready "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
		sleep 0.05
	done
}

for how in compute block read disk; do
	ends "--timeout ends a guest in $how" 124 "timeout" \
		"$paravane" run --timeout 0.5 --block "$scratch/disk" "$spin" -- $how
done

# A background process of a shell ignores SIGINT; env gives it back. timeout
# passes signals on.
for how in compute block read disk; do
	for signal in INT TERM HUP; do
		case $signal in
		INT) expected=130 ;;
		TERM) expected=143 ;;
		HUP) expected=129 ;;
		esac
		rm -f "$scratch/out" "$scratch/stats"
		env --default-signal=INT timeout --foreground -s KILL 20 \
			"$paravane" run --block "$scratch/disk" \
			"--stats=$scratch/stats" "$spin" -- $how \
			>"$scratch/out" 2>"$scratch/err" </dev/zero &
		pid=$!
		wait_until_ready "$scratch/out" || echo "# not ready" >&2
		sleep 0.05
		kill -$signal $pid
		wait $pid
		status=$?
		judge "SIG$signal ends a guest in $how with $expected" "$expected" silent
		check "in good order: statistics were written" test -s "$scratch/stats"
	done
done

rm -f "$scratch/out"
"$paravane" run --timeout 1 "$spin" -- compute >"$scratch/out" \
	2>"$scratch/err" </dev/null &
pid=$!
wait_until_ready "$scratch/out" || echo "# not ready" >&2
kill -USR2 $pid
wait $pid
status=$?
judge "SIGUSR2 is nothing to a guest without --dump" 124 "timeout"

# timeout(1) sends its signal twice, to the program and to its group.
ends_in_order=yes
for round in 1 2 3 4 5 6 7 8 9 10; do
	rm -f "$scratch/stats"
	timeout -s TERM 0.2 "$paravane" run "--stats=$scratch/stats" \
		--block "$scratch/disk" "$spin" -- disk </dev/null >/dev/null 2>&1
	[ -s "$scratch/stats" ] || ends_in_order="no, in round $round"
done
check "a signal that comes twice is one" test "$ends_in_order" = yes

# Signals keep coming while the VM ends, its memory goes and the program returns.
unexpected=
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	"$paravane" run --block "$scratch/disk" "$spin" -- disk \
		>"$scratch/out" 2>"$scratch/err" </dev/null &
	pid=$!
	wait_until_ready "$scratch/out" || echo "# not ready" >&2
	while kill -TERM $pid 2>/dev/null && kill -HUP $pid 2>/dev/null; do :; done
	wait $pid
	status=$?
	[ $status -eq 143 ] || [ $status -eq 129 ] ||
		unexpected="$unexpected $round:$status"
done
check "a storm of signals ends a guest once" test -z "$unexpected"

# A reader that does not read: the pipe is full, and the guest's write waits.
mkfifo "$scratch/pipe"
exec 8<>"$scratch/pipe"
status=0
timeout -s KILL 20 "$paravane" run --timeout 1 "$spin" -- print \
	</dev/null >"$scratch/pipe" 2>"$scratch/err" || status=$?
judge "--timeout ends a guest whose output nobody reads" 124 "timeout"
for signal in INT TERM; do
	expected=130
	[ $signal = INT ] || expected=143
	rm -f "$scratch/stats"
	env --default-signal=INT timeout --foreground -s KILL 20 \
		"$paravane" run "--stats=$scratch/stats" "$spin" -- print \
		</dev/null >"$scratch/pipe" 2>"$scratch/err" &
	pid=$!
	sleep 0.5
	kill -$signal $pid
	wait $pid
	status=$?
	judge "SIG$signal ends a guest whose output nobody reads" "$expected" silent
	check "in good order too" test -s "$scratch/stats"
done
exec 8<&-

# In a terminal: its settings before and after, and Ctrl-C typed into it.
if ! command -v script >/dev/null; then
	skip "the terminal is as it was" "script is not installed"
	tap_done
fi
cat >"$scratch/terminal-run" <<'SCRIPT'
trap : INT # the terminal's goes to everybody in it
stty -a >"$scratch/before"
"$@" 2>"$scratch/terminal-run-err"
echo $? >"$scratch/terminal-run-status"
stty -a >"$scratch/after"
SCRIPT
# in_terminal TYPIST COMMAND
export scratch paravane spin
in_terminal() {
	"$1" | timeout 60 script -qec "sh $scratch/terminal-run $2" /dev/null \
		>"$scratch/terminal" 2>&1
}

type_nothing() {
	sleep 2
}

type_interrupt() {
	wait_until_ready "$scratch/terminal"
	sleep 0.2
	printf '\003'
	sleep 2
}

in_terminal type_nothing "$paravane run --timeout 0.5 $spin -- read"
check "a timeout restores the terminal" cmp "$scratch/before" "$scratch/after"
check "with its status" grep -qx 124 "$scratch/terminal-run-status"
rm -f "$scratch/terminal"
in_terminal type_interrupt "$paravane run --timeout 20 $spin -- read"
check "Ctrl-C restores the terminal" cmp "$scratch/before" "$scratch/after"
check "with the status of SIGINT" grep -qx 130 "$scratch/terminal-run-status"
rm -f "$scratch/terminal"
in_terminal type_interrupt "$paravane run --timeout 20 $spin"
check "Ctrl-C ends a guest that does not read" \
	grep -qx 130 "$scratch/terminal-run-status"
tap_done
