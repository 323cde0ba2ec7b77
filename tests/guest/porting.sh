#!/bin/sh
# SPDX-License-Identifier: MIT
#
# porting.sh PARAVANE SOURCE-ROOT: do the snippets of docs/porting.md compile, and is
# its kernel without libpvguest, built and run as it says there, all that it takes?
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1 root=$2
CPATH=$root/pvabi/include
PATH=$(cd "$(dirname "$paravane")" && pwd):$PATH
export CPATH PATH

# snippets LANGUAGE: on stdin part of the document, all of them on stdout.
snippets() {
	awk -v begin="\`\`\`$1" '
		$0 == "```" { inside = 0 }
		inside { print }
		$0 == begin { inside = 1 }'
}

# compiles NAME COMPILER SOURCE
compiles() {
	check "$1" "$2" -std=gnu11 -Wall -Wextra -Wno-unused -Wno-unused-function -Werror \
		-ffreestanding -I "$root/libpvguest/include" -c "$3" -o "$scratch/walk.o"
}

document=$root/docs/porting.md
without='^## Without libpvguest'
sed "/$without/,\$d" "$document" | snippets c >"$scratch/walk.c"
sed -n "/$without/,\$p" "$document" >"$scratch/without.md"
for pair in c:kernel.c asm:entry.S ld:kernel.ld sh:commands; do
	snippets "${pair%%:*}" <"$scratch/without.md" >"$scratch/${pair##*:}"
done
# All but its last command; the compiler's own remarks are failures.
# shellcheck disable=SC2016 # expanded when it is run
sed '/^paravane/d;s/^cc /$compiler -Wall -Wextra /' "$scratch/commands" \
	>"$scratch/build"

for compiler in cc clang; do
	if ! command -v $compiler >/dev/null; then
		skip "$compiler" "it is not installed"
		continue
	fi
	compiles "$compiler compiles the snippets of the walk" $compiler "$scratch/walk.c"
	(cd "$scratch" && compiler=$compiler sh -e ./build) >"$scratch/log" 2>&1
	status=$?
	check "$compiler builds the kernel without libpvguest" test $status -eq 0
	check "and remarks nothing" test ! -s "$scratch/log"
	cat "$scratch/log" >&2
	check "it is a good image" "$paravane" inspect "$scratch/kernel.elf"
	reason=$(kvm_missing)
	if [ -n "$reason" ]; then
		skip "it runs" "$reason"
		continue
	fi
	run sh -c "cd $scratch && $(sed -n '/^paravane/p' "$scratch/commands")"
	printf 'a breakpoint\na tick\n' >"$scratch/expected"
	judge "it runs" 0 silent
	check "and handles a trap and an upcall" cmp "$scratch/expected" "$scratch/out"
done
tap_done
