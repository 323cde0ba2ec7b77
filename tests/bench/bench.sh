#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bench.sh PARAVANE: `paravane bench` measures what it is asked to, says why
# where it cannot, and leaves nothing behind. Figures are not looked at.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1

# printed REGEX: the last run succeeded, and printed such a row.
# shellcheck disable=SC2317 # called by check
printed() {
	test "$status" -eq 0 && grep -q -- "$1" "$scratch/out"
}

run "$paravane" bench --list
check "--list names the benchmarks" printed '^block-random-read '
ends "an unknown benchmark is refused" 120 'no benchmark' \
	"$paravane" bench nonsense
for rounds in 0 101 -1 2x ''; do
	ends "--rounds '$rounds' is refused" 120 'from 1 to 100' \
		"$paravane" bench --rounds "$rounds"
done

skip_rest=$(kvm_missing)
if [ -n "$skip_rest" ]; then
	run "$paravane" bench --quick --rounds 1 clock malloc
	check "without KVM a row says so" grep -q kvm "$scratch/out"
	check "and the status too" test "$status" -eq 122
	skip "figures" "$skip_rest"
	tap_done
fi

quick() {
	run "$paravane" bench --quick --rounds 1 --json "$scratch/json" "$@"
}

quick compute hello nop clock malloc mask mutex switch
for row in mix 'spawn to exit' "monitor's memory" 'null operation' \
	'clock read' 'malloc and free' 'mask and unmask' 'lock and unlock' \
	'thread switch' '  exits  '; do
	check "there is a row: $row" printed "$row .*[0-9]"
done
check "no row is without figures" test "$(grep -c not_measured "$scratch/json")" -eq 0
check "the JSON has both sides" grep -q '"peer"' "$scratch/json"

quick trap timer event user root
for row in 'exception .*by exit' 'exception .*by IDT gate' 'timer, running' \
	'timer, blocked' 'user system call' 'page-table load'; do
	check "beside its floor: $row" printed "$row.*[0-9].*ratio"
done
# With one CPU it says that it needs two.
check "beside its floor, or why not: event" printed 'event, running'
check "exits are counted" printed '  exits  *per op  *[12]\.'

quick net
for row in '64 B, there and back' '1514 B, sent' '1514 B, received'; do
	check "beside an io_uring loop: $row" printed "$row .*io_uring loop"
done
check "exits are counted by the frame" printed '  exits  *per frame  *[0-9]'

export TMPDIR="$scratch"
quick block-random
check "reads and writes at depth 32" printed 'depth 32  .*io_uring loop'
check "no temporary file stays" test -z "$(find "$scratch" -name 'paravane-bench*')"

head -c 2097152 /dev/urandom >"$scratch/disk"
cp "$scratch/disk" "$scratch/copy"
quick --file "$scratch/disk" block-random-write
check "--file is not written to unasked" \
	grep -q 'allow it with --overwrite' "$scratch/out"
check "which leaves nothing to measure" test "$status" -eq 122
check "and keeps its bytes" cmp "$scratch/disk" "$scratch/copy"
quick --overwrite --file "$scratch/disk" block-random-write
check "--overwrite allows it" printed 'depth 32  .*io_uring loop'

quick --guests "$scratch" clock
check "missing guests fail the run" test "$status" -eq 125
check "and the row says why" grep -q 'micro.elf is not in' "$scratch/out"

"$paravane" bench --quick >"$scratch/out" 2>&1 &
bench=$!
sleep 1
kill -TERM $bench
wait $bench
check "SIGTERM ends it with 143" test $? -eq 143
# Its children were told where to put statistics: in a file of its own.
check "and no child stays" test -z "$(pgrep -f "/proc/$bench/fd/")"
check "nor a temporary file" test -z "$(find "$scratch" -name 'paravane-bench*')"
tap_done
