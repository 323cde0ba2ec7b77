#!/bin/sh
# SPDX-License-Identifier: MIT
#
# headers-alone.sh INCLUDE-DIR: does every header of the contract compile as the
# only line of a program, without a warning, as C11 and C++17, with gcc and
# clang, in 64-bit and in 32-bit code? Their static assertions are checked on
# the way.
set -u
include=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
warnings="-Wall -Wextra -Wpedantic -Wundef -Wshadow -Werror -ffreestanding"
failed=0
number=0

report() {
	number=$((number + 1))
	[ "$1" = ok ] || failed=1
	echo "$1 $number - $2"
}

# The headers need stdint.h of this word size: not there without multilib.
can_compile() {
	echo '#include <stdint.h>' | "$@" -ffreestanding -fsyntax-only - \
		>/dev/null 2>&1
}

# try NAME COMPILER OPTION...
try() {
	name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		report ok "$name # SKIP $1 is not installed"
		return
	fi
	if ! can_compile "$@"; then
		report ok "$name # SKIP $* has no headers here (multilib)"
		return
	fi
	verdict=ok
	# shellcheck disable=SC2086 # $warnings is a list
	for header in "$include"/pvabi/*.h; do
		echo "#include <pvabi/$(basename "$header")>" |

			"$@" $warnings -I"$include" -c -o "$scratch/out.o" - >&2 ||
			verdict="not ok"
	done
	report "$verdict" "$name"
}

for bits in 64 32; do
	try "gcc C11 $bits-bit" gcc -m$bits -std=c11 -x c
	try "gcc C++17 $bits-bit" g++ -m$bits -std=c++17 -x c++
	try "clang C11 $bits-bit" clang -m$bits -std=c11 -x c
	try "clang C++17 $bits-bit" clang++ -m$bits -std=c++17 -x c++
done
echo "1..$number"
exit $failed
