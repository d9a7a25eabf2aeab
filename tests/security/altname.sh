#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An interface has alternative names: by each of them it is the same one, for rules, chain files and
# commands. What needs a chain is in the virtual machine's suite altname.
set -u
# shellcheck source=tests/security/lib.sh
. "$TOP/tests/security/lib.sh"

own_host "alternative names" altname
mkdir -p etc/xdp || exit 1
long=enx0011223344556677
if ! ip link add v0 type veth peer name v1 ||
	! ip link property add dev v0 altname enp0s3 altname $long 2>why; then
	skip "alternative names" "this kernel or ip(8) has none"
	exit 0
fi

# status says that a rule of that interface condition concerns v0 and not v1
rule() { printf '[there]\ninterface = %s\nattach = deny\n' "$1" >etc/xdp/priorities.conf; }
denies() { # RULE INTERFACE
	rule "$1"
	xdp-policy explain --json --interface "$2" p | tr -d ' \n' | grep -q '"attach":{"value":"deny"'
}
not_denies() { ! denies "$@"; }

for name in v0 enp0s3 $long; do
	for glob in v0 enp0s3 $long 'enp0*' 'v9 enx*'; do
		test_that "explain --interface $name: rule '$glob'" denies "$glob" "$name"
	done
	test_that "explain --interface $name: an exclusion by another name" not_denies '* !enp0s3' "$name"
	test_that "explain --interface $name: not another's rule" not_denies 'v1 enp0s4' "$name"
done
test_that "explain: the other end is another one" not_denies enp0s3 v1

once() { [ "$("$@" 2>&1 | grep -c '^v0')" = 1 ]; }
test_that "status: named three times, shown once" once xdp-policy status v0 enp0s3 $long
rm -f etc/xdp/priorities.conf
apply_to_full() {
	xdp-policy apply v0 2>&1 >/dev/full | tee /dev/stderr |
		grep -qx 'xdp-policy: standard output: cannot write: No space left on device'
}
test_that "apply: what cannot be written is told in the kernel's words" apply_to_full
test_that "apply: the same" once xdp-policy apply v0 enp0s3 $long
test_that "unload: the same" once xdp-policy unload --dry-run v0 enp0s3 $long

# two chains for one interface
printf 'version: 1\nchains:\n  v0: {programs: []}\n  enp0s3: {programs: []}\n' >two.yaml
both_lines() {
	xdp-policy load --dry-run two.yaml 2>&1 | tee /dev/stderr |
		grep -q "^two.yaml:4: v0: found a second chain for it, 'enp0s3', beside 'v0' in line 3, "
}
test_that "load: two chains for one interface are an error with both lines" both_lines
printf 'version: 1\nchains:\n  %s: {programs: []}\n' $long >one.yaml
test_that "load: a chain by a long name" xdp-policy load --dry-run one.yaml
rule $long
test_that "check: a rule may have a long name" xdp-policy check --strict

if "$TOP/tests/security/attach-xdp.py" "$(ip -o link show dev v0 | sed 's/:.*//')" 2>why; then
	drifts() {
		rule "$1"
		! xdp-policy status v0 >out && grep -q DRIFT out
	}
	daemon_sees_it() { xdp-policyd --once --metrics m && grep 'xdp_policy_drift.*interface="v0".* 1$' m; }
	for glob in v0 enp0s3 'enx*'; do
		test_that "status: rule '$glob' concerns it" drifts "$glob"
		test_that "the daemon: rule '$glob'" daemon_sees_it
	done
	rule enp0s4
	test_that "status: another rule does not" xdp-policy status v0
else
	skip "live rules" "$(cat why)"
fi

# a message about v1 is longer than a page, than a listing's usual datagram, and than 32 KiB
far=$(printf 'a%.0s' {1..100})
for first in {0..395..5}; do
	names=()
	for i in {0..4}; do names+=(altname "$far$((first + i))"); done
	ip link property add dev v1 "${names[@]}" || break
done
lists_all() { ! xdp-policy status 2>&1 >/dev/null | grep .; }
rm -f etc/xdp/priorities.conf
test_that "400 long names: status lists interfaces without an error" lists_all
test_that "400 long names: a rule by the last" denies "${far}399" v1
test_that "400 long names: the daemon looks at all" xdp-policyd --once
