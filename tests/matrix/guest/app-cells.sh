# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2034 source-path=SCRIPTDIR source-path=SCRIPTDIR/../../vm/guest
# For the scripts about whole applications, each of which is seen without a policy, under the preload
# and with the daemon alone. BY ROW COLUMN FUNCTION ARGUMENT... makes a cell of one of these ways;
# what FUNCTION gets after its own arguments comes before an application's command.
# shellcheck source=policyd.sh
. ../policyd.sh
# shellcheck source=cells.sh
. ../cells.sh

need_preload
# Scripts of packages have not run here.
chmod 1777 /tmp

# Not by the function with, whose process is a shell's: a signal must reach the application.
by_preload()
{
	cell "$@" env "LD_PRELOAD=$PRELOAD"
}
by_host()
{
	cell "$@"
}
by_daemon()
{
	daemon_row=$1 daemon_column=$2
	shift 2
	cell "$daemon_row" "$daemon_column" under_daemon "$@"
}
under_daemon()
{
	# shellcheck disable=SC2119
	start
	"$@"
	stop "afterwards"
}

# quietly DESCRIPTION COMMAND...: it succeeds and says nothing of the policy.
quietly()
{
	succeeds "$@"
	is "$1: no word of ours" "" "$(printf '%s\n' "$seen" | grep -i 'policy\|preload')"
}

# background NAME COMMAND...: its output comes into NAME.out and NAME.err; see ends.
background()
{
	name=$1
	shift
	rm -f "$name.out" "$name.err"
	"$@" >"$name.out" 2>"$name.err" &
	background_pid=$!
}

# ends DESCRIPTION SIGNAL: the one in the background, in order.
ends()
{
	kill "-$2" "$background_pid"
	wait "$background_pid"
	is "$1: exit status" 0 $?
}

# in_time INTERFACE ORDER: what the daemon does comes after the application.
in_time()
{
	tries=600
	until [ "$(order "$1")" = "$2" ] || [ "$tries" = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
}

# interface_rule PROGRAM INTERFACE PRIORITY
interface_rule()
{
	policy <<-END
	[only here]
	program   = $1
	interface = $2
	priority  = $3
	END
}

# lone_program INTERFACE [COMMAND...]: the name of what is attached without a dispatcher, as the kernel
# cuts it; the COMMAND leads to where the interface is.
lone_program()
{
	lone_on=$1
	shift
	"$@" /sbin/ip -d link show dev "$lone_on" | sed -n 's/.*prog\/xdp.* name \([^ ]*\).*/\1/p'
}

# coverage_of WHAT [KIND]: class and reason that 'xdp-policy coverage' gives for a file or a process
# or, with a kind, for what has this name on the whole host.
coverage_of()
{
	if [ $# = 1 ]; then
		xdp-policy coverage --json "$1"
	else
		xdp-policy coverage --json
	fi 2>/dev/null | python3 -c '
import json, sys
for of in json.load(sys.stdin)["applications"]:
    if sys.argv[2:] in ([], [of["kind"]]) and (len(sys.argv) < 3 or of["name"] == sys.argv[1]):
        print(of["class"], of["reason"])' "$@" 2>&1
}
