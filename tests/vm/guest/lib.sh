# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2034
# What the suites use. A test is one call of is, contains, succeeds or fails: it prints one line
# of result, and after a failure what was expected and what was seen.

PRELOAD=$(find /usr -name libxdppolicy-preload.so)
HOOKS=${PRELOAD%/*}/libxdppolicy-hooks.so
SENT=20

# rounds NUMBER QUICK: how often something is done again and again: NUMBER times, or in a quick run
# QUICK times.
rounds()
{
	if grep -qw quick /proc/cmdline; then echo "$2"; else echo "$1"; fi
}

section()
{
	echo "# $*"
}

result()
{
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		printf '%s\n' "$3" | head -n 20 | sed 's/^/#   expected: /'
		printf '%s\n' "$4" | head -n 20 | sed 's/^/#   seen:     /'
	fi
}

skip()
{
	echo "skip - $1: $2"
}

# is DESCRIPTION EXPECTED SEEN
is()
{
	[ "$2" = "$3" ]
	result $? "$1" "$2" "$3"
}

# contains DESCRIPTION PATTERN TEXT: PATTERN is an extended regular expression for one line.
contains()
{
	printf '%s\n' "$3" | grep -Eq -- "$2"
	result $? "$1" "a line with: $2" "$3"
}

# succeeds DESCRIPTION COMMAND...
succeeds()
{
	what=$1
	shift
	seen=$("$@" 2>&1)
	rc=$?
	result "$rc" "$what" "exit status 0 of: $*" "exit status $rc, output: $seen"
}

# fails DESCRIPTION PATTERN COMMAND...: non-zero exit status and a line of output with PATTERN.
fails()
{
	what=$1 pattern=$2
	shift 2
	seen=$("$@" 2>&1)
	rc=$?
	[ $rc -ne 0 ] && printf '%s\n' "$seen" | grep -Eq -- "$pattern"
	result $? "$what" "exit status not 0, output with: $pattern" \
		"exit status $rc, output: $seen"
}

# same DESCRIPTION FILE1 FILE2
same()
{
	is "$1" "no difference between $2 and $3" "$(diff "$2" "$3" &&
		echo "no difference between $2 and $3")"
}

# wait_for FILE PATTERN [COUNT]: until so many lines (1) of FILE have PATTERN. Limits
# here and elsewhere are minutes: they are for what never happens, and a loaded machine is slow.
wait_for()
{
	tries=600
	until [ "$(grep -c -- "$2" "$1" 2>/dev/null)" -ge "${3:-1}" ] 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}

# For suites about the policy: without the preload they could only fail.
need_preload()
{
	succeeds "the preload and its hooks are installed" test -e "$PRELOAD" -a -e "$HOOKS"
	[ "$rc" = 0 ] || exit 1
}

# links NAME...: veth pairs; NAME is the end where programs are attached, peer-NAME the other.
links()
{
	for link; do
		/sbin/ip link add "$link" type veth peer name "peer-$link"
		for end in "$link" "peer-$link"; do
			echo 1 >"/proc/sys/net/ipv6/conf/$end/disable_ipv6"
			/sbin/ip link set "$end" up
		done
	done
}

# Everything off the interfaces, no policy.
reset()
{
	rm -rf /etc/xdp /run/xdp
	for link in /sys/class/net/v*; do
		unload "${link##*/}"
	done
}

# A tool that was killed leaves its lock behind.
unload()
{
	rm -f /run/xdp-*.lck
	if [ -n "$(chain "$1")" ]; then
		xdp-loader unload "$1" --all
	fi
}

# policy [FILE]: standard input becomes FILE below /etc/xdp (priorities.conf).
policy()
{
	file=/etc/xdp/${1:-priorities.conf}
	mkdir -p "${file%/*}"
	cat >"$file"
}

# Runs a command under the policy.
with()
{
	LD_PRELOAD=$PRELOAD "$@"
}

# What xdp-loader status says of an interface, a program a line: PRIO NAME ACTIONS.
chain()
{
	xdp-loader status "$1" | awk '$1 == "=>" { print $2, $3, $6 }'
}

# The same on one line without the actions: "10 ord_b, 50 ord_a".
order()
{
	chain "$1" | awk '{ printf "%s%s %s", sep, $1, $2; sep = ", " }'
}

program_id()
{
	xdp-loader status "$1" | awk -v name="$2" '$1 == "=>" && $3 == name { print $4; exit }'
}

# Sends packets to an interface; prints the letters of those that came through.
packets()
{
	pkt "peer-$1" "$1" $SENT
}

# proves DESCRIPTION INTERFACE ORDER LETTERS: two tests, the table and the packets.
proves()
{
	is "$1: status" "$3" "$(order "$2")"
	is "$1: packets" "RECV $SENT $4:$SENT" "$(packets "$2")"
}

# How many packets the program with a letter has counted.
counted()
{
	bpftool -j map dump name "cnt_$1" | sed 's/.*"formatted".*"value":\([0-9]*\)}.*/\1/'
}

# Names of dispatchers that have pins.
pins()
{
	find /sys/fs/bpf -name 'dispatch-*' -mindepth 2 -maxdepth 2
}
