#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A denied program is not let through while another thread is busy with the policy.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

place_compile slow.c -shared -fPIC
cp "$WORK/slow" "$PRELOAD_DIR/libxdppolicy_slow.so.0"
chmod 755 "$PRELOAD_DIR/libxdppolicy_slow.so.0"
a=$BUILD/bpf/ord_a.o b=$BUILD/bpf/ord_b.o c=$BUILD/bpf/ord_c.o
export LIBXDP_SKIP_DISPATCHER=1
app()
{
	rm -f /run/slow.in /run/slow.out
	preloaded timeout 300 "$WORK/app" "$@"
}
echo 'priority: slow files' >/etc/xdp/xdpswitch.conf
printf '[no]\nprogram = ord_a\nattach = deny\n' >/etc/xdp/priorities.conf

says "lockdeny: alone" "-13 0" app attach "$a" lo attach "$c" lo
says "lockdeny: while another thread has the policy, and after it" "-13 -13 -13 0" \
	app attach "$a" lo slow "$b" attach "$a" lo attach "$c" lo release attach "$c" lo
says "lockdeny: by a link of libbpf" "-13 -13" \
	app attach "$a" lo slow "$b" link "$a" lo release
says "lockdeny: many attaches wait once" "-13 20 refused soon" \
	app attach "$a" lo slow "$b" many "$a" lo release
says "lockdeny: a child of _Fork()" "-13 -13" app attach "$a" lo slow "$b" child "$a" lo release
app attach "$a" lo log slow "$b" attach "$a" lo attach "$a" lo release show >"$WORK/said"
says "lockdeny: one line in the log" 1 grep -c \
	"another thread has been busy with the policy for a second: attach denied" "$WORK/said"

echo 'on-error: deny' >>/etc/xdp/xdpswitch.conf
printf 'ord_a 33\nord_c: 34\n' >/etc/xdp/priorities.conf
says "lockdeny: on-error: deny" "-13 -13" app attach "$a" lo slow "$b" attach "$c" lo release

echo 'priority: slow files' >/etc/xdp/xdpswitch.conf
echo 'ord_a: 33' >/etc/xdp/priorities.conf
says "lockdeny: where nothing is denied it is let through" "0 0 0" \
	app attach "$a" lo slow "$b" attach "$a" lo attach "$c" lo release
touch /run/slow.open
says "lockdeny: before the policy was ever read" "-13 0" \
	app slow "$b" attach "$a" lo release attach "$a" lo
