# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2034 source-path=SCRIPTDIR source=lib.sh
# For the suites about live chains: what is attached, seen without libxdp, and xdp-policy apply.
. ../lib.sh

# Without the command every test would fail for the same reason.
need_apply()
{
	succeeds "xdp-policy has a command apply" xdp-policy apply --help
	[ "$rc" = 0 ] || exit 1
}

# applied DESCRIPTION STATUS ARGUMENT...: what 'xdp-policy apply' exits with; output in apply.out.
applied()
{
	what=$1 expected=$2
	shift 2
	xdp-policy apply "$@" >apply.out 2>&1
	rc=$?
	[ "$rc" = "$expected" ]
	result $? "$what" "exit status $expected of: xdp-policy apply $*" \
		"exit status $rc, output: $(cat apply.out)"
}

# says DESCRIPTION PATTERN: what the last apply has printed.
says()
{
	contains "$1" "$2" "$(cat apply.out)"
}

# The id of the program that is attached to an interface: of the dispatcher, if there is one.
attached()
{
	/sbin/ip -d link show dev "$1" | sed -n 's/.*prog\/xdp[a-z]* id \([0-9]*\).*/\1/p'
}

# The directory with the pins of an interface's dispatcher.
pin_dir()
{
	echo "/sys/fs/bpf/xdp/dispatch-$(cat "/sys/class/net/$1/ifindex")-$(attached "$1")"
}

# The pinned programs of an interface in the order of their slots: "ord_a/17 ord_b/19".
slots()
{
	dir=$(pin_dir "$1") slot=0
	while [ -e "$dir/prog$slot-prog" ]; do
		bpftool -j prog show pinned "$dir/prog$slot-prog"
		slot=$((slot + 1))
	done | names_of_programs
}
names_of_programs()
{
	sed 's/.*"id":\([0-9]*\),.*"name":"\([^"]*\)".*/\2\/\1/' | tr '\n' ' ' | sed 's/ $//'
}

# The same without an order: the programs themselves must outlive every change.
programs()
{
	slots "$1" | tr ' ' '\n' | sort | tr '\n' ' '
}

# The bytes of a dispatcher's configuration, in decimal.
config_bytes()
{
	map=$(bpftool -j prog show id "$(attached "$1")" |
		sed 's/.*"map_ids":\[\([0-9]*\).*/\1/')
	# shellcheck disable=SC2046
	printf '%d ' $(bpftool -j map dump id "$map" |
		sed 's/.*"value":\[\([^]]*\)\].*/\1/; s/[",]/ /g')
}

# A dispatcher's configuration: "v2 size 124 n 3 frags 0 prio 5 7 30 actions 4 4 4 flags 0 0 0".
# Actions are without the bit for an empty slot. Version 1 has no field for its version.
config()
{
	config_bytes "$1" | awk '
		function word(at) { return $at + 256 * ($(at + 1) + 256 * ($(at + 2) + 256 * $(at + 3))) }
		function list(name, at,   i, value) {
			printf " %s", name
			for (i = 0; i < n; i++) {
				value = word(at + 4 * i)
				printf " %d", value - (value < 2147483648 ? 0 : 2147483648)
			}
		}
		{
			one = NF == 84
			n = one ? $1 : $3
			if (one) printf "v1 size %d n %d", NF, n
			else printf "v%d size %d n %d frags %d", $2, NF, n, $4
			list("prio", 45)
			list("actions", 5)
			if (!one) list("flags", 85)
			if (NF == 128) printf " devbound %d", $125
			print ""
		}'
}

# A policy of priorities: gives NAME PRIORITY [NAME PRIORITY...].
gives()
{
	while [ $# -gt 1 ]; do
		echo "$1: $2"
		shift 2
	done | policy priorities.conf
}

# A network namespace that sees the same bpffs. Its links have the indexes that ours have.
OTHER=/run/netns/other
in_other()
{
	nsenter --net="$OTHER" "$@"
}
other_namespace()
{
	/sbin/ip netns add other
	in_other /sbin/ip link add w0 index "$(cat /sys/class/net/v0/ifindex)" type veth \
		peer name peer-w0
	in_other /sbin/ip link set w0 up
	in_other /sbin/ip link set peer-w0 up
}
other_packets()
{
	in_other pkt peer-w0 w0 $SENT
}

# Starts to send packets to an interface: flow IFACE LETTERS [RATE]; flow_end prints what came of it.
flow()
{
	rm -f flow.out
	stream -n "$2" "peer-$1" "$1" "${3:-5000}" >flow.out &
	flow_pid=$!
	wait_for flow.out READY
}
flow_end()
{
	kill -INT "$flow_pid"
	wait "$flow_pid"
	tail -n 1 flow.out
}

# unharmed DESCRIPTION: of the flow that has just ended, every packet passed all programs.
unharmed()
{
	contains "$1" "^SENT [1-9][0-9]* RECV [1-9][0-9]* LOST 0 DROPS [0-9]+ NONE 0 PARTIAL 0 " \
		"$(tail -n 1 flow.out)"
	sed -n 's/^SENT/#   SENT/p' flow.out
}

# Under traffic, calls the suite's kill_at for each line "CALL COUNT" of points.out, in a quick run
# for every fifth; it adds to leftovers where there was something to clean up.
kill_at_all_points()
{
	sort points.out | cut -d ' ' -f 1 | uniq -c | awk '{ printf "#   %s: %d points\n", $2, $1 }'
	leftovers=0 failed=0 tried=0 every=$(rounds 1 5)
	begin=$(date +%s)
	flow v0 3 1000
	while read -r call count; do
		kill_at "$call" "$count" </dev/null || failed=$((failed + 1))
		tried=$((tried + 1))
	done <<-END
	$(awk -v every="$every" 'NR % every == 0' points.out)
	END
	flow_end >/dev/null
	echo "#   $tried points in $(($(date +%s) - begin)) s; after $leftovers there were pins left over"
	is "all of $tried points" 0 $failed
	contains "some left pins behind, so there was something to clean up" "^[1-9]" "$leftovers"
	unharmed "no packet is lost or misses a program"
}

# What is left of changes that have ended: dispatchers in the kernel, pins, journals.
dispatchers()
{
	bpftool prog show | grep -c 'name xdp_dispatcher'
}
journals()
{
	find /run/xdp-policy/journal -type f 2>/dev/null
}

# Runs xdp-policy as nobody in particular.
as_user()
{
	python3 -c '
import os, sys
os.setgid(1000)
os.setuid(1000)
os.execv("/usr/sbin/xdp-policy", ["xdp-policy"] + sys.argv[1:])' "$@"
}

# follows DESCRIPTION INTERFACE ORDER LETTERS: as proves, as soon as somebody else is done.
follows()
{
	tries=600
	until [ "$(order "$2")" = "$3" ] || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	proves "$@"
}
