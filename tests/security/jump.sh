#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An application that leaves a call of libxdp by a jump out of libbpf's print callback, or is in
# several at a time, has the policy afterwards as before.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

a=$BUILD/bpf/ord_a.o bad=/etc/passwd
app() { preloaded "$WORK/app" "$@"; }
printf 'ord_a: 33\n[no]\nprogram = ord_c\nattach = deny\n' >/etc/xdp/priorities.conf
c=$BUILD/bpf/ord_c.o

says "jump: out of an opening" "33 left 33 33" app open "$a" jump open "$bad" - open "$a" open "$a"
says "jump: then from deeper on the stack" "left 33 33" app jump open "$bad" - deep "$a" deep "$a"
says "jump: a denied attach stays denied" "left -13" app jump open "$bad" - attach "$c" lo
says "jump: out of the opening for an attach" "left 33 -13" \
	app jump attach "$a" lo open "$a" attach "$c" lo
says "jump: out of an attach" "left 33 -13" app meanwhile "$a" lo - open "$a" attach "$c" lo
coroutine() { app coroutine "$bad" "$a" | sed 's/error -[0-9]*/error/'; }
says "jump: with coroutines" "33 error 33" coroutine

printf 'ord_a: 33\n[d]\nprogram = ord_a\ndispatcher = required\n' >/etc/xdp/priorities.conf
# without a word of libxdp that there is no bpffs
skipping() { LIBXDP_SKIP_DISPATCHER=1 preloaded "$WORK/app" "$@" 2>/dev/null; }
says "jump: LIBXDP_SKIP_DISPATCHER is seen again by the next call, which ends what was left" \
	"1 left 33 1 can be cancelled" \
	skipping env LIBXDP_SKIP_DISPATCHER meanwhile "$a" lo - open "$a" env LIBXDP_SKIP_DISPATCHER \
	cancellable
says "jump: and if the thread is cancelled meanwhile" "1 cancelled 1" \
	skipping env LIBXDP_SKIP_DISPATCHER end cancel "$a" lo env LIBXDP_SKIP_DISPATCHER
says "jump: and if the thread has ended in the attach" "1 left 1" \
	skipping env LIBXDP_SKIP_DISPATCHER end exit "$a" lo env LIBXDP_SKIP_DISPATCHER

# libxdp attaches it in a function that is not hooked, below a frame that was left
place_compile xsk-jump.c -lxdp -lbpf
# of an interface of its own: the kernel gives back the queue of a socket that is gone some time later
socket_of()
{
	ip link add "$1" type veth peer name "peer-$1" || return
	ip link set "$1" up
	preloaded "$WORK/xsk-jump" "$@"
}
printf '[no]\nprogram = xsk_def_prog\nattach = deny\n' >/etc/xdp/priorities.conf
says "jump: an AF_XDP socket that is denied" "-13" socket_of v1
says "jump: and after a jump out of an opening" "left -13" socket_of v2 "$bad"
says "jump: and out of an attach, of what was closed" "left -13" socket_of v3 "$a"
# what was left while there was no policy
socket_later()
{
	touch /run/xdp/disabled
	socket_of "$@" /run/xdp/disabled
}
says "jump: out of an attach, before there was a policy" "left -13" socket_later v4 "$a"
says "jump: out of an opening, before there was a policy" "left -13" socket_later v5 "$bad"
printf '[no]\nobject = *xsk_def_xdp_prog*\nattach = deny\n' >/etc/xdp/priorities.conf
says "jump: an AF_XDP socket, denied by its object" "-13" socket_of v6
says "jump: the same, after a jump out of an opening" "left -13" socket_of v7 "$bad"
says "jump: the same, out of an attach" "left -13" socket_of v8 "$a"

if g++ -std=gnu++11 -o "$WORK/throw" "$TOP/tests/security/throw.cc" -lxdp -lbpf 2>"$WORK/log"; then
	printf 'ord_a: 33\n[no]\nprogram = ord_a\nattach = deny\n' >/etc/xdp/priorities.conf
	says "jump: an exception" "thrown 33 -13" preloaded "$WORK/throw" "$a" lo
else
	skip "jump: an exception" "no g++, or libxdp's headers are not for C++"
fi
