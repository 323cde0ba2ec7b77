#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bad-disks.sh PARAVANE GUEST DISK-FILL: disks that cannot be used get one
# sentence with their name and status 126; a host disk that fills up while the
# guest writes is the guest's error to handle.
set -u
. "$(dirname "$0")/../tap.sh"
skip_all_without_kvm
paravane=$1 guest=$2 disk_fill=$3

# cannot NAME REGEX DISK[,OPTION]
cannot() {
	refuses "$1" 126 "$2" "$paravane" run --timeout 20 --block "$3" "$guest"
}

cannot "a missing disk" "missing.*no such file" "$scratch/missing"
cannot "a missing directory" "no such file" "$scratch/nowhere/disk"
: >"$scratch/empty"
cannot "an empty disk" "is empty" "$scratch/empty"
mkdir "$scratch/directory"
cannot "a directory" "is a directory" "$scratch/directory"
cannot "a character device" "character device" /dev/null
mkfifo "$scratch/pipe"
cannot "a pipe" "is a pipe" "$scratch/pipe"
ln -s loop "$scratch/loop"
cannot "a symbolic link to itself" "too many levels of symbolic links" "$scratch/loop"

# Root may read everything: another user must try.
truncate -s 1M "$scratch/secret" "$scratch/locked" "$scratch/public"
chmod 000 "$scratch/secret"
chmod 444 "$scratch/public"
if [ "$(id -u)" -ne 0 ]; then
	cannot "an unreadable disk" "permission denied" "$scratch/secret"
	cannot "an unwritable disk without ro" '"ro"' "$scratch/public"
elif setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
	# The program and the guest may lie where nobody may look.
	chmod 755 "$scratch"
	cp "$paravane" "$scratch/paravane"
	cp "$guest" "$scratch/guest.elf"
	chmod 755 "$scratch/paravane" "$scratch/guest.elf"
	as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
	# shellcheck disable=SC2086 # a command with options
	refuses "an unreadable disk" 126 "permission denied" $as_nobody \
		"$scratch/paravane" run --block "$scratch/secret" "$scratch/guest.elf"
	# shellcheck disable=SC2086
	refuses "an unwritable disk without ro" 126 '"ro"' $as_nobody \
		"$scratch/paravane" run --block "$scratch/public" "$scratch/guest.elf"
else
	skip "an unreadable disk" "cannot become another user here"
fi

# Locks: a second writer, a reader beside a writer, a writer beside a reader.
exec 9<"$scratch/locked"
flock -x 9
cannot "a disk locked by a writer" "it is locked" "$scratch/locked"
cannot "reading it too" "it is locked by a writer" "$scratch/locked,ro"
flock -s 9
cannot "a disk locked by readers, to write" "it is locked" "$scratch/locked"
ends "but not to read" 0 silent "$paravane" run \
	--block "$scratch/locked,ro" "$guest"
exec 9<&-
refuses "a disk given twice" 126 "it is locked" "$paravane" run \
	--block "$scratch/locked" --block "$scratch/locked" "$guest"

# 10 is PV_ENOSPC, 9 PV_EIO.
truncate -s 8M "$scratch/big"
(
	ulimit -f 2048 # KiB or half KiB: less than the disk either way
	"$paravane" run --timeout 20 --block "$scratch/big" "$disk_fill" \
		2>"$scratch/err" </dev/null
)
status=$?
judge "a file-size limit while the guest writes" "9|10" silent
mkdir "$scratch/small"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=2m tmpfs "$scratch/small" 2>/dev/null; then
	truncate -s 8M "$scratch/small/disk"
	run "$paravane" run --timeout 20 --block "$scratch/small/disk" "$disk_fill"
	judge "a host disk that fills up while the guest writes" 10 silent
	umount "$scratch/small"
else
	skip "a host disk that fills up while the guest writes" "only root can mount a small one"
fi

# Names that need care.
truncate -s 1M "$scratch/a, b  and \"c\""
ends "commas, blanks and quotes in a name" 0 "" "$paravane" run \
	--block "$scratch/a,, b  and \"c\",ro" "$guest"
tap_done
