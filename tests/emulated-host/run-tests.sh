# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Sourced by the script that suite makes, inside the emulated host: the part of
# `meson test` that is needed there, where Python takes long to start. $here, $total
# and $taken are set. What follows are calls of one_test, and all_done.
# shellcheck disable=SC2154,SC2317
scratch=$(mktemp -d) || exit 125
out=$scratch/out err=$scratch/err

# count VERDICT DETAIL [FILE...]: a line, and the files if it failed.
count() {
	printf '%3d/%d %-32s %-8s%s\n' "$number" "$total" "$name" "$1" "$2"
	[ "$1" != failed ] || [ $# -eq 2 ] || sed 's/^/    /' "$3" "$4"
}

# one_test NUMBER NAME PROTOCOL TIMEOUT DIRECTORY [VARIABLE=VALUE...] COMMAND...
# Unless another host has it: $taken is the same directory for all.
one_test() {
	number=$1 name=$2 protocol=$3 timeout=$4 directory=$5
	shift 5
	mkdir "$taken/$number" 2>/dev/null || return
	reason=$(sed -n "s|^$name \* ||p" "$here/differs")
	if [ -n "$reason" ]; then
		count skipped "$reason"
		return
	fi
	read -r began _ </proc/uptime
	(
		cd "$directory" && exec timeout -k 5 "$timeout" \
			env MALLOC_PERTURB_=$((number % 255 + 1)) "$@"
	) >"$out" 2>"$err" </dev/null
	status=$?
	read -r ended _ </proc/uptime
	case $protocol:$status in
	*:124 | *:137) verdict="failed took more than $timeout seconds" ;;
	tap:*) verdict=$(judge_tap) ;;
	*:0) verdict=passed ;;
	*:77) verdict="skipped status 77" ;;
	*) verdict="failed status $status" ;;
	esac
	count "${verdict%% *}" "${verdict#* }" "$out" "$err"
}

# The verdict on the test's TAP and $status, what there is to say, and below it
# what was skipped of a test that passed.
judge_tap() {
	awk -v name="$name" -v status="$status" -v seconds="$ended $began" '
	FNR == 1 { file++ }
	file == 1 {
		if ($1 == name) {
			check = $2
			sub(/^[^ ]* [^ ]* /, "")
			differs[check] = $0
		}
		next
	}
	/^1\.\.0 *# *SKIP/ { sub(/^[^#]*# *SKIP */, ""); all = $0 }
	/^1\.\.[0-9]/ { planned = 1; plan = substr($1, 4) + 0 }
	/^ok / { good++ }
	/^ok .*# *SKIP / {
		part = $0
		sub(/^ok [0-9]* *-? */, "", part)
		sub(/ *# *SKIP */, ": ", part)
		parts = parts "\n    part of it skipped here: " part
	}
	/^not ok / {
		check = $0
		sub(/^not ok [0-9]* *-? */, "", check)
		word = check
		gsub(/ /, "_", word)
		if (word in differs) {
			other++
			parts = parts "\n    part of it skipped here: " check ": " differs[word]
		} else
			bad++
	}
	/^Bail out!/ { bail = $0 }
	END {
		count = good + other + bad
		split(seconds, times)
		if (bail)
			print "failed " bail
		else if (bad || (status != 0 && !other))
			print "failed status " status ", " bad + 0 " of " count " checks"
		else if (all != "")
			print "skipped " all
		else if (!planned || plan != count)
			print "failed " count " checks instead of " plan + 0
		else
			printf "passed %d checks, %.1f s%s\n", good, times[1] - times[2], parts
	}' "$here/differs" "$out"
}

all_done() {
	echo "host is done"
	exit 0
}
