#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `xdp-policy coverage` and `preload status` of a process in whose /etc nothing ever answers. They say
# so and end, and what looked there, and cannot be killed, keeps nothing that others wait for.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

what="files that do not answer"
if ! { mknod /dev/fuse c 10 229 && : <>/dev/fuse; } 2>/dev/null; then
	skip "$what" "no /dev/fuse"
	exit 0
fi
place_compile silent-fs.c
mkfifo "$WORK/gate"
echo "$PRELOAD" >/etc/ld.so.preload

# is_open: it is in a hook, and waits there for the one who writes its object
is_open() { grep -q libxdppolicy-hooks "/proc/$1/maps" 2>/dev/null; }
unshare -m --propagation private "$WORK/app" open "$WORK/gate" >/dev/null 2>&1 &
first=$!
wait_for is_open $first
nsenter -m -t $first "$WORK/app" open "$WORK/gate" >/dev/null 2>&1 &
second=$!
wait_for is_open $second
: >"$WORK/served"
nsenter -m -t $first "$WORK/silent-fs" /etc >"$WORK/served" 2>&1 &
server=$!
if ! wait_for grep -q ready "$WORK/served"; then
	skip "$what" "no file system of its own: $(cat "$WORK/served")"
	kill -9 $first $second $server
	exit 0
fi

# tells STATUS TEXT ARGUMENT...: it ends, its output does so too, and the text is there. All of a host
# is much to look at.
tells()
{
	local status=$1 text=$2 LIMIT=600
	shift 2
	: >"$WORK/ended"
	(
		exec 8>"$WORK/lock"
		flock 8
		{ "$BUILD/xdp-policy" "$@"; echo "status $?"; } 2>&1 | cat >"$WORK/said"
		echo ended >"$WORK/ended"
	) &
	wait_for grep -q ended "$WORK/ended" && flock -n "$WORK/lock" true &&
		tr -s ' ' <"$WORK/said" | grep -qF "$text" && grep -q "^status $status$" "$WORK/said" && return
	cat "$WORK/said"
	return 1
}

silent="not known: the files of process $first did not answer within 2 s"
folded="not known:" # the rest is on the next line of the table
test_that "coverage of the process" tells 1 "$first app cannot be told - $folded" coverage "$first"
test_that "as JSON" tells 1 '"reason": "no-answer"' coverage --json "$first"
test_that "of another one there: it is not waited for again" tells 1 \
	"$second app cannot be told - $folded" coverage "$first" "$second"
test_that "of the whole host" tells 1 "app cannot be told - $folded" coverage
test_that "preload status" tells 0 "$silent" preload status
test_that "preload status, as JSON" tells 0 '"unknown": 3' preload status --json
test_that "and of a process that does answer" tells 1 "attaches no XDP" coverage "$first" "$$"

kill -9 $first $second $server
wait $first $second $server 2>/dev/null || true
