#!/bin/sh
# SPDX-License-Identifier: MIT
#
# stats.sh PARAVANE GUEST DISK-HASH: --stats is JSON with the fields it promises,
# and they add up.
set -u
. "$(dirname "$0")/../tap.sh"
skip_all_without_kvm
command -v jq >/dev/null || skip_all "jq is not installed"
paravane=$1 guest=$2 disk_hash=$3

# holds NAME JQ-EXPRESSION
holds() {
	check "$1" jq -e "$2" "$scratch/stats"
}

ends "to a file" 0 silent "$paravane" run "--stats=$scratch/stats" "$guest"
check "it is JSON" jq . "$scratch/stats"
for field in start_to_entry_ns start_to_exit_ns exits operations block \
	monitor_resident_bytes ram_bytes engine; do
	holds "it has $field" "has(\"$field\")"
done
holds "the guest started before it ended" \
	'.start_to_entry_ns > 0 and .start_to_entry_ns < .start_to_exit_ns'
holds "in less than a minute" '.start_to_exit_ns < 60e9'
holds "the monitor needs memory" '.monitor_resident_bytes > 0'
holds "an EXIT was called once" '.operations.exit == 1'
holds "exits are operations" \
	'(.operations | add) == .exits.operation'
holds "there was no fault" '.exits.fault == 0'

run "$paravane" run --stats "$guest"
mv "$scratch/err" "$scratch/stats"
check "without a file it goes to stderr" jq . "$scratch/stats"

head -c 3000000 /dev/urandom >"$scratch/disk"
ends "with a disk" 0 silent "$paravane" run "--stats=$scratch/stats" \
	--block "$scratch/disk,ro,id=disk0" "$disk_hash"
holds "all of it was read" '.block[0].read_bytes >= 3000000'
holds "in requests" '.block[0].requests > 0 and .block[0].failed == 0'
holds "nothing was written" '.block[0].written_bytes == 0'
holds "events are counted" \
	'.block[0].events_sent + .block[0].events_suppressed > 0'

refuses "a file that cannot be written, before the guest runs" 120 "statistics" \
	"$paravane" run --stats=/nonexistent/file "$guest"
tap_done
