#!/bin/sh
# SPDX-License-Identifier: MIT
#
# techniques.sh PARAVANE: `paravane bench techniques` says what is missing or died and
# measures the rest; its files are whole or not there. Most of it is made up
# (fake-guests.sh), so that it is known what has to come out; the end is real.
# Figures are not looked at.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/fake-guests.sh"
paravane=$1
fake_programs "$scratch/fake"
without_qemu=$scratch/no-qemu
mkdir "$without_qemu"
for tool in sh sleep date cut gnuplot; do
	path=$(command -v $tool) && ln -s "$path" "$without_qemu/$tool"
done

# fake OPTION...: with the made-up programs, and no guest for KVM.
fake() {
	run env PATH="$fake_bin:$without_qemu" "$paravane" bench techniques \
		--guests "$fake_guests" --rounds 2 --budget-us 100 --times 3 "$@"
}

# says REGEX: the last run, in its table or under it; lines are joined.
# shellcheck disable=SC2317 # called by check
says() {
	tr -s '\n ' ' ' <"$scratch/out" | grep -qE -- "$1"
}

# cell ROW TECHNIQUE: of the JSON, on one line and without blanks
cell() {
	tr -d '\n ' <"$scratch/json" | sed "s/.*\"task\":\"$1\"//" |
		grep -oE "\\{\"technique\":\"$2\"[^}]*" | head -n 1
}

# ---- the command line

run "$paravane" bench techniques --list
for word in syscall cold-code fork disk paravirt native translation process; do
	check "--list has $word" grep -q "^$word " "$scratch/out"
done
ends "an unknown row is refused" 120 'no row nonsense' \
	"$paravane" bench techniques nonsense
for rounds in 0 101 -1 2x ''; do
	ends "--rounds '$rounds' is refused" 120 'from 1 to 100' \
		"$paravane" bench techniques --rounds "$rounds"
done
ends "--seconds 0 is refused" 120 'from 1 to' \
	"$paravane" bench techniques --seconds 0
ends "--times of too many is refused" 120 'from 1 to' \
	"$paravane" bench techniques --times 99999999999999999999
ends "an unknown option is refused" 120 'unrecognized' \
	"$paravane" bench techniques --nonsense

# ---- what is not here

run env PATH="$without_qemu" "$paravane" bench techniques --guests "$fake_guests" \
	--rounds 1 --times 3 --budget-us 100 sha256 pushf
check "without QEMU a sentence says so" \
	says 'translation: qemu-system-x86_64 is not in \$PATH'
check "and the process is measured" says 'SHA-256 .* 1\.00 us'
check "a guest that is not there is said" \
	says 'nano(-native)?\.elf is not in|/dev/kvm cannot be used'

# without-kvm COMMAND...: to be called in a mount namespace of its own.
cat >"$scratch/without-kvm" <<'SCRIPT'
#!/bin/sh
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /dev
mknod -m 666 /dev/null c 1 3
ln -s /proc/self/fd /dev/fd
exec "$@"
SCRIPT
chmod +x "$scratch/without-kvm"
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	run unshare -m "$scratch/without-kvm" "$paravane" bench techniques \
		--rounds 1 --times 3 --budget-us 100 sha256 pushf
	check "without KVM a sentence says so" \
		says 'paravirtual: /dev/kvm cannot be used'
	check "the report too" says 'KVM: none'
	check "and the process is measured" says 'pushf and popf .* 1\.00x'
	check "which is a success" test "$status" -eq 0
	check "nothing is said of exits" sh -c "! grep -qi 'exits' '$scratch/out'"
	run unshare -m "$scratch/without-kvm" env PATH="$without_qemu" \
		"$paravane" bench techniques --rounds 1 --budget-us 100 port-in
	check "nothing left to measure is status 122" test "$status" -eq 122
else
	skip "without KVM" "only root can take /dev/kvm away for a test"
fi

run taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')" "$paravane" bench \
	techniques --rounds 1 --budget-us 100 event pushf
check "with one CPU, what takes two is left out and said" \
	says 'event to a vCPU\)?: it takes 2 CPUs, and this host has 1'
check "and the rest measured" says 'pushf and popf .* 1\.00x'

# ---- guests that die, one technique's rows and nobody else's

fake
check "made-up guests give figures" says 'translation .*system call'
check "of every row of theirs" says 'control register( +-){2} 100 ns'
FAKE_NANO=divide:dies fake --json "$scratch/json"
check "a guest that dies is quoted" \
	says 'translation \(divide by zero\): made-up panic in divide'
check "which fails the run" test "$status" -eq 125
check "its other rows are measured" \
	expr "$(cell pushf translation)" : '.*"samples":\[100'
check "and that row elsewhere" \
	expr "$(cell divide process)" : '.*"samples":\[[0-9]'
for how in lies minus huge; do
	FAKE_NANO=divide:$how fake divide pushf
	check "figures that are none are not believed ($how)" \
		says 'translation \(divide by zero\): there is nothing like it here'
done
FAKE_NANO=divide:cut fake --json "$scratch/json" divide
check "nor is half a line" \
	expr "$(cell divide translation)" : '{"technique":"translation","note":[^,]*$'
FAKE_NANO=divide:colours fake divide
check "what is for a terminal does not reach it" says 'panic: \?\[31mred'
FAKE_NANO=port-in:passes fake port-in pushf
check "a row that a technique has not is said" \
	says 'translation \(port input\): there is nothing like it here'
