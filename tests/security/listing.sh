#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A listing of the interfaces that could not be read in full is not taken for the whole one.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

place_compile cut.c -shared -fPIC
test_that "the daemon lists the interfaces" xdp-policyd --once
LD_PRELOAD=$WORK/cut xdp-policyd --once >"$WORK/said" 2>&1
status=$?
if [ $status = 1 ] && grep -q "the interfaces cannot be listed: Bad message" "$WORK/said"; then
	ok "a part that cannot be read: it says so and fails"
else
	echo "status $status" >>"$WORK/said"
	not_ok "a part that cannot be read: it says so and fails" "$WORK/said"
fi
