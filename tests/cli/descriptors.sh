#!/bin/sh
# SPDX-License-Identifier: MIT
#
# descriptors.sh PARAVANE HELLO SPIN TIMER: a program that is started without its standard
# descriptors must not take the next file it opens for one of them: that would be
# the disk. And one that is started with signals blocked, ignored or limits set
# must still end.
set -u
. "$(dirname "$0")/../tap.sh"
skip_all_without_kvm
paravane=$1 hello=$2 spin=$3 timer=$4
truncate -s 4096 "$scratch/disk"
cp "$scratch/disk" "$scratch/blank"

untouched() {
	check "the disk is untouched with $1" cmp "$scratch/disk" "$scratch/blank"
}

"$paravane" run --block "$scratch/disk" "$hello" <&- >&-
check "without stdin and stdout, output fails" test $? -eq 125
untouched "these closed"
"$paravane" run --block "$scratch/disk" "$hello" <&- >&- 2>&-
check "without any, it fails too" test $? -eq 125
untouched "all closed"
"$paravane" run --stats --block "$scratch/disk" "$hello" >"$scratch/out" <&- 2>&-
untouched "statistics for a closed stderr"
check "and the output was written" grep -q Hello "$scratch/out"

# A limit on the size of files ends the output, not the program.
(
	ulimit -f 8
	exec timeout -s KILL 20 "$paravane" run "$spin" -- print \
		>"$scratch/limited" 2>"$scratch/err"
)
check "a file size limit is a failure to write" test $? -eq 125
check "with a sentence" grep -q "cannot write" "$scratch/err"

# Enough descriptors to start with, and none for what the guest asks for later.
# with-limit LIMIT COMMAND...
cat >"$scratch/with-limit" <<'SCRIPT'
#!/bin/sh
ulimit -n "$1" && shift && exec "$@"
SCRIPT
chmod +x "$scratch/with-limit"
limit=3
status=122
while [ $limit -lt 100 ] && { [ $status -eq 122 ] || [ $status -eq 121 ]; }; do
	limit=$((limit + 1))
	run "$scratch/with-limit" $limit "$paravane" run "$timer"
done
refuses "no descriptor left for a timer" 125 "timer: too many open files" \
	"$scratch/with-limit" $limit "$paravane" run "$timer"

# nohup, and Ctrl-\.
run timeout -s KILL 20 nohup "$paravane" run --timeout 0.5 "$spin"
judge "under nohup it runs" 124 timeout
timeout -s KILL 20 env --block-signal=USR1 "$paravane" run --timeout 0.5 "$spin" \
	>"$scratch/out" 2>"$scratch/err"
check "a blocked SIGUSR1 does not keep a guest alive" test $? -eq 124
env --ignore-signal=HUP "$paravane" run --timeout 1 "$spin" \
	>"$scratch/out" 2>"$scratch/err" &
pid=$!
sleep 0.4
kill -HUP $pid
wait $pid
check "an ignored SIGHUP stays ignored" test $? -eq 124

env --default-signal=QUIT "$paravane" run "$spin" >"$scratch/out" \
	2>"$scratch/err" &
pid=$!
sleep 0.4
kill -QUIT $pid
wait $pid
check "SIGQUIT ends it in good order" test $? -eq 131
tap_done
