#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A plug-in that is mapped where another one was before it was closed is not taken for that.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

a=$BUILD/bpf/ord_a.o
place_compile reuse.c -ldl
# both for the same address, and with names of the same length, so that the allocator has a reason to
# give the same memory again
plugin=(reuse-plugin.c -shared -fPIC "-Wl,-Ttext-segment=0x5a0000000000")
place_compile "${plugin[@]}" -o "$WORK/plug-1.so" -lxdp
place_compile "${plugin[@]}" -o "$WORK/plug-2.so" -lxdp -DOWN

# reuse WHAT EXPECTED FIRST SECOND
reuse()
{
	preloaded "$WORK/reuse" "$WORK/$3" "$WORK/$4" "$a" >"$WORK/said" 2>&1
	case $? in
	77) skip "$1" "the loader never gave the same place again" ;;
	*) says "$1" "$2" cat "$WORK/said" ;;
	esac
}
reuse "reuse: one that has libxdp inside" "libxdp's, then its own" plug-1.so plug-2.so
reuse "reuse: one that has not" "its own, then libxdp's" plug-2.so plug-1.so
