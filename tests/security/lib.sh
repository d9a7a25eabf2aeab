# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts of tests/security share: see run.

ok() { echo "ok - $1"; }

# not_ok WHAT [FILE]: FILE says why
not_ok() {
	echo "not ok - $1"
	[ $# -lt 2 ] || tail -n 20 "$2" | sed 's/^/#   /'
}

skip() { echo "skip - $1: $2"; } # WHAT REASON

# test_that WHAT COMMAND...: its output matters only if it fails
test_that() {
	local what=$1 log
	shift
	log=$(mktemp)
	if "$@" >"$log" 2>&1; then
		ok "$what"
	else
		not_ok "$what" "$log"
	fi
	rm -f "$log"
}

# wait_for COMMAND...: until it succeeds; a loaded machine may take long, so the limit is far away:
# $LIMIT seconds, else 120
wait_for() {
	local end=$((SECONDS + ${LIMIT:-120}))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# own_host WHAT NAME: what follows has mounts and a network of its own, with empty /run and /etc that
# are run and etc of the directory that it is in; or is skipped. The script is started anew for that.
own_host() {
	if [ -z "${INSIDE:-}" ]; then
		if [ "$(id -u)" != 0 ] || ! unshare -mn true 2>/dev/null; then
			skip "$1" "need root, and mounts and a network of its own"
			exit 0
		fi
		INSIDE=yes exec unshare -mn "$0"
	fi
	PATH=$BUILD:$PATH:/sbin:/usr/sbin
	work=$TMPDIR/$2
	mkdir "$work" && cd "$work" && mkdir run etc || exit 1
	mount --bind run /run && mount --bind etc /etc || exit 1
}
