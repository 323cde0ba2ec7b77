# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Sourced by test scripts behind tap.sh: bare-metal kernels, under QEMU's translator
# (engine qemu) or at ring 0 under KVM (kvm). Needs $paravane.

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
# is the kernel's, negative if QEMU ended otherwise.
run_native() {
	native_engine=$1 native_cpus=$2 native_disk=$3 native_kernel=$4
	shift 4
	if [ "$native_engine" = kvm ]; then
		run "$paravane" run --engine native --vcpus "$native_cpus" \
			${native_disk:+--block "$native_disk,ro"} \
			"$native_kernel" -- "$@"
		return
	fi
	run qemu-system-x86_64 -M microvm -accel tcg -cpu max -nodefaults \
		-no-user-config -display none -serial stdio -no-reboot -m 128 \
		-smp "$native_cpus" -global virtio-mmio.force-legacy=false \
		-device isa-debug-exit,iobase=0xf4,iosize=4 \
		${native_disk:+-drive
			"file=$native_disk,if=none,id=d0,format=raw,readonly=on"
			-device virtio-blk-device,drive=d0,serial=disk0} \
		-kernel "$native_kernel" -append "$*"
	if [ $((status % 2)) -eq 1 ]; then
		status=$((status / 2))
	else
		status=$((-1 - status))
	fi
}
