#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What was built, as the loader and the kernel see it: hardened, and the shim as its manual page says.
set -u
# shellcheck source=tests/security/lib.sh
. "$TOP/tests/security/lib.sh"

no_execstack() { ! readelf -lW "$1" | grep GNU_STACK | grep E; }
has_relro() { readelf -lW "$1" | grep GNU_RELRO; }
binds_now() { readelf -dW "$1" | grep -E 'BIND_NOW|FLAGS_1.* NOW'; }
calls() { readelf --dyn-syms -W "$1" | grep -E " UND $2(@| |\$)"; }
not() { ! "$@"; }

shim=$BUILD/libxdppolicy-preload.so
hardened=("$BUILD"/{xdp-policy,xdp-policyd,xdp-policy-watch,.libs/libxdppolicy.so,libxdppolicy-hooks.so})
for file in "${hardened[@]}" "$shim"; do
	test_that "${file##*/}: its stack is not executable" no_execstack "$file"
done
for file in "${hardened[@]}"; do
	test_that "${file##*/}: what the loader has filled in is read-only" has_relro "$file"
	test_that "${file##*/}: all of that at its start" binds_now "$file"
	test_that "${file##*/}: a stack that was overwritten ends it" calls "$file" __stack_chk_fail
	if grep -q '^HARDEN_CPPFLAGS = .' "$BUILD/Makefile"; then
		test_that "${file##*/}: calls of libc are checked" calls "$file" '__[a-z]+_chk'
	else
		skip "${file##*/}: calls of libc are checked" "not built with what configure chooses"
	fi
done

# xdp-policy-preload(7) has the reasons
test_that "the shim, as documented: no RELRO" not has_relro "$shim"
test_that "the shim: nothing is bound at its start" not binds_now "$shim"
test_that "the shim: no checked call, which another libc may lack" not calls "$shim" '__[a-z_]+_chk(_fail)?'
test_that "the manual page explains it" grep -q 'why it does not have the usual hardening' \
	"$TOP/doc/xdp-policy-preload.7"
