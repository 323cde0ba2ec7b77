#!/bin/sh
# SPDX-License-Identifier: MIT
#
# console-native.sh KERNEL PARAVANE: console input reaches a native kernel by the serial
# port's interrupt, and comes back byte for byte, whoever is slow.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
skip_all_without qemu
kernel=$1 paravane=$2

mkfifo "$scratch/keys"

# echo_back VCPUS COMMAND: what the command writes is typed once the kernel listens.
echo_back() {
	: >"$scratch/out"
	# shellcheck disable=SC2086 # words
	timeout -k 5 "$minute" $native_qemu -cpu max -m 64 -smp "$1" -kernel "$kernel" \
		<"$scratch/keys" >"$scratch/out" 2>"$scratch/err" &
	exec 3>"$scratch/keys"
	while kill -0 $! 2>/dev/null && ! grep -q ready "$scratch/out"; do
		sleep 0.1
	done
	{
		$2
		printf '\004'
	} >&3 2>/dev/null
	status=0
	wait $! || status=$?
	native_status
	exec 3>&-
}

many() {
	seq -f %063.0f 0 499
}

slowly() {
	for word in one two three; do
		sleep 0.3
		echo $word
	done
}

for vcpus in 1 2; do
	echo_back $vcpus many
	{ echo ready && many; } >"$scratch/expected"
	check "32,000 bytes come back, $vcpus vCPUs" \
		cmp "$scratch/expected" "$scratch/out"
	check "and Ctrl-D is the end" test "$status" -eq 0
done
echo_back 1 slowly
printf 'ready\none\ntwo\nthree\n' >"$scratch/expected"
check "a slow writer is waited for" cmp "$scratch/expected" "$scratch/out"

# Here the line is hung up at the end of input.
if [ -n "$(kvm_missing)" ]; then
	skip "the end of input is one" "$(kvm_missing)"
else
	slowly | timeout "$minute" "$paravane" run --engine native "$kernel" \
		>"$scratch/out" 2>"$scratch/err"
	check "the end of input is one" test $? -eq 0
	check "behind all that came before" \
		cmp "$scratch/expected" "$scratch/out"
fi
tap_done
