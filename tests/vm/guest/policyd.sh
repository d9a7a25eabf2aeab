# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source=live.sh
# For the suites about xdp-policyd.
. ../live.sh

LOG=/tmp/daemon.log
METRICS=/tmp/daemon.prom

# Runs the daemon until its first look is over; everything that it says comes into $LOG.
start()
{
	rm -f "$METRICS"
	xdp-policyd --metrics "$METRICS" "$@" >"$LOG" 2>&1 &
	daemon_pid=$!
	wait_for "$METRICS" xdp_policy_disabled
}

# stop DESCRIPTION: it ends in order.
stop()
{
	kill -TERM "$daemon_pid"
	wait "$daemon_pid"
	is "$1: SIGTERM ends it with status 0" 0 $?
}

# logs DESCRIPTION COUNT PATTERN: so many lines of the log, which may take a moment to come.
logs()
{
	wait_for "$LOG" "$3" "$2"
	is "$1" "$2" "$(grep -c -- "$3" "$LOG")"
}

# metric DESCRIPTION LINE: the figures come within a second, on an idle machine.
metric()
{
	tries=600
	until grep -Eq "^$2\$" "$METRICS" || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	contains "$1" "^$2\$" "$(grep -v '^#' "$METRICS")"
}
# no_metric DESCRIPTION PATTERN: the last line of figures with it goes.
no_metric()
{
	tries=600
	while grep -q "$2" "$METRICS" && [ $tries -gt 0 ]; do
		sleep 0.2
		tries=$((tries - 1))
	done
	is "$1" "" "$(grep "$2" "$METRICS")"
}
label()
{
	printf '%s\{netns="%s",interface="%s"' "$1" "$2" "$3"
}

# wait_for_answer COUNT: until the daemon has given way, or has told of more than COUNT corrections.
wait_for_answer()
{
	tries=600
	until grep -q 'again and again' "$LOG" || [ "$(grep -c -- '->' "$LOG")" -gt "$1" ] ||
		[ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
}

# quarrel COMMAND...: each time that the daemon has answered it, until that gives way, and no longer:
# it stands still then, so that its pause lasts as long as is looked at it. Where five corrections take
# longer than the ten seconds in which they are too many it never does.
quarrel()
{
	rounds=60
	until grep -q 'again and again' "$LOG" || [ $rounds = 0 ]; do
		rounds=$((rounds - 1))
		told=$(grep -c -- '->' "$LOG")
		"$@" >/dev/null 2>&1
		wait_for_answer "$told"
	done
	kill -STOP "$daemon_pid"
	[ $rounds -gt 0 ]
}

succeeds "xdp-policyd is installed" xdp-policyd --version
[ "$rc" = 0 ] || exit 1
links v0 v1
