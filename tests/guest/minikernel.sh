#!/bin/sh
# SPDX-License-Identifier: MIT
#
# minikernel.sh PARAVANE MINIKERNEL IMAGE [OPTION...]: the small kernel of the samples
# does what its boot script asks for. Without options for `paravane run`: it says what
# is wrong with a disk that is no good, and takes commands from the console.
# minikernel.sh PARAVANE MINIKERNEL-NATIVE IMAGE qemu VCPUS: the native one in QEMU.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
paravane=$1 kernel=$2 image=$3
shift 3

# Of what has run: all of the boot script.
booted() {
	check "it ends with status 0" test "$status" -eq 0
	says "a thousand children add up" \
		"forks: 1000 children, .* sum 500500: right"
	says "five hundred at once, too" \
		"forks: 500 children, .* sum 125250: right"
	says "pipes carry all" "sum: 2001000"
	says "parent and child have each their memory" "cow: each has its own"
	says "memory comes on demand" "demand: 768 pages of 768 MiB: right"
	says "what uses too much is killed" "boot: hog was killed, status 135"
	says "what only spins is killed" "boot: spin was killed, status 137"
	says "what only forks is killed" "bomb: it is over"
	says "each attack comes to what it should" "attack: \(.*\) of \1 came"
	says "no page is lost" "minikernel: \(.*\) pages free before, \1 after"
}

# says NAME REGEX: a line of the output begins like this.
says() {
	if grep -q "^$2" "$scratch/out" 2>/dev/null; then
		pass "$1"
	else
		fail "$1" "no line like \"$2\": $(cat "$scratch/out" "$scratch/err")"
	fi
}

# complains NAME STATUS REGEX OPTION...: one sentence of the kernel's.
complains() {
	name=$1 expected=$2 regex=$3
	shift 3
	run "$paravane" run "$@"
	if [ "$status" -eq "$expected" ] && grep -q "$regex" "$scratch/out"; then
		pass "$name"
	else
		fail "$name" "status $status: $(cat "$scratch/out" "$scratch/err")"
	fi
}

# An image of the programs with another script, in $scratch/other.
image_with() {
	rm -rf "$scratch/files"
	mkdir "$scratch/files"
	tar -xf "$image" -C "$scratch/files"
	cat >"$scratch/files/boot.sh"
	(cd "$scratch/files" && tar --format=ustar -cf "$scratch/other" -- *)
}

if [ "${1-}" = qemu ]; then
	skip_all_without qemu
	run_native qemu "$2" "$image" "$kernel"
	booted
	tap_done
fi
skip_all_without_kvm
if [ $# -gt 0 ]; then
	run "$paravane" run --block "$image,ro" "$@" "$kernel"
	booted
	tap_done
fi

complains "without a disk it says so" 1 "needs a disk" "$kernel"
head -c 20000 "$image" >"$scratch/cut"
complains "so it does if the archive is cut off" 1 "archive is cut off" \
	--block "$scratch/cut,ro" "$kernel"
head -c 20000 "$kernel" >"$scratch/none"
complains "and if there is none" 1 "no tar archive" \
	--block "$scratch/none,ro" "$kernel"
echo >"$scratch/file"
tar --format=ustar -cf "$scratch/empty" -C "$scratch" file
complains "and if there is no shell" 1 'no program "sh"' \
	--block "$scratch/empty,ro" "$kernel"
complains "and if there is no such program" 1 'no program "nothing"' \
	--block "$image,ro" "$kernel" -- nothing
complains "and if it is none" 1 '"boot.sh" is no program' \
	--block "$image,ro" "$kernel" -- boot.sh

echo "echo one | | cat" | image_with
complains "a bad line of the script is told with its number" 2 \
	"boot.sh:1: a command is missing" --block "$scratch/other,ro" "$kernel"
printf 'echo one\ncat none\necho two\n' | image_with
complains "a command that fails makes the status 1" 1 \
	"boot.sh:2: cat ended with status 1" --block "$scratch/other,ro" \
	"$kernel"
says "and the script goes on" "two"
printf 'echo one\nnothing\nhelp\n' | image_with
complains "a program that is not there makes it 1, too" 1 \
	"boot.sh:2: there is no nothing" --block "$scratch/other,ro" "$kernel"
check "and is told of once" test "$(grep -c nothing "$scratch/out")" -eq 1
says "help lists what there is" "  cow   demand   hog"
printf 'sh\nspin &\nspin &\nforks 10\n' | image_with
complains "process 1 ends all others" 0 "ended with status 0" --vcpus 2 \
	--block "$scratch/other,ro" "$kernel"
says "who leave nothing behind" \
	"minikernel: \(.*\) pages free before, \1 after"

# The shell waits for what comes, on whichever vCPU, and ends with it.
{
	sleep 0.3
	echo "echo typed | cat"
	sleep 0.3
	echo "seq 4 | sum 10"
} | timeout 30 "$paravane" run --vcpus 2 --block "$image,ro" "$kernel" -- sh \
	>"$scratch/out" 2>"$scratch/err"
status=$?
check "the shell ends well with its input" test "$status" -eq 0
says "having done one command" "[$] typed"
says "and another" "[$] sum: 10"
tap_done
