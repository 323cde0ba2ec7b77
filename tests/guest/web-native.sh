#!/bin/sh
# SPDX-License-Identifier: MIT
#
# web-native.sh WEB-NATIVE: the web server as a kernel of a bare machine, in QEMU.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
. "$(dirname "$0")/../network.sh"
skip_all_without qemu
skip_all_without_curl
skip_all_without_own_network "$@"
web=$1
machine=
trap 'stop $machine; rm -rf "$scratch"' EXIT
make_tap 1500

mkdir "$scratch/site"
for size in 0 1 65537 3000000; do
	head -c $size /dev/urandom >"$scratch/site/$size"
done
tar -C "$scratch/site" -cf "$scratch/site.tar" .

requests=26 # all that are made below, and the first
# shellcheck disable=SC2086 # words
timeout -k 5 $((2 * minute)) $native_qemu -cpu max -m 128 \
	-drive "file=$scratch/site.tar,if=none,id=d0,format=raw,readonly=on" \
	-device virtio-blk-device,drive=d0,serial=disk0 \
	-netdev tap,id=n0,ifname=tap7,script=no,downscript=no \
	-device virtio-net-device,netdev=n0 -kernel "$web" \
	-append "--address $guest/24 --requests $requests" \
	>"$scratch/out" 2>&1 </dev/null &
machine=$!
wait_for_guest || fail "it starts" "$(cat "$scratch/out")"
for size in 0 1 65537 3000000; do
	get "$url/$size" >"$scratch/got"
	check "a file of $size bytes" cmp "$scratch/got" "$scratch/site/$size"
done
get "$url/none" >"$scratch/got"
check "a file that is not there" grep "404 Not Found" "$scratch/got"
mkdir "$scratch/copies"
get_at_once 20 65537 "$scratch/copies" "$minute"
count=$(count_same "$scratch/site/65537" "$scratch"/copies/*)
if [ "$count" -eq 20 ]; then
	pass "20 files at once"
else
	fail "20 files at once" "$count are right; $(cat "$scratch/out")"
fi
status=0
wait $machine || status=$?
machine=
native_status
if [ $status -eq 0 ]; then
	pass "it ends after so many requests"
else
	fail "it ends after so many requests" "status $status; $(cat "$scratch/out")"
fi
tap_done
