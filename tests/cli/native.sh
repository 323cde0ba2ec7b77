#!/bin/sh
# SPDX-License-Identifier: MIT
#
# native.sh PARAVANE KERNEL GUEST: which machine a guest gets, what a bare-metal KERNEL
# is told, and how it is ended. GUEST is paravirtual.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1 kernel=$2 guest=$3

run "$paravane" inspect "$kernel"
check "inspect tells of a bare-metal kernel" grep -q "^machine.*native" "$scratch/out"
run "$paravane" inspect --json "$kernel"
check "as JSON too" grep -q '"machine": *"native"' "$scratch/out"
run "$paravane" inspect --json "$guest"
check "and of a paravirtual guest" grep -q '"machine": *"paravirtual"' "$scratch/out"

skip_rest_without_kvm() {
	reason=$(kvm_missing)
	[ -n "$reason" ] || return 0
	skip "the rest" "$reason"
	tap_done
}
skip_rest_without_kvm

refuses "a kernel on the engine kvm" 120 "bare-metal kernel.*--engine native" \
	"$paravane" run --engine kvm "$kernel"
refuses "a paravirtual guest on the engine native" 120 \
	"paravirtual guest.*--engine kvm" \
	"$paravane" run --engine native "$guest"
refuses "--poison" 120 "--poison is for paravirtual" \
	"$paravane" run --poison "$kernel"
refuses "--dump" 120 "--dump is for paravirtual" \
	"$paravane" run --dump "$scratch/dump" "$kernel"
check "no dump is left" test ! -e "$scratch/dump"
mkfifo "$scratch/fifo"
refuses "--host-events" 120 "--host-events is for paravirtual" \
	"$paravane" run --host-events "$scratch/fifo" "$kernel"
refuses "a double quote" 120 "double quote" "$paravane" run "$kernel" -- 'a"b'
long=$(head -c 70000 /dev/zero | tr '\0' x)
refuses "arguments that do not fit" 120 "too long" \
	"$paravane" run "$kernel" -- "$long"
refuses "a disk that is not there" 126 "no such file" \
	"$paravane" run --block "$scratch/none" "$kernel"

ends "auto" 42 any "$paravane" run "$kernel" -- status-42
ends "--engine native" 42 any "$paravane" run --engine native "$kernel" -- status-42
ends "the least memory" 42 any "$paravane" run --mem 2M "$kernel" -- status-42
ends "memory on both sides of the hole" 42 any \
	"$paravane" run --mem 5G "$kernel" -- status-42
ends "all vCPUs there can be" 42 any \
	"$paravane" run --vcpus 64 "$kernel" -- status-42

truncate -s 1M "$scratch/a" "$scratch/b"
run "$paravane" run --block "$scratch/a" --block "$scratch/b,ro" "$kernel" -- \
	shows-its-line "two words" '' three
check "the command line has the arguments, quoted, and the disks" grep -q \
	'^shows-its-line "two words" "" three virtio_mmio.device=512@0xfeb00000:16 virtio_mmio.device=512@0xfeb01000:17 ' \
	"$scratch/out"
run "$paravane" run --net "dgram=$scratch/n,peer=$scratch/m" --block "$scratch/a" \
	"$kernel" -- shows-its-line
check "networks come behind the disks" grep -q \
	'^shows-its-line virtio_mmio.device=512@0xfeb00000:16 virtio_mmio.device=512@0xfeb01000:17 ' \
	"$scratch/out"
refuses "a network that cannot be opened" 126 "cannot make a socket" \
	"$paravane" run --net "dgram=$scratch/none/n,peer=$scratch/m" "$kernel"

set --
count=0
while [ $count -lt 16 ]; do
	truncate -s 4096 "$scratch/disk$count"
	set -- "$@" --block "$scratch/disk$count"
	count=$((count + 1))
done
run "$paravane" run "$@" "$kernel" -- shows-its-line
check "sixteen disks have interrupts of their own" sh -c \
	'tr " " "\n" <"$1" | grep virtio | sed "s/.*://" | sort -u | wc -l | grep -qx 16' \
	sh "$scratch/out"
for net in 1 2 3 4; do
	set -- "$@" --net "dgram=$scratch/n$net,peer=$scratch/m"
done
refuses "more devices than there are interrupts" 120 "19 disks and networks" \
	"$paravane" run "$@" "$kernel"

echo "typed before" | timeout 20 "$paravane" run --timeout 10 "$kernel" -- echoes \
	>"$scratch/out" 2>"$scratch/err"
check "what is typed arrives" grep -qx "typed before" "$scratch/out"
{
	echo first
	timeout 20 "$paravane" run "$kernel" -- prints >/dev/null 2>&1
	cat
} <<-END >"$scratch/out"
	second
END
check "a kernel that only prints leaves stdin alone" grep -qx second "$scratch/out"

for signal in INT TERM HUP; do
	case $signal in
	INT) expected=130 ;;
	TERM) expected=143 ;;
	HUP) expected=129 ;;
	esac
	env --default-signal=INT timeout --foreground -s KILL 20 "$paravane" run \
		--vcpus 2 "$kernel" -- halts >"$scratch/out" 2>"$scratch/err" &
	pid=$!
	sleep 0.5
	kill -$signal $pid
	wait $pid
	status=$?
	check "SIG$signal ends a kernel that halted for good" test $status -eq $expected
done

command -v jq >/dev/null || {
	skip "--stats" "jq is not installed"
	tap_done
}
ends "--stats" 0 any "$paravane" run "--stats=$scratch/stats" --block "$scratch/a" \
	--net "dgram=$scratch/n,peer=$scratch/m" "$kernel" -- prints
# holds NAME JQ-EXPRESSION
holds() {
	check "$1" jq -e "$2" "$scratch/stats"
}
holds "it has the network" '.net[0].sent_frames == 0 and .devices.net0 == 0'
holds "it names the engine" '.engine == "native"'
holds "the RAM is what was given" '.ram_bytes == 67108864'
holds "ports were used" '.exits.port > 8 and .exits.port == (.devices | add)'
holds "of which the exit once" '.devices.debug_exit == 1'
holds "printing is counted" '.console_written_bytes == 8'
holds "the disk is there and was not used" '.block[0].requests == 0'
holds "KVM counted exits too, or does not tell" \
	'.kvm == null or .kvm.exits > 0'
tap_done
