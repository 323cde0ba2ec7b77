#!/bin/sh
# SPDX-License-Identifier: MIT
#
# disk-hash-native.sh ENGINE PARAVANE DISK-HASH-NATIVE: a native kernel reads the very
# bytes of its disk, in QEMU or at ring 0 under KVM.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
engine=$1 paravane=$2 kernel=$3
skip_all_without "$engine"

hashes() {
	head -c "$1" /dev/urandom >"$scratch/disk"
	expected=$(sha256sum <"$scratch/disk" | cut -d' ' -f1)
	run_native "$engine" 1 "$scratch/disk" "$kernel" disk0
	if [ "$status" -eq 0 ] && grep -q "$expected" "$scratch/out"; then
		pass "the digest of $1 bytes"
	else
		fail "the digest of $1 bytes" \
			"status $status, not $expected: $(cat "$scratch/out" "$scratch/err")"
	fi
}

hashes 512
hashes 16384
# More takes long where ring 0 is interpreted.
[ "$engine" = kvm ] || hashes 3000320
tap_done
