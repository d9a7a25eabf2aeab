#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# In a user namespace where root is nobody no file can be told to be root's: none counts, not the
# hooks either, and `check` says so in one line.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

echo 'ord_a: 33' >/etc/xdp/priorities.conf
echo 'on-error: deny' >/etc/xdp/xdpswitch.conf
mkdir -p /etc/xdp/priorities.d /usr/lib/xdp /var/lib/xdp-policy
xdp-policy compile -o /var/lib/xdp-policy/policy.cdb /etc/xdp/priorities.conf >/dev/null 2>&1
chmod 755 "$WORK"
chmod 1777 /dev
as_nobody() { setpriv --reuid 1000 --regid 1000 --clear-groups unshare -U "$@"; }
as_nobody true 2>/dev/null || { skip userns "no user namespace can be made"; exit 0; }
cp "$BUILD/bpf/ord_a.o" "$WORK/a.o"
in_userns() { preloaded as_nobody "$WORK/app" log open "$WORK/a.o" show >"$WORK/said" 2>&1; }
in_userns
says "userns: no policy" 50 sed -n 1p "$WORK/said"
says "userns: not a word either, since nobody's hooks are opened" 1 grep -c "" "$WORK/said"
says "userns: check" "/: found owner 65534, expected 0: root is nobody in this user namespace; no file of the policy counts" \
	sh -c 'setpriv --reuid 1000 --regid 1000 --clear-groups unshare -U xdp-policy check 2>&1 | grep -o "/: .*"'
