#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an application has not at its first call, or cannot find out, lets nothing through for ever.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

a=$BUILD/bpf/ord_a.o b=$BUILD/bpf/ord_b.o
export LIBXDP_SKIP_DISPATCHER=1
app() { preloaded "$WORK/app" "$@"; }
deny() { printf '%s\n' '[no]' "$@" 'attach = deny' >/etc/xdp/priorities.conf; }

# --- at the first hooked call ---

deny 'program = ord_a'
says "shortage: enough of everything" "-13 0" app link "$a" lo link "$b" lo
says "shortage: no descriptor at the first call" "error -24 -13 0" \
	app full open "$a" free link "$a" lo link "$b" lo
says "shortage: no memory at the first call" "-13 0" app scarce link "$a" lo link "$b" lo
for how in link attach; do
	says "shortage: no memory at the first call of a thread, $how" "-13 -13 -13" \
		app link "$a" lo starved $how "$a" lo
done
deny 'program = ord_b'
says "shortage: the same, of what is not denied" "0 -13 0" app link "$a" lo starved link "$a" lo

# --- the name of a program, without the right to read its BTF ---

long=$BUILD/bpf/ord_long.o name=ord_l_longer_than_15
nearly() { setpriv --bounding-set -sys_admin "$WORK/nearly" "$@"; }
# shellcheck disable=SC2016
printf '#!/bin/sh\nLD_PRELOAD=$PRELOAD exec "$WORK/app" "$@"\n' >"$WORK/nearly"
chmod 755 "$WORK/nearly"
for rule in "program = $name" "program = ord_l_*15" "program = *"; do
	deny "$rule"
	says "shortage: $rule, as root" "-13 -13" app link "$long" lo link-mem "$long" lo
	says "shortage: $rule, without CAP_SYS_ADMIN" "-13 -13" \
		nearly link "$long" lo link-mem "$long" lo
	says "shortage: $rule, by libxdp and a descriptor" "-13" app attach-fd "$long" lo
done
deny "program = ord_l_longer_than_16"
says "shortage: a rule for another program" "0" nearly link "$long" lo
says "shortage: the same, by libxdp and a descriptor" "0" app attach-fd "$long" lo
says "shortage: one that it may be" "-13" nearly link-mem "$long" lo
deny "program = ord_l_longer_than_16" "unit = nonesuch.service"
says "shortage: one that it may be, though not by all of its conditions" "0" \
	nearly link-mem "$long" lo
deny "program = $name"
printf '\n[yes]\nprogram = ord_l_*\nattach = allow\n' >>/etc/xdp/priorities.conf
says "shortage: a later rule allows it" "0" nearly link-mem "$long" lo
deny "program = $name"
nearly log link-mem "$long" lo show >"$WORK/said"
says "shortage: the log says that not all is known" 1 grep -c \
	"ord_l_longer_th on lo: attach denied, since not all can be known that the rule asks for" \
	"$WORK/said"

# --- section and object of a program that is attached by its descriptor ---

for rule in "object = $a" "section = xdp"; do
	deny "$rule"
	says "shortage: ${rule%% *}, of an object that is open here" "-13 -13 -13" \
		app link "$a" lo direct "$a" lo attach-fd "$a" lo
	says "shortage: ${rule%% *}, where it is not known" "-13" app link-mem "$a" lo
done
deny "object = $a"
says "shortage: an object that was opened by a number, which is another file's by now" "-13" \
	app number "$a" lo
deny "object = /dev/null"
says "shortage: and is not taken for that" "0" app number "$a" lo
for rule in "object = /other.o" "section = other"; do
	deny "$rule"
	says "shortage: another ${rule%% *}" "0 0 0" app link "$a" lo direct "$a" lo attach-fd "$a" lo
done
deny "object = /other.o" "program = ord_b"
says "shortage: an object that is not known, of another program" "0" app link-mem "$a" lo
deny "object = /other.o"
printf '\n[yes]\nprogram = ord_a\nattach = allow\n' >>/etc/xdp/priorities.conf
says "shortage: a later rule allows it" "0" app link-mem "$a" lo
cp "$b" "$WORK/gone.o"
deny "object = $WORK/gone.o"
says "shortage: an object whose file is gone" "0 -13" \
	app keep "$a" "$WORK/gone.o" lo unlink "$WORK/gone.o" swap

