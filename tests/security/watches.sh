#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Below another root directory links lead to places below it, also for what is watched there.
set -u
# shellcheck source=tests/security/lib.sh
. "$TOP/tests/security/lib.sh"

own_host "watches below another root" watches
mkdir -p image/etc image/conf/chains.d
ln -s /conf image/etc/xdp

# notices WHAT FILE WRONG COMMAND...: each form of a wrong file is told of, and none is waited for
# but by its event
notices() {
	local what=$1 file=image/conf/$2 wrong=$3 watcher
	shift 3
	echo "${wrong/WORD/first}" >"$file"
	"$@" >said 2>&1 &
	watcher=$!
	if ! wait_for grep -q "etc/xdp/.*first" said; then
		not_ok "$what: what is there is read" said
	fi
	echo "${wrong/WORD/second}" >new
	mv new "$file"
	if wait_for grep -q "etc/xdp/.*second" said; then
		ok "$what: a change behind an absolute link"
	else
		not_ok "$what: a change behind an absolute link" said
	fi
	kill $watcher
	wait $watcher
	rm "$file"
}
notices "xdp-policyd" priorities.conf $'[a]\npriority = WORD' \
	xdp-policyd --root image --rescan 86400
notices "xdp-policy watch" chains.d/a.yaml $'version: 1\nWORD: wrong' \
	xdp-policy-watch --root image
