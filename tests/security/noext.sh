#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A kernel without extension programs is named where a chain cannot be loaded; libbpf would advise to
# raise a limit.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

place_compile noext.c -shared -fPIC -o "$WORK/noext.so"
mount -t bpf bpf /sys/fs/bpf 2>/dev/null
if ! python3 -c 'import ctypes, sys
sys.exit(ctypes.CDLL("libbpf.so.1").libbpf_probe_bpf_prog_type(6, None) != 1)'; then
	skip noext "this kernel loads no XDP programs here"
	exit 0
fi
cp "$BUILD/bpf/ord_a.o" "$BUILD/bpf/ord_b.o" "$WORK"
chmod 644 "$WORK"/ord_?.o
cat >"$WORK/chain.yaml" <<CHAIN
version: 1
chains: {lo: {mode: skb, programs: [{object: $WORK/ord_a.o}, {object: $WORK/ord_b.o}]}}
CHAIN
LD_PRELOAD=$WORK/noext.so xdp-policy load "$WORK/chain.yaml" >"$WORK/said" 2>&1
status=$?
if [ $status = 4 ] && grep -q 'found a kernel that refuses extension programs (freplace), expected' "$WORK/said" &&
	! grep -q ulimit "$WORK/said"; then
	ok "load names what the kernel lacks"
else
	not_ok "load names what the kernel lacks" "$WORK/said"
fi
