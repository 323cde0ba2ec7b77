#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bad-images.sh PARAVANE GUEST LARGE-GUEST: files that are no guests, through the real
# program: one sentence with the file's name, and status 121. The unit tests
# break an image in every other way.
set -u
. "$(dirname "$0")/../tap.sh"
paravane=$1 guest=$2 large_guest=$3

# bad NAME REGEX: with the file made as $scratch/image
bad() {
	refuses "$1" 121 "image.*($2)" "$paravane" run "$scratch/image"
	rm -rf "$scratch/image"
}

# patch OFFSET BYTES: in a copy of the good guest; BYTES as printf(1) has them.
patch() {
	cp "$guest" "$scratch/image"
	# shellcheck disable=SC2059 # the format is the data
	printf "$2" | dd of="$scratch/image" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

bad "a missing file" "no such file"
: >"$scratch/image"
bad "an empty file" "empty"
mkdir "$scratch/image"
bad "a directory" "directory"
mkfifo "$scratch/image"
bad "a pipe" "regular file"
ln -s /dev/zero "$scratch/image"
bad "a device" "regular file"
echo '#!/bin/sh' >"$scratch/image"
bad "a script" "not an ELF"
head -c 1000000 /dev/urandom >"$scratch/image"
bad "noise" "not an ELF"
for bytes in 3 10 40 63 100; do
	head -c $bytes "$guest" >"$scratch/image"
	bad "a guest cut after $bytes bytes" "truncated|not an ELF"
done
head -c 5000 "$guest" >"$scratch/image"
bad "a guest cut inside a segment" "truncated"
cp /bin/true "$scratch/image"
bad "a program of this host" "position-independent|dynamic"

patch 4 '\001'
bad "a 32-bit file" "32-bit"
patch 4 '\007'
bad "no class of ELF there is" "class"
patch 5 '\002'
bad "a big-endian file" "little-endian"
patch 18 '\267\000'
bad "one for another processor" "processor"
patch 16 '\003\000'
bad "a shared library" "position-independent|shared"
patch 16 '\001\000'
bad "an object file" "object"
patch 56 '\377\377'
bad "65535 program headers" "program headers"
patch 56 '\000\000'
bad "no program headers" "program headers"
patch 32 '\377\377\377\377\377\377\377\377'
bad "program headers at the end of the address space" "truncated"
patch 54 '\001\000'
bad "program headers of one byte" "program headers"
patch 24 '\000\000\000\000\000\000\000\000'
bad "an entry point of 0" "entry"

refuses "a guest that needs more RAM than it gets" 121 "--mem" \
	"$paravane" run --mem 2M "$large_guest"

# Every byte of the headers wrong once: a sentence, or a guest that runs or is
# stopped; a signal or a hang never.
offset=0
wrong=
while [ $offset -lt 400 ]; do
	patch $offset '\377'
	run "$paravane" run --timeout 5 "$scratch/image"
	case $status in
	0 | 119 | 121 | 122 | 123) ;;
	*) wrong="$wrong $offset:$status" ;;
	esac
	offset=$((offset + 1))
done
check "each header byte overwritten (wrong ones:$wrong)" test -z "$wrong"
tap_done
