#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The system calls that the preload adds to those of an application are those that the manual lists
# for who writes a seccomp filter: none is missing there, and none stands there that is not made.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"
command -v strace >/dev/null || { skip syscalls "no strace"; exit 0; }
strace -o /dev/null true 2>/dev/null || { skip syscalls "nothing can be traced here"; exit 0; }

a=$BUILD/bpf/ord_a.o b=$BUILD/bpf/ord_b.o
export LIBXDP_SKIP_DISPATCHER=1

count() # FILE COMMAND...: each name, and how often it is called
{
	local file=$1
	shift
	timeout 120 strace -f -qq -e signal=none -o "$WORK/trace" "$@" >/dev/null 2>&1
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$WORK/trace" | sort | uniq -c >"$file"
}
# made STEP...: what the application calls more often with the preload than without
: >"$WORK/made"
made()
{
	: >/run/slow.in # without the plug-in nobody makes it
	count "$WORK/without" env "$WORK/app" "$@"
	rm -f /run/slow.in /run/slow.out
	count "$WORK/with" env LD_PRELOAD="$PRELOAD" "$WORK/app" "$@"
	awk 'NR == FNR { n[$2] = $1; next } $1 > n[$2] { print $2 }' \
		"$WORK/without" "$WORK/with" >>"$WORK/made"
}

made open "$a"
made attach "$a" lo
touch /run/xdp/disabled
made open "$a"
rm /run/xdp/disabled
echo 'ord_a: 33' >/etc/xdp/priorities.conf
made open "$a"
made open "$a" open "$a" open "$a" attach "$a" lo
made link "$a" lo attach-xdp "$a" lo update "$a" "$a" lo
conditions=$'user = root\nunit = !foo\nhost = *\nexecutable = *\nobject = *\ndriver = *\n'
printf '[x]\ninterface = lo\n%spriority = 33\n' "$conditions" >/etc/xdp/priorities.conf
made attach "$a" lo
printf '[x]\nprogram = ord_a\nattach = deny\n' >/etc/xdp/priorities.conf
made attach "$a" lo link "$a" lo
mkdir -p /var/lib/xdp-policy /etc/xdp/priorities.d
xdp-policy compile -o /var/lib/xdp-policy/policy.cdb /etc/xdp/priorities.conf >/dev/null
made attach "$a" lo
rm /var/lib/xdp-policy/policy.cdb
printf '[x]\nprogram = ord_a\npriority = 33\nattach-mode = skb\n' >/etc/xdp/priorities.conf
made attach "$a" lo
echo '{"version": 1, "rules": [{"program": "ord_a", "priority": 33}]}' >/etc/xdp/priorities.d/a.json
ln -s /dev/null /etc/xdp/priorities.d/b.conf
ln -s /nonexistent /etc/xdp/priorities.d/c.conf
made open "$a"
place_compile slow.c -shared -fPIC
cp "$WORK/slow" "$PRELOAD_DIR/libxdppolicy_slow.so.0"
chmod 755 "$PRELOAD_DIR/libxdppolicy_slow.so.0"
echo 'priority: slow files' >/etc/xdp/xdpswitch.conf
made open "$a"
made slow "$b" attach "$a" lo release
made slow "$b" child "$a" lo release

# listed PARAGRAPH: the names that the manual has between two comments
listed()
{
	sed -n "/^\.\\\\\" begin $1\$/,/^\.\\\\\" end\$/p" "$TOP/doc/xdp-policy-preload.7" |
		grep -v '^\.' | tr -s ' ,' '\n' | grep . | sort -u
}
listed "calls" >"$WORK/calls"
listed "common calls" >"$WORK/common"
listed "dispatcher calls" >"$WORK/dispatcher"
for list in calls common dispatcher; do
	[ -s "$WORK/$list" ] || not_ok "syscalls: the manual's list $list"
done
# these two are slow.c's own
sort -u "$WORK/made" | grep -vx 'access\|clock_nanosleep' >"$WORK/all"
sort -u "$WORK/calls" "$WORK/common" >"$WORK/known"
says "syscalls: none is missing in the manual" "" comm -23 "$WORK/all" "$WORK/known"
says "syscalls: all that the manual lists are made" "" comm -13 "$WORK/all" "$WORK/calls"
