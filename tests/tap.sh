# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Sourced by test scripts: TAP output, and checks on a program's exit status and
# its last words.

# An emulated host takes longer (emulated-host/suite).
times_slower=${PARAVANE_TIMES_SLOWER:-1}
minute=$((60 * times_slower))

tap_number=0
tap_failures=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/paravane-test.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 99' HUP INT TERM

# What the hypervisor says when it cannot be tested here; empty if it can.
kvm_missing() {
	if ! [ -e /dev/kvm ]; then
		echo "there is no /dev/kvm"
	elif ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
		echo "no permission to use /dev/kvm"
	fi
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

skip_all_without_kvm() {
	reason=$(kvm_missing)
	[ -z "$reason" ] || skip_all "$reason"
}

pass() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1"
}

skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

# fail NAME REASON
fail() {
	tap_number=$((tap_number + 1))
	tap_failures=$((tap_failures + 1))
	echo "not ok $tap_number - $1"
	echo "# $2" >&2
}

tap_done() {
	echo "1..$tap_number"
	[ "$tap_failures" -eq 0 ]
	exit
}

# check NAME COMMAND...: the command succeeds.
check() {
	check_name=$1
	shift
	if "$@" >"$scratch/check" 2>&1; then
		pass "$check_name"
	else
		fail "$check_name" "failed: $* $(head -c 2000 "$scratch/check")"
	fi
}

# run COMMAND...: with its output in $scratch/out and $scratch/err and its status
# in $status. Nothing that is tested here may take a $minute.
run() {
	status=0
	timeout -k 5 "$minute" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null ||
		status=$?
}

# ends NAME STATUS REGEX COMMAND...: the command ends with one of the statuses
# (7 or 0|123) and says something on stderr that matches in any case, or nothing
# for a REGEX of "silent", or whatever it likes for "any".
ends() {
	ends_name=$1 ends_status=$2 ends_regex=$3
	shift 3
	run "$@"
	judge "$ends_name" "$ends_status" "$ends_regex"
}

# refuses: as ends, but with exactly one sentence; a hint at --help may follow.
refuses() {
	ends_name=$1 ends_status=$2 ends_regex=$3
	shift 3
	run "$@"
	lines=$(grep -cv '^Try .* for more information' "$scratch/err")
	if [ "$lines" -ne 1 ]; then
		fail "$ends_name" "$lines sentences on stderr: $(cat "$scratch/err")"
		return
	fi
	judge "$ends_name" "$ends_status" "$ends_regex"
}

judge() {
	case "|$2|" in
	*"|$status|"*) ;;
	*)
		fail "$1" "status $status instead of $2; stderr: $(cat "$scratch/err")"
		return
		;;
	esac
	if [ "$3" = silent ]; then
		said=$(cat "$scratch/err")
		if [ -z "$said" ]; then pass "$1"; else fail "$1" "it said: $said"; fi
		return
	fi
	# Where both 0 and another status are right, 0 needs no words.
	if [ "$status" -ne 0 ] && [ "$3" != any ] && ! grep -qiE -- "$3" "$scratch/err"; then
		fail "$1" "stderr does not match /$3/: $(cat "$scratch/err")"
		return
	fi
	pass "$1"
}
