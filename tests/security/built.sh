#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What was built, as the loader and the kernel see it.
set -u
# shellcheck source=tests/security/lib.sh
. "$TOP/tests/security/lib.sh"

no_execstack() { ! readelf -lW "$1" | grep GNU_STACK | grep E; }

for file in xdp-policy xdp-policyd xdp-policy-watch .libs/libxdppolicy.so libxdppolicy-hooks.so \
	libxdppolicy-preload.so; do
	test_that "${file##*/}: its stack is not executable" no_execstack "$BUILD/$file"
done
