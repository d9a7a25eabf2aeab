# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2034 source-path=SCRIPTDIR source=live.sh
# For the suites about chains from data: xdp-policy load, unload, save and watch.
. ../live.sh

CHAINS=/etc/xdp/chains.d

succeeds "xdp-policy has a command load" xdp-policy load --help
[ "$rc" = 0 ] || exit 1

# does DESCRIPTION STATUS ARGUMENT...: what xdp-policy exits with; output in does.out.
does()
{
	what=$1 expected=$2
	shift 2
	xdp-policy "$@" >does.out 2>&1
	rc=$?
	[ "$rc" = "$expected" ]
	result $? "$what: status $expected" "exit status $expected of: xdp-policy $*" \
		"exit status $rc, output: $(cat does.out)"
}

# tells DESCRIPTION PATTERN: what the last command has printed.
tells()
{
	contains "$1" "$2" "$(cat does.out)"
}

# yaml IFACE PROGRAM...: a chain file on standard output. A program is "OBJECT" or
# "OBJECT,KEY: VALUE,...".
yaml()
{
	printf 'version: 1\nchains:\n'
	chain_of "$@"
}
chain_of()
{
	printf '  "%s":\n    programs:\n' "$1"
	shift
	[ $# -gt 0 ] || echo "      []"
	for program; do
		echo "    - object: $program" | sed 's/;/\n      /g'
	done
}

# Everything that a refused load must leave as it was. What is known of programs that are gone goes
# sooner or later: the kernel forgets them when it has time.
state()
{
	/sbin/ip -d link show |
		sed -n 's/^[0-9]*: \(v[^@]*\)@.*/\1/p; s/.*prog\/xdp\([a-z]*\) id \([0-9]*\).*/\1 \2/p'
	find /sys/fs/bpf | sort
	find /run/xdp-policy/undo -type f -exec cat {} + 2>/dev/null
	for program in $(xdp-loader status | awk '$1 == "=>" { print $4 }'); do
		echo "$program"
		cat "/run/xdp-policy/attached/$program" "/run/xdp-policy/seen/$program" 2>/dev/null
	done
	journals
}

# unchanged DESCRIPTION COMMAND...: it leaves all interfaces, pins, records and journals alone.
unchanged()
{
	unchanged=$1
	shift
	before=$(state)
	"$@"
	is "$unchanged: nothing is changed" "$before" "$(state)"
}

# All programs off, no policy, no chain files.
clean()
{
	reset
	rm -rf /run/xdp-policy /sys/fs/bpf/xdp-policy-undo
}

# The programs that load keeps for --undo, and that run nowhere: "ord_a/17 ord_b/19".
kept_for_undo()
{
	for pin in /sys/fs/bpf/xdp-policy-undo/*/*; do
		[ ! -e "$pin" ] || bpftool -j prog show pinned "$pin"
	done | names_of_programs
}

# sweeps DESCRIPTION COMMAND...: apply takes away, sooner or later, what the command sees. The kernel
# forgets programs when it has time.
sweeps()
{
	what=$1
	shift
	tries=300
	while "$@" >/dev/null && [ $tries -gt 0 ]; do
		xdp-policy apply >apply.out 2>&1
		tries=$((tries - 1))
		sleep 0.2
	done
	[ $tries != 0 ]
	result $? "$what" "failure of: $*" "$("$@" 2>&1), and apply: $(cat apply.out)"
}
any_program()
{
	bpftool prog show | grep -E 'name (ord|xdp)_'
}

# How many of the programs that run on v0 and v1 have a record.
records()
{
	for program in $(xdp-loader status | awk '$1 == "=>" { print $4 }'); do
		cat "/run/xdp-policy/attached/$program" 2>/dev/null | head -n 1
	done | wc -l
}