FAKE_NANO=pushf:hangs fake --seconds 1 pushf
check "a guest that hangs is stopped" \
	says 'translation: the run was stopped: it took more than'
FAKE_WORK=pipe:dies fake
check "a workload that dies is quoted" \
	says 'translation \(pipe ping-pong\): made-up panic in pipe'
check "the others are measured" says 'sieve( +-){2} 1\.00 us'
FAKE_WORK=pipe:short fake pipe
check "a workload without a digest is said" says 'without a line .work pipe NS 3 DIGEST'

fake --json "$scratch/json" sieve
check "the same results are said to be" says '1 workload has the same results'
check "in the JSON too" grep -q '"digests_agree": *true' "$scratch/json"
FAKE_WORK=sieve:other fake --json "$scratch/json" --html "$scratch/html" sieve pipe
check "other results are told" says 'RESULTS DIFFER of sieve: .*00000000000000ff'
check "in the JSON too" grep -q '"digests_agree": *false' "$scratch/json"
check "and in the report" grep -q 'DIFFERENT' "$scratch/html"
check "and fail the run" test "$status" -eq 125
FAKE_WORK=sieve:changes fake sieve
check "results that change between rounds are told" \
	says 'its results differ between rounds'

FAKE_SLOW=1 fake --seconds 3
check "what does not fit the time is left out and said" \
	says 'left out: the time for all rows was over'
check "for all techniques alike" says 'process \([^)]*(disk|workloads)[^)]*\): left out'

# ---- files

for path in /nonexistent/file "$scratch"; do
	fake --json "$path" --plot "$path" --html "$path" sieve
	check "$path cannot be written: said" \
		grep -q "cannot write $path: " "$scratch/err"
	check "and the rest measured" says 'sieve( +-){2} 1\.00 us'
	check "with status 125" test "$status" -eq 125
done
run env PATH="$fake_bin:$scratch/no-gnuplot" "$paravane" bench techniques \
	--guests "$fake_guests" --rounds 1 --times 3 --plot "$scratch/none.svg" \
	--html "$scratch/html" sieve
check "without gnuplot a sentence says so" \
	grep -q 'gnuplot is not in \$PATH' "$scratch/err"
check "there is no half plot" test ! -e "$scratch/none.svg"
check "and a report without it" grep -q 'There is no plot: gnuplot' "$scratch/html"

echo "of before" >"$scratch/json"
FAKE_SLOW=5 PATH="$fake_bin:$PATH" "$paravane" bench techniques --guests \
	"$fake_guests" --json "$scratch/json" sieve >"$scratch/out" 2>&1 &
bench=$!
sleep 1
kill -KILL $bench
wait $bench 2>/dev/null
check "killed, it leaves the file of before" grep -q "of before" "$scratch/json"
check "and no other" test -z "$(find "$scratch" -name 'json.*')"
"$paravane" bench techniques --quick >"$scratch/out" 2>&1 &
bench=$!
sleep 1
kill -TERM $bench
wait $bench
check "SIGTERM ends it with 143" test $? -eq 143

if command -v gnuplot >/dev/null; then
	fake --explain --plot "$scratch/svg" --html "$scratch/html"
	check "a plot is SVG" grep -q '<svg' "$scratch/svg"
	check "and has all techniques that have figures" \
		grep -q 'translation' "$scratch/svg"
	check "the report has the plot in it" grep -q '<svg' "$scratch/html"
	check "it loads nothing" sh -c "! grep -qiE \
		'<script|<link|<img|<iframe|@import|url\(.?(http|//|file)|(src|href)=.?(http|//|file)' \
		'$scratch/html'"
	check "and describes the machine" grep -q '<th>Processor</th><td>..*</td>' \
		"$scratch/html"
	check "--explain says why" says 'translation IN became a call'
else
	skip "plots" "there is no gnuplot"
fi
check "nothing is wider than 100 columns" \
	test -z "$(sed 's/±/+/g' "$scratch/out" | awk 'length($0) > 100')"

# ---- all that is here, for real and short

timeout -k 5 240 "$paravane" bench techniques --rounds 1 --times 1 --no-exits \
	--json "$scratch/json" fork pipe demand compile copy sha256 sieve disk \
	>"$scratch/out" 2>"$scratch/err" </dev/null
check "all techniques here compute the same" \
	sh -c "! grep -q '\"digests_agree\": *false' '$scratch/json'"
check "processes too" expr "$(cell sieve process)" : '.*"digest":"[0-9a-f]\{16\}"'
if [ -n "$(kvm_missing)" ]; then
	skip "paravirtual guests" "$(kvm_missing)"
	tap_done
fi
check "each workload was done by two techniques at least" test \
	"$(grep -c '"digests_agree": *true' "$scratch/json")" -eq 8
run "$paravane" bench techniques --rounds 1 --budget-us 500 \
	--json "$scratch/json" syscall pushf
check "exits are in a table" says 'Exits per operation .*system call [0-9. ()]+'
check "it says what an exit is" says 'An exit: the processor leaves the guest'
if grep -q '"ring0_is_interpreted": *true' "$scratch/json"; then
	check "and that KVM is software" says 'column as software KVM'
else
	check "and not that KVM is software" sh -c "! grep -q software '$scratch/out'"
fi
check "exits are counted" expr "$(cell syscall paravirt)" : \
	'.*"exits_to_the_program":[12]'
check "and none where there are none" expr "$(cell pushf paravirt)" : \
	'.*"exits_to_the_program":0.0[,0]'
tap_done
