#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A child that clone(2) makes in a pid namespace of its own has the number that its parent has in its
# own, 1, and is not taken for that.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

place_compile pid1.c "$BUILD/libchain.a" "$BUILD/libpolicy.a" -lbpf
if unshare --pid --fork true 2>"$WORK/why"; then
	says "pid1: its parent's lock and facts are not its own" "1 1 reads its own facts" \
		unshare --pid --fork --kill-child "$WORK/pid1"
else
	skip "pid1: its parent's lock and facts" "$(cat "$WORK/why")"
fi
