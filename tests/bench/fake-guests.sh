# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Sourced by techniques.sh: programs that play those that `paravane bench techniques`
# runs, and answer as they are told. fake_programs DIRECTORY makes them.
#
#	FAKE_NANO=ROW:HOW	at this nano-benchmark QEMU's guest does this:
#				dies, hangs, lies, minus, passes (over it), huge (64 bits
#				are too few), cut (in a line), colours (its panic)
#	FAKE_WORK=NAME:HOW	and at this workload: dies, other (results), changes
#				(results each time), short (no digest)
#	FAKE_SLOW=SECONDS	that it takes to begin
#
# Used by the script that sources it: QEMU, with $fake_bin in $PATH, and work-linux.

fake_programs() {
	fake_bin=$1/bin fake_guests=$1/guests
	mkdir -p "$fake_bin" "$fake_guests"
	for name in nano-native.elf minikernel-native.elf minikernel.img; do
		: >"$fake_guests/$name"
	done
	cat >"$fake_guests/work-linux" <<'SCRIPT'
#!/bin/sh
echo "work $1 ${2}000 $2 00000000000000$(printf %02x "$2")"
SCRIPT
	cat >"$fake_bin/qemu-system-x86_64" <<'SCRIPT'
#!/bin/sh
# Ends with 1 as a guest that leaves by isa-debug-exit with 0.
case $* in
*--version*) echo "QEMU emulator version 0 (made up)"; exit 0 ;;
esac
while [ $# -gt 0 ]; do
	[ "$1" != -append ] || words=$2
	shift
done
sleep "${FAKE_SLOW:-0}"
# shellcheck disable=SC2086 # words
set -- $words
if [ "$1" = work ]; then
	echo "minikernel: made up"
	case $2:${FAKE_WORK:-} in
	"$2:$2:dies") echo "made-up panic in $2"; exit 247 ;;
	"$2:$2:other") echo "work $2 ${3}000 $3 00000000000000ff" ;;
	"$2:$2:changes") echo "work $2 ${3}000 $3 00000000$(date +%N | cut -c2-9)" ;;
	"$2:$2:short") echo "work $2 ${3}000 $3" ;;
	*) echo "work $2 ${3}000 $3 00000000000000$(printf %02x "$3")" ;;
	esac
	exit 1
fi
shift
for row in "$@"; do
	case $row:${FAKE_NANO:-} in
	"$row:$row:dies") echo "made-up panic in $row"; exit 247 ;;
	"$row:$row:hangs") sleep 100 ;;
	"$row:$row:lies") echo "$row -5 many" ;;
	"$row:$row:minus") echo "$row -5 10" ;;
	"$row:$row:huge") echo "$row 99999999999999999999999 10" ;;
	"$row:$row:cut") printf '%s 1000 1' "$row"; exit 247 ;;
	"$row:$row:colours") printf 'panic: \033[31mred\n'; exit 247 ;;
	"$row:$row:passes") ;;
	*) echo "$row 1000 10" ;;
	esac
done
exit 1
SCRIPT
	chmod +x "$fake_guests/work-linux" "$fake_bin/qemu-system-x86_64"
}
