# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Sourced by test scripts behind tap.sh: bare-metal kernels, under QEMU's translator
# (engine qemu) or at ring 0 under KVM (kvm). Needs $paravane for the latter.

# QEMU as a machine for them; its processor, memory and disks are the caller's. A kernel
# ends it by isa-debug-exit.
# shellcheck disable=SC2034 # for those who source this
native_qemu="qemu-system-x86_64 -M microvm -accel tcg -nodefaults -no-user-config
	-display none -serial stdio -no-reboot -global virtio-mmio.force-legacy=false
	-device isa-debug-exit,iobase=0xf4,iosize=4"

# $status of QEMU's becomes the kernel's; 200 and more, if QEMU ended otherwise.
native_status() {
	if [ $((status % 2)) -eq 1 ]; then
		status=$((status / 2))
	else
		status=$((status + 200))
	fi
}

# skip_all_without ENGINE
skip_all_without() {
	case $1 in
	kvm) skip_all_without_kvm ;;
	qemu)
		qemu-system-x86_64 -M help 2>/dev/null | grep -q '^microvm' ||
			skip_all "there is no qemu-system-x86_64 with a microvm"
		;;
	esac
}

# run_native ENGINE CPUS DISK KERNEL [ARG...]: as run; no DISK if it is empty. $status
# is the kernel's.
run_native() {
	native_engine=$1 native_cpus=$2 native_disk=$3 native_kernel=$4
	shift 4
	if [ "$native_engine" = kvm ]; then
		run "$paravane" run --engine native --vcpus "$native_cpus" \
			${native_disk:+--block "$native_disk,ro"} \
			"$native_kernel" -- "$@"
		return
	fi
	# shellcheck disable=SC2086 # words
	run $native_qemu -cpu max -m 128 -smp "$native_cpus" \
		${native_disk:+-drive
			"file=$native_disk,if=none,id=d0,format=raw,readonly=on"
			-device virtio-blk-device,drive=d0,serial=disk0} \
		-kernel "$native_kernel" -append "$*"
	native_status
}
