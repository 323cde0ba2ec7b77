#!/bin/sh
# SPDX-License-Identifier: MIT
#
# console.sh PARAVANE ECHO FLOOD: console input reaches the guest and console
# output the host byte for byte, whoever is slow, and whatever stdin is.
#
# Clauses: O9, O10, O11.
set -u
. "$(dirname "$0")/../tap.sh"
skip_all_without_kvm
paravane=$1 echo=$2 flood=$3

guest() {
	timeout 60 "$paravane" run --timeout 30 "$@" 2>>"$scratch/err"
}

head -c 300000 /dev/urandom >"$scratch/random"

guest "$echo" <"$scratch/random" >"$scratch/out"
check "a file comes back byte for byte" cmp "$scratch/random" "$scratch/out"

# shellcheck disable=SC2002 # a pipe is what is tested
cat "$scratch/random" | guest "$echo" | cat >"$scratch/out"
check "a pipe comes back byte for byte" cmp "$scratch/random" "$scratch/out"

{
	for word in one two three; do
		printf '%s\n' $word
		sleep 0.2
	done
} | guest "$echo" >"$scratch/out"
printf 'one\ntwo\nthree\n' >"$scratch/expected"
check "a slow writer is waited for" cmp "$scratch/expected" "$scratch/out"

guest "$echo" </dev/null >"$scratch/out"
check "the end of input at once ends the guest with 0" test $? -eq 0
check "without output" test ! -s "$scratch/out"

guest "$echo" <&- >"$scratch/out"
check "a closed stdin is an end of input" test $? -eq 0

guest "$echo" </dev/zero | head -c 1000000 >"$scratch/out"
check "endless input, until nobody reads" test "$(wc -c <"$scratch/out")" -eq 1000000

# Some times what a pipe holds
lines=$((20000 / times_slower))
seq -f %063.0f 0 $((lines - 1)) >"$scratch/expected"
guest "$flood" -- $lines | { sleep 1; cat; } >"$scratch/out"
check "a slow reader gets everything" cmp "$scratch/expected" "$scratch/out"

{ guest "$flood" -- $lines; echo $? >"$scratch/status"; } | head -c 64 >/dev/null
check "output that nobody reads ends the guest as SIGPIPE does" \
	test "$(cat "$scratch/status")" = 141
check "nothing was said on stderr until here" test ! -s "$scratch/err"

guest "$flood" -- 100 >/dev/full
check "output to a full disk is not lost silently" test $? -eq 125
check "but with a sentence" grep -q "No space left" "$scratch/err"
rm -f "$scratch/err"

guest "$flood" -- 100 >&-
check "nor is output to a closed stdout" test $? -eq 125
rm -f "$scratch/err"

guest "$flood" -- $lines </dev/null >"$scratch/out"
check "output to a file" cmp "$scratch/expected" "$scratch/out"

check "nothing was said on stderr" test ! -s "$scratch/err"
tap_done
