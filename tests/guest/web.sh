#!/bin/sh
# SPDX-License-Identifier: MIT
#
# web.sh TCP-CLIENT NET-RELAY PARAVANE WEB MTU: the web server answers as it should,
# whatever clients and the network do. In a network namespace of its own, with a TAP
# there, so that nothing of the host's is touched.
set -u
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../network.sh"
skip_all_without_kvm
skip_all_without_curl
skip_all_without_own_network "$@"
client=$1 relay=$2 paravane=$3 web=$4 mtu=$5
server='' carrier=''
trap 'stop $server $carrier; rm -rf "$scratch"' EXIT
make_tap "$mtu"

site=$scratch/site
long=$(printf 'directory-with-a-long-name/%.0s' 1 2 3 4 5 6)
mkdir -p "$site/sub" "$site/$long"
echo "<h1>the index</h1>" >"$site/index.html"
echo "a subdirectory's" >"$site/sub/index.html"
echo "deep down" >"$site/${long}file.txt"
echo "strange" >"$site/a <b> & \"c\" %41.txt"
sizes="0 1 511 512 513 65535 65536 65537 131073 1000000"
for size in $sizes; do
	head -c "$size" /dev/urandom >"$site/$size.bin"
done
head -c $((20000000 / times_slower)) /dev/urandom >"$site/large.bin"

# pack NAME TAR-OPTION...: a disk of the site
pack() {
	pack_name=$1
	shift
	tar -C "$site" -cf "$scratch/$pack_name.tar" "$@" .
}

# serve NET DISK ARGUMENT...: start the guest, and wait until it answers
serve() {
	net=$1 disk=$scratch/$2.tar
	shift 2
	timeout -k 5 $((4 * minute)) "$paravane" run --net "$net" --block "$disk,ro" \
		"$web" -- \
		--address $guest/24 --gateway 10.7.7.1 "$@" \
		>"$scratch/guest-out" 2>"$scratch/guest-err" </dev/null &
	server=$!
	wait_for_guest || fail "it starts" "$(cat "$scratch"/guest-*)"
}

# carry [LOST-PERCENT [FORGED-PERCENT]]: frames between the TAP and a socket
carry() {
	rm -f "$scratch/relay"
	timeout $((4 * minute)) "$relay" tap7 "$scratch/relay" "$scratch/guest" "$@" &
	carrier=$!
}

# equal NAME GOT WANT
equal() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "$2 is not $3; the guest: $(cat "$scratch"/guest-*)"
	fi
}

# same FILE [CURL-OPTION...]: it comes as it is
same() {
	same_file=$1
	shift
	get "$@" "$url/$same_file" | cmp - "$site/$same_file"
}

# answers NAME HTTP-STATUS [CLIENT-OPTION...]: to standard input, sent as it is. The
# connection ends then.
answers() {
	answers_name=$1 answers_status=$2
	shift 2
	timeout $minute "$client" "$@" $guest 80 >"$scratch/answer"
	line=$(head -n 1 "$scratch/answer" | tr -d '\r')
	case $line in
	"HTTP/1.1 $answers_status "*) pass "$answers_name" ;;
	*) fail "$answers_name" "it answered: $line" ;;
	esac
}

# refused NAME HTTP-STATUS PRINTF-FORMAT
refused() {
	# shellcheck disable=SC2059 # that is what it is
	printf "$3" >"$scratch/request"
	answers "$1" "$2" <"$scratch/request"
}

# shows FIELD: of the status page
shows() {
	get "$url/status" | sed -n "s/^$1 //p"
}

pack site --format=gnu
serve tap=tap7 site

equal "the index" "$(get $url/)" "<h1>the index</h1>"
for size in $sizes; do
	check "a file of $size bytes" same "$size.bin"
done
check "a large file" same large.bin
check "a name of more than 100 characters" same "${long}file.txt"
equal "a name of strange characters" \
	"$(get "$url/a%20%3Cb%3E%20&%20%22c%22%20%2541.txt")" strange
equal "a directory's index" "$(get -L "$url/sub")" "a subdirectory's"
equal "HEAD tells the length" 1000000 \
	"$(get -I "$url/1000000.bin" | tr -d '\r' | sed -n 's/^Content-Length: //p')"
equal "a connection is used again" 100 \
	"$(get -o /dev/null -o /dev/null -o /dev/null -w '%{num_connects}' \
		"$url/1.bin" "$url/65537.bin" "$url/nothing")"

# Several at once
mkdir "$scratch/got"
get_at_once 50 1000000.bin "$scratch/got" "$minute"
equal "50 files at once" "$(count_same "$site/1000000.bin" "$scratch"/got/*)" 50

