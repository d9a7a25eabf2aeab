#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an application has not at its first call, or cannot find out, lets nothing through for ever.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

a=$BUILD/bpf/ord_a.o b=$BUILD/bpf/ord_b.o
export LIBXDP_SKIP_DISPATCHER=1
app() { preloaded "$WORK/app" "$@"; }
deny() { printf '[no]\n%s\nattach = deny\n' "$@" >/etc/xdp/priorities.conf; }

# --- at the first hooked call ---

deny 'program = ord_a'
says "shortage: enough of everything" "-13 0" app link "$a" lo link "$b" lo
says "shortage: no descriptor at the first call" "error -24 -13 0" \
	app full open "$a" free link "$a" lo link "$b" lo
says "shortage: no memory at the first call" "-13 0" app scarce link "$a" lo link "$b" lo
