#!/bin/sh
# SPDX-License-Identifier: MIT
#
# machines.sh HELLO-NATIVE: a native kernel runs on every PC of QEMU's, and says hello
# and ends without the port that QEMU's test device answers at.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
skip_all_without qemu
kernel=$1

for machine in microvm pc q35; do
	run qemu-system-x86_64 -M "$machine" -accel tcg -nodefaults \
		-no-user-config -display none -serial stdio -no-reboot -m 128 \
		-smp 2 -kernel "$kernel"
	check "hello on $machine" grep -q '^Hello, world' "$scratch/out"
	check "and the machine ends" test "$status" -eq 0
done
tap_done
