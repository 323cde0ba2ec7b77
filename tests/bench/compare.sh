#!/bin/sh
# SPDX-License-Identifier: MIT
#
# compare.sh PARAVANE: `paravane bench compare` of files that are made up, so that it
# is known what has to come out.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1

# cell TECHNIQUE LOW MEDIAN HIGH [DIGEST]
cell() {
	printf '{"technique": "%s", "low": %s, "ns_per_operation": %s, "high": %s, ' \
		"$1" "$2" "$3" "$4"
	printf '"samples": [%s, %s]%s}' "$2" "$4" "${5:+, \"digest\": \"$5\"}"
}

# task NAME CELLS [TIMES]
task() {
	printf '{"task": "%s", "title": "the %s", "techniques": [%s]%s}' \
		"$1" "$1" "$2" "${3:+, \"times\": $3}"
}

# survey TASKS [VERSION]
survey() {
	printf '{"format": "paravane bench techniques", "version": %s, ' "${2:-1}"
	printf '"host": {"cpu": "made up"}, "tasks": [%s]}' "$1"
}

compare() {
	run "$paravane" bench compare "$@"
}

# says NAME REGEX
says() {
	check "$1" grep -qE -- "$2" "$scratch/out"
}

survey "$(task fast "$(cell a 100 110 120)"),$(task slow "$(cell a 10 11 12)"),\
$(task touch "$(cell a 10 11 12)"),$(task gone "$(cell a 1 2 3)"),\
$(task work "$(cell a 1 2 3 00ff)" 7)" >"$scratch/a"
survey "$(task fast "$(cell a 50 60 99)"),$(task slow "$(cell a 12.5 13 14)"),\
$(task touch "$(cell a 12 13 14)"),$(task new "$(cell b 1 2 3)"),\
$(task work "$(cell a 1 2 3 00fe)" 7)" >"$scratch/b"

compare "$scratch/a" "$scratch/b"
check "regressions are no failure" test "$status" -eq 0
says "spreads below those of before are faster" '^the fast .* 0\.55x  faster$'
says "spreads above are slower" '^the slow .* 1\.18x  SLOWER$'
says "spreads that touch are the same" '^the touch .* 1\.18x  same$'
says "other results of the same work are told" '^the work .*OTHER RESULTS$'
says "what is gone is told" '^only in A: the gone$'
says "and what is new" '^only in B: the new$'
says "all is counted" '^2 the same, 1 faster, 1 slower, 1 with OTHER RESULTS in B$'
says "the machine is named" '^A: .*made up'
compare --fail-on-regression "$scratch/a" "$scratch/b"
check "--fail-on-regression is status 1" test "$status" -eq 1
compare --fail-on-regression "$scratch/a" "$scratch/a"
check "or 0 where nothing is slower" test "$status" -eq 0
says "a file is the same as itself" '^5 the same, 0 faster, 0 slower in B$'

survey "$(task work "$(cell a 1 2 3 00fe)" 8)" >"$scratch/other"
compare "$scratch/a" "$scratch/other"
says "other work is told" ' \(of 7 and 8 a round\)$'
check "results of other work may be others" sh -c "! grep -q OTHER '$scratch/out'"
survey '{"task": "slow", "title": "the slow", "techniques": [{"technique": "a",
	"low": 99, "ns_per_operation": 99, "high": 99, "samples": [99]}]}' \
	>"$scratch/once"
compare "$scratch/a" "$scratch/once"
says "a single round is not judged" '^the slow .*\? \(one round'
survey "$(task slow "$(cell a 10 11 12),$(cell native 5 6 7)")" >"$scratch/more"
compare "$scratch/more" "$scratch/a"
says "of a row in both files the technique is named" \
	'^only in A: the slow \(trap-and-emulate\)$'
survey '{"task": "slow", "title": "t", "techniques": [{"technique": "a",
	"note": "died"}]}' >"$scratch/died"
compare "$scratch/a" "$scratch/died"
says "what died is missing" '^only in A: .*the slow;'

# refused NAME REGEX FILE
refused() {
	refuses "$1" 120 "$2" "$paravane" bench compare "$scratch/a" "$3"
	refuses "$1, the other way" 120 "$2" \
		"$paravane" bench compare "$3" "$scratch/a"
}

survey "" 2 >"$scratch/version"
refused "another version is refused" 'of version 2 .* reads version 1' \
	"$scratch/version"
survey "" '"x"' >"$scratch/version"
refused "a version that is none" 'of version x' "$scratch/version"
: >"$scratch/bad"
refused "an empty file" 'is no JSON file of' "$scratch/bad"
head -c 4096 /dev/urandom >"$scratch/bad"
refused "no JSON" 'is no JSON file of' "$scratch/bad"
echo '{"version": 1, "results": []}' >"$scratch/bad"
refused "JSON of paravane bench" 'is no JSON file of' "$scratch/bad"
echo '[1, 2]' >"$scratch/bad"
refused "JSON that is no object" 'is no JSON file of' "$scratch/bad"
head -c 150 "$scratch/a" >"$scratch/bad"
refused "half a file" 'is no JSON file of' "$scratch/bad"
refused "a file that is not there" 'cannot read' "$scratch/none"
mkfifo "$scratch/pipe"
refused "a pipe that nobody writes to" 'is no JSON file of' "$scratch/pipe"
refused "a device without an end" 'is no JSON file of' /dev/zero
truncate -s 1G "$scratch/large"
refused "a file that is too large" 'is no JSON file of' "$scratch/large"
cells=$(cell a 1 2 3)
for i in 1 2 3 4 5 6 7 8 9 10; do
	cells="$cells,$cells"
done
survey "$(task many "$cells")" >"$scratch/bad"
refused "a file with too many figures" 'damaged: it has too many' "$scratch/bad"
refused "a directory" 'is a directory|is no JSON file' "$scratch"
for median in -1 0 1e999 '"x"' null 1000; do
	survey "$(task work "$(cell a 1 $median 3)")" >"$scratch/bad"
	refused "a figure of $median" 'damaged|is no JSON' "$scratch/bad"
done
survey '{"task": 7, "techniques": [{}]}' >"$scratch/bad"
refused "a task without a name" 'damaged: a task has no name' "$scratch/bad"
survey '{"task": "x", "title": "x", "techniques": [3]}' >"$scratch/bad"
refused "a technique that is none" 'damaged: a technique has no name' "$scratch/bad"
survey '{"task": "x", "title": "\u001b[2J", "techniques": []}' >"$scratch/bad"
refused "a title that is for the terminal" 'damaged: a task has no name' "$scratch/bad"
survey '5, null, "x"' >"$scratch/bad"
refused "tasks that are none" 'damaged' "$scratch/bad"

ends "one file is refused" 120 'wants two files' \
	"$paravane" bench compare "$scratch/a"
ends "three are" 120 'is a third' \
	"$paravane" bench compare "$scratch/a" "$scratch/a" "$scratch/a"
tap_done
