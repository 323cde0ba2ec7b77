#!/bin/sh
# SPDX-License-Identifier: MIT
#
# kernel-chaos-dumps.sh PARAVANE KERNEL-CHAOS
#
# What if a dump is asked for again and again while vCPUs come up, go down, sleep and
# fault? All of it goes on as if nobody had looked.
set -eu
. "$(dirname "$0")/../tap.sh"
skip_all_without_kvm
paravane=$1 guest=$2

"$paravane" run --timeout 60 --vcpus 4 --dump "$scratch/dump" "$guest" -- \
	seconds=3 >"$scratch/out" 2>"$scratch/err" </dev/null &
guest_pid=$!
# It says so when it runs: before, the signal would end it.
tries=0
until [ -s "$scratch/out" ] || [ $tries -eq 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
tries=0
while [ $tries -lt 25 ] && kill -USR2 $guest_pid 2>/dev/null; do
	sleep 0.1
	tries=$((tries + 1))
done
status=0
wait $guest_pid || status=$?
if [ $status -eq 0 ]; then
	pass "a guest that is dumped goes on"
else
	fail "a guest that is dumped goes on" \
		"status $status: $(cat "$scratch/out" "$scratch/err")"
fi
check "and its last dump can be read" "$paravane" walk "$scratch/dump" 0x1000
tap_done
