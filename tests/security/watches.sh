#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Below another root directory links lead to places below it, also for what is watched there. A link
# farther up that is exchanged is noticed by a rescan and by SIGHUP.
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

# said_of WORD: it was told of the wrong file that has this word
said_of() { wait_for grep -q "etc/xdp/.*$1" said; }

# far WHAT FILE WRONG COMMAND...: image/conf becomes a link over image/current, which is exchanged
far()
{
	local what=$1 file=$2 wrong=$3 watcher n
	shift 3
	for n in first second third fourth; do
		mkdir -p "image/$n/${file%/*}"
		echo "${wrong/WORD/$n}" >"image/$n/$file"
	done
	ln -sfn /first image/current
	"$@" --rescan 1 >said 2>&1 &
	watcher=$!
	if said_of first && ln -sfn /second image/current && said_of second; then
		ok "$what: a far link is noticed by a rescan"
	else
		not_ok "$what: a far link is noticed by a rescan" said
	fi
	kill $watcher
	wait $watcher
	"$@" --rescan 86400 >said 2>&1 &
	watcher=$!
	if said_of second && ln -sfn /third image/current && kill -HUP $watcher && said_of third; then
		ok "$what: and by SIGHUP"
	else
		not_ok "$what: and by SIGHUP" said
	fi
	mv "image/fourth/$file" "image/third/$file"
	if said_of fourth; then
		ok "$what: what is behind the new link is watched"
	else
		not_ok "$what: what is behind the new link is watched" said
	fi
	kill $watcher
	wait $watcher
	rm -r image/first image/second image/third image/fourth
}
rm -r image/etc image/conf
mkdir image/etc
ln -s /current/xdp image/etc/xdp
far "xdp-policyd" xdp/priorities.conf $'[a]\npriority = WORD' xdp-policyd --root image
far "xdp-policy watch" xdp/chains.d/a.yaml $'version: 1\nWORD: wrong' xdp-policy-watch --root image
