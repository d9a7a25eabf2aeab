#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is made below /run has its modes whatever the umask, and a command that may not write says so.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

is() { # WHAT EXPECTED FOUND
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: found '$3', expected '$2'"; fi
}

modes() { find /run/xdp-policy -printf '%P:%m '; }

rm -rf /run/xdp-policy
for umask in 777 277 022 000; do
	(umask $umask; xdp-policy apply lo >/dev/null 2>&1)
	is "umask $umask: the directory and the lock in it" ":755 lock:600 " "$(modes)"
	rm -rf /run/xdp-policy
done
mkdir -m 700 /run/xdp-policy
touch /run/xdp-policy/lock
chmod 0 /run/xdp-policy/lock
xdp-policy apply lo >/dev/null 2>&1
is "a directory that was there keeps its mode, a lock is mended" ":700 lock:600 " "$(modes)"

# limited LIMIT COMMAND...: its status, where it may write so much to files; 153 if SIGXFSZ ended it
limited() {
	local limit=$1
	shift
	(ulimit -f "$limit"; exec "$@" >"$WORK/said" 2>"$WORK/errors")
	echo $?
} 2>/dev/null

for command in "xdp-policy --help" "xdp-policy --version" "xdp-policy status --help" \
	"xdp-policyd --help" "xdp-policyd --version" "$BUILD/xdp-policy-watch --help"; do
	# shellcheck disable=SC2086 # words of a command
	[ "$(limited 0 $command)" -lt 128 ]
	is "nothing can be written: ${command##*/} is not killed" 0 $?
done
for command in "xdp-policy --help" "xdp-policy --version" "xdp-policy status --help" \
	"xdp-policy coverage --usage" "xdp-policyd --help" "xdp-policyd --usage" "xdp-policyd --version" \
	"$BUILD/xdp-policy-watch --help" "$BUILD/xdp-policy-watch --version"; do
	# shellcheck disable=SC2086 # words of a command
	$command >/dev/full 2>"$WORK/errors"
	status=$?
	is "the device is full: ${command##*/} fails and says so" \
		"1 $(basename "${command%% *}"): standard output: cannot write: No space left on device" \
		"$status $(cat "$WORK/errors")"
done
is "nothing can be written: xdp-policy run" 127 "$(limited 0 xdp-policy run -- /nonexistent)"
is "what run starts has the signal as it was" 153 \
	"$(limited 0 xdp-policy run -- sh -c 'echo x; exit 7')"
