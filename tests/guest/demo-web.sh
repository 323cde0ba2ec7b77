#!/bin/sh
# SPDX-License-Identifier: MIT
#
# demo-web.sh DEMO BUILD: what `./demo --web` does in its network, and what it leaves.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../network.sh"
skip_all_without_kvm
skip_all_without_curl
skip_all_without_own_network "$@"
demo=$1 build=$2

mkdir "$scratch/tmp"
run env TMPDIR="$scratch/tmp" DEMO_IN_NAMESPACE="$build" "$demo" --web
check "it succeeds" test "$status" -eq 0
cat "$scratch/err" >&2
check "files came as they are" grep -q '^fetched .*/large: .*as they are$' "$scratch/out"
check "and the guest gives account" grep -q '^ *connections 55$' "$scratch/out"
check "nothing is left" test -z "$(ls "$scratch/tmp")"
tap_done
