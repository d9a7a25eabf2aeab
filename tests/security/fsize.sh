#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A process that may not write long files is not killed for what the preload reads and writes.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

a=$BUILD/bpf/ord_a.o
FSIZE=1
echo 'ord_a: 33' >/etc/xdp/priorities.conf
says "fsize: files alone" 33 preloaded "$WORK/app" limit $FSIZE 0 open "$a"
mkdir -p /var/lib/xdp-policy
xdp-policy compile -o /var/lib/xdp-policy/policy.cdb /etc/xdp/priorities.conf || not_ok "compile"
rm /etc/xdp/priorities.conf
says "fsize: a database, no limit" 33 preloaded "$WORK/app" open "$a"
for limit in 0 1 1024; do
	says "fsize: a database, RLIMIT_FSIZE of $limit" 33 \
		preloaded "$WORK/app" limit $FSIZE $limit open "$a"
done
