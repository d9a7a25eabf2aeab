#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever limits an application has, it ends with the preload as it does without: the policy may be
# missing then, nothing else.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

a=$BUILD/bpf/ord_a.o
export LIBXDP_SKIP_DISPATCHER=1
mkdir -p /var/lib/xdp-policy /etc/xdp/priorities.d
echo 'ord_a: 33' >/etc/xdp/priorities.conf
xdp-policy compile -o /var/lib/xdp-policy/policy.cdb /etc/xdp/priorities.conf >/dev/null
printf 'version: 1\nrules:\n- {program: ord_a, priority: 33}\n' >/etc/xdp/priorities.d/a.yaml

# limited WHAT NUMBER VALUE...: as with setrlimit(2)
limited()
{
	local what=$1 number=$2 value without with
	shift 2
	for value; do
		without=$("$WORK/app" limit "$number" "$value" open "$a" attach "$a" lo 2>&1; echo "status $?")
		with=$(preloaded "$WORK/app" limit "$number" "$value" open "$a" attach "$a" lo 2>&1
			echo "status $?")
		printf 'found:    %s\nexpected: %s, or 33 for 50\n' "$with" "$without" >"$WORK/why"
		if [ "${with/#33/50}" = "$without" ]; then
			ok "limits: $what of $value"
		else
			not_ok "limits: $what of $value" "$WORK/why"
		fi
	done
}
says "limits: none" "33 0" preloaded "$WORK/app" open "$a" attach "$a" lo
limited RLIMIT_DATA 2 0 65536 1048576 4194304
limited RLIMIT_STACK 3 65536 262144
limited RLIMIT_CORE 4 0
limited RLIMIT_NPROC 6 0
# at 8 libxdp has one too few or not, by what its bpf(2) calls find
limited RLIMIT_NOFILE 7 3 4 5 12 16
limited RLIMIT_MEMLOCK 8 0
limited RLIMIT_AS 9 8388608 16777216 33554432
limited RLIMIT_LOCKS 10 0
limited RLIMIT_SIGPENDING 11 0
limited RLIMIT_FSIZE 1 0 1 1000 100000