# What is no request
refused "no HTTP at all" 400 'what?\r\n\r\n'
refused "a line of noise" 400 '\001\002\003\377\n\n'
refused "no host" 400 'GET / HTTP/1.1\r\n\r\n'
refused "two hosts" 400 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'
refused "a field without a colon" 400 'GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n'
refused "half a character in a path" 400 'GET /%%4 HTTP/1.1\r\nHost: a\r\n\r\n'
refused "a zero in a path" 400 'GET /%%00 HTTP/1.1\r\nHost: a\r\n\r\n'
refused "HTTP of the future" 505 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'
refused "another method" 405 'POST / HTTP/1.1\r\nHost: a\r\n\r\n'
refused "a body" 413 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'
refused "a path upwards" 404 \
	'GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
head -c 100000 /dev/zero | tr '\0' a >"$scratch/request"
answers "a request without end" 431 <"$scratch/request"
printf 'GET / HTTP/1.0\r\n\r\n' >"$scratch/request"
answers "a request byte by byte" 200 -p 10 <"$scratch/request"

# One that never gets further; see below
printf 'GET / HTTP/1.1\r\nHo' | "$client" $guest 80 >"$scratch/late" &
late=$!

# Many requests in one go, more than are taken in at once
{
	for i in $(seq 299); do
		printf 'GET /1.bin?%s HTTP/1.1\r\nHost: %s\r\n\r\n' "$i" $guest
	done
	printf 'GET /1.bin HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' $guest
} >"$scratch/request"
answers "300 requests in one go" 200 <"$scratch/request"
equal "... are all answered" 300 \
	"$(grep -ao 'HTTP/1.1 200 OK' "$scratch/answer" | wc -l)"

# Clients that leave in the middle, and those that never begin
printf 'GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n' >"$scratch/request"
for bytes in 1 1000 100000; do
	check "40 connections reset after $bytes bytes" \
		"$client" -c 40 -r $bytes $guest 80 <"$scratch/request"
done
check "40 connections reset at once" "$client" -c 40 -r 0 $guest 80 </dev/null
"$client" -c 100 -w 5 -r 0 $guest 80 </dev/null >/dev/null &
idle=$!
check "a page beside 100 connections that say nothing" same index.html
wait $idle
"$client" -c 40 -w 5 -r 100 $guest 80 <"$scratch/request" >/dev/null &
idle=$!
check "a file beside 40 that are not read" same 1000000.bin
wait $idle
check "the large file afterwards" same large.bin
wait $late
check "half a request is given up" grep '^HTTP/1.1 408 ' "$scratch/late"
equal "no connection is left over" "$(shows connections_open)" 1
equal "no frame failed" "$(shows frames_failed)" 0
stop "$server"

# Until so many requests
serve tap=tap7 site --requests 3
get "$url/1.bin" >"$scratch/1.bin"
get "$url/2.bin" >"$scratch/2.bin"
wait $server
equal "it ends after so many requests, with status" $? 0
check "it tells of them" grep '^3 requests answered, 0 refused' "$scratch/guest-out"

# Other archives
pack pax --format=posix
serve tap=tap7 pax
check "an archive of pax: a long name" same "${long}file.txt"
check "an archive of pax: a file" same 131073.bin
stop "$server"

# A network that loses frames, sends them twice, and in another order; and leaves nothing
# to the host.
make_tap "$mtu"
for percent in 0 3; do
	carry $percent
	serve "dgram=$scratch/guest,peer=$scratch/relay,mtu=$mtu" site
	check "a file through a socket, $percent % of frames lost" same 131073.bin
	check "and another" same 65537.bin
	stop "$server" "$carrier"
done

# Frames that nobody should send, into connections that others have. What these become
# is not judged, only that they end, and that all is well afterwards.
carry 0 50
serve "dgram=$scratch/guest,peer=$scratch/relay,mtu=$mtu" site
for i in 1 2 3; do
	get_at_once 50 1000000.bin "$scratch/got" 2
	"$client" -c 20 -r 1000 $guest 80 <"$scratch/request" >/dev/null 2>&1
done
stop "$carrier"
carry
wait_for_guest
check "a file, after forged frames" same 131073.bin
equal "no frame failed" "$(shows frames_failed)" 0
stop "$server" "$carrier"

# ends_with NAME REGEX DISK ARGUMENT...: the guest says so, and ends with status 1
ends_with() {
	ends_with_name=$1 regex=$2 disk=$3
	shift 3
	run "$paravane" run --net "dgram=$scratch/a,peer=$scratch/b" --block "$disk,ro" "$web" -- "$@"
	if [ $status -eq 1 ] && grep -qE -- "$regex" "$scratch/out"; then
		pass "$ends_with_name"
	else
		fail "$ends_with_name" "status $status: $(cat "$scratch/out" "$scratch/err")"
	fi
}

head -c 100000 /dev/urandom >"$scratch/noise"
head -c 700000 "$scratch/site.tar" >"$scratch/cut"
ends_with "a disk that is no archive" 'no tar archive' "$scratch/noise"
ends_with "an archive that was cut" 'no tar archive' "$scratch/cut"
ends_with "an address that is none" 'wants an address' "$scratch/site.tar" \
	--address 10.0.0/24
ends_with "an option that is none" 'there is no option' "$scratch/site.tar" --adress 1
tap_done
