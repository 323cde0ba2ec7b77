#!/bin/sh
# SPDX-License-Identifier: MIT
#
# out-of-tree.sh BUILD-DIR [LWIP PORT]: does an installed copy of the guest SDK build guests,
# from C and C++, with nothing but the flags pkg-config tells, and kernels of bare
# machines from the same sources; and do they run under the installed program? Also one
# that has lwIP, if its directory and that of what fits it to guests are given.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../native.sh"
build=$1
root=$scratch/root

DESTDIR=$root meson install -C "$build" --no-rebuild --quiet \
	>"$scratch/log" 2>&1
check "it installs" test $? -eq 0 || cat "$scratch/log" >&2

# DESTDIR is not where it would be found: the file is told where it is now.
pc=$(find "$root" -name libpvguest.pc)
check "libpvguest.pc is installed" test -f "$pc"
prefix=$(sed -n 's/^prefix=//p' "$pc")
sed -i "s|^prefix=.*|prefix=$root$prefix|" "$(dirname "$pc")"/libpvguest*.pc
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
paravane=$root$prefix/bin/paravane
check "the program is installed" test -x "$paravane"

cat >"$scratch/main.c" <<'SOURCE'
#include <pvguest/pvguest.h>

int main(int argc, char **argv)
{
	pvg_printf("%s from C, %llu MiB\n", argv[1],
		   (unsigned long long)pvg_boot.ram_bytes >> 20);
#ifndef PVG_NATIVE /* whose kernels have no vector registers */
	pvg_printf("%.3f\n", argc / 3.0);
#endif
	return argc;
}
SOURCE
cat >"$scratch/main.cc" <<'SOURCE'
#include <pvguest/pvguest.h>

struct greeter {
	const char *name;
	greeter() : name("hello") {}
	virtual ~greeter() {}
	virtual void greet() const { pvg_printf("%s from C++\n", name); }
};

static greeter global;

int main()
{
	greeter *made = new greeter;

	made->greet();
	delete made;
	global.greet();
	return 0;
}
SOURCE

# builds NAME COMPILER SOURCE [LIBRARY]: as the documentation has it
builds() {
	library=${4-libpvguest}
	# shellcheck disable=SC2046 # lists of options
	"$2" -Wall -Wextra -Werror $(pkg-config --cflags "$library") \
		"$scratch/$3" $(pkg-config --libs "$library") \
		-o "$scratch/my.elf" 2>"$scratch/log"
	check "$1" test $? -eq 0 || cat "$scratch/log" >&2
}

# prints NAME TEXT ARG...
prints() {
	name=$1 text=$2
	shift 2
	if [ -n "$(kvm_missing)" ]; then
		skip "$name" "$(kvm_missing)"
		return
	fi
	run "$paravane" run --timeout 20 --net "dgram=$scratch/a,peer=$scratch/b" \
		"$scratch/my.elf" "$@"
	check "$name" grep -qx "$text" "$scratch/out"
}

# prints_in_qemu NAME TEXT: called with "hello", which its status counts
prints_in_qemu() {
	if ! command -v qemu-system-x86_64 >/dev/null; then
		skip "$1" "there is no qemu-system-x86_64"
		return
	fi
	run_native qemu 1 "" "$scratch/my.elf" hello
	check "$1" grep -qx "$2" "$scratch/out"
	check "with the status" test "$status" -eq 2
}

for compiler in cc clang; do
	if ! command -v $compiler >/dev/null; then
		skip "$compiler" "it is not installed"
		continue
	fi
	builds "$compiler builds a guest from C" $compiler main.c libpvguest
	prints "which runs" "hello from C, 64 MiB" -- hello
	prints "with doubles" "0.667" -- hello
	check "and can be inspected" "$paravane" inspect "$scratch/my.elf"
	builds "$compiler builds a kernel from C" $compiler main.c \
		libpvguest-native
	prints "which runs at ring 0" "hello from C, 64 MiB" -- hello
	prints_in_qemu "and under QEMU, as documented" "hello from C, 128 MiB"
done
for compiler in c++ clang++; do
	if ! command -v $compiler >/dev/null; then
		skip "$compiler" "it is not installed"
		continue
	fi
	builds "$compiler builds a guest from C++" $compiler main.cc
	prints "which runs" "hello from C++"
	builds "$compiler builds a native kernel from C++" $compiler main.cc \
		libpvguest-native
	prints "which runs at ring 0" "hello from C++"
done

cat >"$scratch/lwip.c" <<'SOURCE'
#include <pvguest/pvguest.h>

#include <lwip/init.h>
#include <pv-netif.h>

int main(void)
{
	static struct pv_netif interface;
	ip4_addr_t address = { 0 };

	lwip_init();
	if (pv_netif_open(&interface, NULL) != 0)
		return 1;
	IP4_ADDR(&address, 192, 0, 2, 2);
	netif_set_addr(&interface.netif, &address, &address, &address);
	while (pv_netif_step(&interface))
		;
	pv_netif_wait(&interface, NULL, false, pvg_deadline_in(1000000));
	pvg_printf("lwIP has %s\n", ip4addr_ntoa(netif_ip4_addr(&interface.netif)));
	return 0;
}
SOURCE
if [ $# -lt 3 ]; then
	skip "lwIP" "it is not there (tools/fetch-lwip lwip, -Dlwip=lwip)"
	tap_done
fi
core=$2/src/core port=$3
# shellcheck disable=SC2046 # lists of options
cc -O2 -w $(pkg-config --cflags libpvguest) -I"$2/src/include" -I"$port" \
	"$scratch/lwip.c" "$port"/*.c "$core"/*.c "$core"/ipv4/*.c \
	"$2/src/netif/ethernet.c" $(pkg-config --libs libpvguest) \
	-o "$scratch/my.elf" 2>"$scratch/log"
check "cc builds a guest with lwIP" test $? -eq 0 || cat "$scratch/log" >&2
prints "which runs" "lwIP has 192.0.2.2"
tap_done
