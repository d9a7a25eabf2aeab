#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# /run/xdp/disabled counts only where nobody but root can have made it.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

echo 'ord_a: 33' >/etc/xdp/priorities.conf
priority() { preloaded "$WORK/app" open "$BUILD/bpf/ord_a.o"; }
mentions() { local text=$1; shift; "$@" 2>&1 | grep -qF "$text"; } # TEXT COMMAND...

says "kill switch: without it" 33 priority
touch /run/xdp/disabled
says "kill switch: root's" 50 priority
test_that "kill switch: root's, preload status" mentions '"disabled": true' \
	xdp-policy preload status --json
for mode in 1000:755 0:1777 0:775; do
	chown "${mode%:*}" /run/xdp
	chmod "${mode#*:}" /run/xdp
	what="kill switch: /run/xdp of owner and mode $mode"
	says "$what" 33 priority
	test_that "$what, check says that it does not count" \
		mentions "found in a directory that does not count: nothing is switched off" xdp-policy check
	test_that "$what, explain, too" mentions "found in a directory that does not count: nothing is switched off" \
		xdp-policy explain "$BUILD/bpf/ord_a.o"
	test_that "$what, preload status" mentions '"disabled": false' \
		xdp-policy preload status --json
	test_that "$what, coverage" mentions '"disabled": false' xdp-policy coverage --json
done
chown 0 /run/xdp
chmod 755 /run/xdp
says "kill switch: the directory is mended" 50 priority
