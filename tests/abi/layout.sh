#!/bin/sh
# SPDX-License-Identifier: MIT
#
# layout.sh PRINT-LAYOUT LAYOUT.TXT INCLUDE-DIR: is the contract's layout still
# the one that is checked in, in 64-bit and in 32-bit code, and is it whole? See
# print-layout.c for how to renew layout.txt after a change that is meant.
set -u
printer=$1 expected=$2 include=$3
here=$(dirname "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
number=0

# report STATUS SENTENCE
report() {
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

# The diff goes to stderr: stdout is TAP.
compare() {
	"$1" >"$scratch/layout.txt" && diff -u "$expected" "$scratch/layout.txt" >&2
}

compare "$printer"
report $? "64-bit layout is the checked-in one"

if cc -m32 -std=c11 -I"$include" "$here/print-layout.c" \
	-o "$scratch/print-layout-32" 2>"$scratch/errors"; then
	"$scratch/print-layout-32" >/dev/null 2>&1
	if [ $? -eq 126 ]; then
		number=$((number + 1))
		echo "ok $number - 32-bit layout # SKIP this kernel runs no 32-bit programs"
	else
		compare "$scratch/print-layout-32"
		report $? "32-bit layout is the checked-in one"
	fi
else
	number=$((number + 1))
	echo "ok $number - 32-bit layout # SKIP cc -m32 does not link here (gcc-multilib)"
fi

# Constants that take a value, and enumerators, of all headers.
sed -nE 's/^#define (PV_[A-Z0-9_]+) .+/\1/p; s/^\t(PV_[A-Z0-9_]+) = .*/\1/p' \
	"$include"/pvabi/*.h | sort -u >"$scratch/declared"
sed -nE 's/^(PV_[A-Z0-9_]+) = .*/\1/p' "$expected" | sort -u >"$scratch/printed"
diff -u "$scratch/printed" "$scratch/declared" >&2
report $? "every constant of the headers is in the layout"

sed -nE 's/^(struct pv_[a-z0-9_]+) \{$/\1/p' "$include"/pvabi/*.h |
	sort -u >"$scratch/declared"
sed -nE 's/^(struct pv_[a-z0-9_]+): .*/\1/p' "$expected" |
	sort -u >"$scratch/printed"
diff -u "$scratch/printed" "$scratch/declared" >&2
report $? "every struct of the headers is in the layout"

echo "1..$number"
exit $failed