# --- a program, and the interface of a link, of which the kernel says nothing ---

deny 'program = ord_a'
says "shortage: no word of a program" "-13 -13 -13 -13" \
	app link "$a" lo direct "$a" lo no-info link "$a" lo direct "$a" lo
says "shortage: no word of a link" "0 -13 -13" app keep "$b" "$a" lo swap no-info swap
: >/etc/xdp/priorities.conf
says "shortage: no word of a program, where nothing is denied" "0 0" \
	app no-info link "$a" lo direct "$a" lo
ip link add there type veth peer name here
deny 'program = ord_a' 'interface = there'
says "shortage: a link in another network namespace" "0 -13 -13" \
	app keep "$b" "$a" there swap newnet swap
deny 'program = ord_a' 'driver = veth'
says "shortage: and its driver" "0 -13 -13" app keep "$b" "$a" there swap newnet swap
says "shortage: a driver that nobody may ask for" "-13" app no-inet link "$a" there
deny 'program = ord_a' 'driver = other'
says "shortage: another one" "0" app link "$a" there
deny 'program = ord_c' 'interface = there'
says "shortage: another program" "0 0" app keep "$b" "$a" there newnet swap

# --- what the process is ---

# come RULE...: such a rule has come after the first call, when there is no /proc
come()
{
	: >/etc/xdp/priorities.conf
	printf '%s\n' '[no]' 'program = ord_a' "$@" 'attach = deny' >/etc/xdp/priorities.tmp
	app keep "$b" "$a" lo swap hide /proc tick \
		rename /etc/xdp/priorities.tmp /etc/xdp/priorities.conf swap
}
says "shortage: its executable, without /proc" "0 0 -13" come "executable = $WORK/app"
says "shortage: its unit, without /proc" "0 0 -13" come "unit = foo.service"
says "shortage: what is known without /proc" "0 0 0" come "user = foo"
cp /etc/passwd "$WORK/passwd"
deny 'user = root'
{ printf 'x:x:9999:9999:%2000s:/:\n' x && cat "$WORK/passwd"; } >/etc/passwd
says "shortage: its user, behind a line that is too long" "-13" app link "$a" lo
ln -sf passwd /etc/passwd
says "shortage: its user, where names cannot be read" "-13" app link "$a" lo
rm /etc/passwd
says "shortage: its user, where there are no names" "0" app link "$a" lo
cp "$WORK/passwd" /etc/passwd

# --- the mode ---

deny 'mode = skb'
says "shortage: a mode that is asked for" "-13 -13" app direct "$a" lo link-skb "$a" lo
says "shortage: the mode of a link that is there" "0 -13" app keep "$a" "$b" lo swap
deny 'mode = native'
says "shortage: another mode" "0 0" app direct "$a" lo link-skb "$a" lo
says "shortage: no mode is asked for" "0" app link "$a" lo

# --- alternative names, without AF_NETLINK ---

if ip link property add dev lo altname the-loop-of-this-host 2>"$WORK/why"; then
	deny "interface = the-loop-of-this-host"
	says "shortage: altname" "-13" app link "$a" lo
	says "shortage: altname, without AF_NETLINK" "-13" app no-netlink link "$a" lo
	deny "interface = * !lo"
	says "shortage: all but this, without AF_NETLINK" "0" app no-netlink link "$a" lo
	deny "program = ord_b" "interface = other"
	says "shortage: of another program, without AF_NETLINK" "0" app no-netlink link "$a" lo
else
	skip "shortage: altname" "$(cat "$WORK/why")"
fi

# --- a policy that has come since, without descriptors ---

deny "program = ord_b"
mv /etc/xdp/priorities.conf "$WORK/come"
says "shortage: no policy" "0 0" app keep "$a" "$b" lo full tick swap
cp "$WORK/come" /etc/xdp/priorities.tmp
says "shortage: a policy has come, and there is no descriptor" "0 -13 -13" \
	app keep "$a" "$b" lo full tick rename /etc/xdp/priorities.tmp /etc/xdp/priorities.conf swap swap
cp "$WORK/come" /etc/xdp/priorities.tmp
: >/etc/xdp/priorities.conf
says "shortage: a policy has changed, and there is no descriptor" "0 -13 -13" \
	app keep "$a" "$b" lo full tick rename /etc/xdp/priorities.tmp /etc/xdp/priorities.conf swap swap
