#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is denied is not attached by a bpf_link of libbpf either.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

a=$BUILD/bpf/ord_a.o c=$BUILD/bpf/ord_c.o
app() { preloaded "$WORK/app" "$@"; }
printf '[no]\nprogram = ord_c\ninterface = lo\nattach = deny\n' >/etc/xdp/priorities.conf
says "links: without the preload" "0 0 0" "$WORK/app" link "$c" lo attach-xdp "$c" lo update "$a" "$c" lo
says "links: bpf_link_create()" "0 -13" app link "$a" lo link "$c" lo
says "links: bpf_program__attach_xdp()" "0 -13" app attach-xdp "$a" lo attach-xdp "$c" lo
says "links: bpf_link_update()" "0 -13" app update "$a" "$a" lo update "$a" "$c" lo
ip link add v0 type veth peer name v1
says "links: another interface" "0 0" app link "$c" v0 update "$a" "$c" v0
