#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bad-host.sh PARAVANE GUEST KERNEL: without /dev/kvm, or permission to use it, or other
# things of the host, there is one sentence and status 122.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1 guest=$2 kernel=$3

if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>/dev/null; then
	skip_all "only root can take /dev/kvm away for a test"
fi

# without-kvm HOW COMMAND...: to be called in a mount namespace of its own.
cat >"$scratch/without-kvm" <<'SCRIPT'
#!/bin/sh
set -e
how=$1
shift
mount --make-rprivate /
case $how in
missing)
	mount -t tmpfs tmpfs /dev
	mknod -m 666 /dev/null c 1 3
	mknod -m 666 /dev/zero c 1 5
	mknod -m 666 /dev/urandom c 1 9
	;;
null) mount -t tmpfs tmpfs /dev; mknod -m 666 /dev/kvm c 1 3; mknod -m 666 /dev/null c 1 3 ;;
forbidden) mount -t tmpfs tmpfs /dev; mknod -m 600 /dev/kvm c 1 3; mknod -m 666 /dev/null c 1 3 ;;
directory) mount -t tmpfs tmpfs /dev; mkdir /dev/kvm; mknod -m 666 /dev/null c 1 3 ;;
esac
exec "$@"
SCRIPT
chmod +x "$scratch/without-kvm"

refuses "no /dev/kvm" 122 "there is no /dev/kvm" \
	unshare -m "$scratch/without-kvm" missing "$paravane" run "$guest"
refuses "a /dev/kvm that is something else" 122 "/dev/kvm does not speak" \
	unshare -m "$scratch/without-kvm" null "$paravane" run "$guest"
refuses "a /dev/kvm that is a directory" 122 "/dev/kvm: is a directory" \
	unshare -m "$scratch/without-kvm" directory "$paravane" run "$guest"
refuses "--engine kvm without it" 122 "there is no /dev/kvm" unshare -m \
	"$scratch/without-kvm" missing "$paravane" run --engine kvm "$guest"
refuses "nor for a bare-metal kernel" 122 "there is no /dev/kvm" \
	unshare -m "$scratch/without-kvm" missing "$paravane" run "$kernel"
refuses "nor something else" 122 "/dev/kvm does not speak" \
	unshare -m "$scratch/without-kvm" null "$paravane" run "$kernel"

run unshare -m "$scratch/without-kvm" missing "$paravane" doctor
check "doctor tells that it is missing" grep -q "^fatal.*/dev/kvm" "$scratch/out"
check "with the status of run" test "$status" -eq 122
ends "inspect needs no KVM" 0 "" \
	unshare -m "$scratch/without-kvm" missing "$paravane" inspect "$guest"

chmod 755 "$scratch"
cp "$paravane" "$scratch/paravane"
cp "$guest" "$scratch/guest.elf"
chmod 755 "$scratch/paravane" "$scratch/guest.elf"
refuses "no permission on /dev/kvm" 122 "permission.*/dev/kvm" \
	unshare -m "$scratch/without-kvm" forbidden \
	setpriv --reuid=65534 --regid=65534 --clear-groups \
	"$scratch/paravane" run "$scratch/guest.elf"

# Little address space: a sentence, never a crash. A sanitized program does not
# even start in so little.
# shellcheck disable=SC2016 # for the inner shell
little='ulimit -v 200000; exec "$@"'
if sh -c "$little" sh "$paravane" --version >/dev/null 2>&1; then
	refuses "too little address space for the guest's RAM" 122 \
		"refuses 4096 MiB of guest memory" sh -c "$little" sh "$paravane" run --mem 4G "$guest"
else
	skip "too little address space for the guest's RAM" \
		"the program itself needs more"
fi
refuses "no file descriptors left" 122 "too many open files" \
	sh -c 'ulimit -n 4; exec "$@"' sh "$paravane" run "$guest"
tap_done
