# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=live.sh
# xdp-policyd: chains follow the policy without anybody's command. Orders are proved by packets.
. ../live.sh

succeeds "xdp-policyd is installed" xdp-policyd --version
[ "$rc" = 0 ] || exit 1
links v0 v1

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

# follows DESCRIPTION INTERFACE ORDER LETTERS: as proves, as soon as the daemon is done.
follows()
{
	tries=60
	until [ "$(order "$2")" = "$3" ] || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	proves "$@"
}

# logs DESCRIPTION COUNT PATTERN: so many lines of the log, which may take a moment to come.
logs()
{
	wait_for "$LOG" "$3" "$2"
	is "$1" "$2" "$(grep -c -- "$3" "$LOG")"
}

# metric DESCRIPTION LINE: the figures come within a second.
metric()
{
	wait_for "$METRICS" "^$2\$"
	contains "$1" "^$2\$" "$(grep -v '^#' "$METRICS")"
}
label()
{
	printf '%s\{netns="%s",interface="%s"' "$1" "$2" "$3"
}

section "one daemon"
reset
start
is "it has nothing to say where nothing is attached" "" "$(cat "$LOG")"
fails "a second one names the first" "runs already, as process $daemon_pid;" xdp-policyd
is "the second one's exit status" 1 "$rc"
fails "--once, too" "runs already, as process $daemon_pid;" xdp-policyd --once
succeeds "the first one lives" kill -0 "$daemon_pid"

section "the daemon is there before the applications"
policy <<END
ord_a: 40
ord_b: 30
ord_c: 20 PASS TX
END
xdp-loader load -P 3 v0 ord_a.o
follows "xdp-loader -P" v0 "40 ord_a" a
logs "old and new value, and the rule" 1 \
	'^xdp-policyd: v0: ord_a: priority 3 -> 40 (/etc/xdp/priorities.conf:1)$'
xdp-loader load v0 ord_b.o
follows "a second program" v0 "30 ord_b, 40 ord_a" ba
if [ -x /test/app-static ]; then
	app-static --prio 70 v0 ord_c.o >/dev/null 2>&1
	follows "a static application that sets its own" v0 "20 ord_c, 30 ord_b, 40 ord_a" cba
	logs "the static application's value" 1 'ord_c: priority 70 -> 20 '
else
	skip "a static application" "no libraries to link it with"
	xdp-loader load -P 70 v0 ord_c.o
fi
is "chain call actions" "20 ord_c XDP_PASS,XDP_TX" "$(chain v0 | head -n 1)"
is "one dispatcher is left" 1 "$(pins | wc -l)"
metric "metrics: programs" "$(label xdp_policy_programs "" v0)\} 3"
metric "metrics: corrections" "$(label xdp_policy_corrections_total "" v0)\} [345]"
metric "metrics: nothing differs" "$(label xdp_policy_drift "" v0)\} 0"
succeeds "xdp-loader unload -i" xdp-loader unload v0 -i "$(program_id v0 ord_b)"
follows "after an unload" v0 "20 ord_c, 40 ord_a" ca

section "the policy is edited while programs run"
xdp-loader load v1 ord_a.o ord_b.o
follows "before" v1 "30 ord_b, 40 ord_a" ba
before=$(programs v0)
flow v0 ca
printf 'ord_a: 1\n[here]\nprogram = ord_b\ninterface = v1\npriority = 50\n' | policy
follows "after: an interface rule" v1 "1 ord_a, 50 ord_b" ab
flow_end >/dev/null
contains "no packet is lost, none meets a part of the chain" " LOST 0 .* NONE 0 PARTIAL 0 " \
	"$(tail -n 1 flow.out)"
follows "after: what is no longer said goes back to the first value" v0 "1 ord_a, 10 ord_c" ac
is "the programs are the same" "$before" "$(programs v0)"
echo 'ord_a: 60' | policy priorities.d/50-new.conf
follows "a new drop-in directory" v1 "50 ord_b, 60 ord_a" ba
rm -r /etc/xdp
follows "no policy at all" v1 "50 ord_a, 50 ord_b" ab
echo 'ord_a: 60' | policy
follows "a new /etc/xdp" v1 "50 ord_b, 60 ord_a" ba

section "a file that is refused"
sleep 0.2
before=$(wc -l <"$LOG")
printf 'ord_a: 60\nord_b: seventy\n' | policy
logs "is named, with its line" 1 'priorities.conf:2: found .seventy., expected'
xdp-loader unload v1 --all
xdp-loader load v1 ord_a.o ord_b.o
follows "its last good rules stay" v1 "50 ord_b, 60 ord_a" ba
metric "metrics: the file" 'xdp_policy_config_errors 1'
echo 'ord_b: 7' | policy priorities.d/10-good.conf
follows "another file's rules count" v1 "7 ord_b, 60 ord_a" ba
is "it is named once" 1 "$(grep -c seventy "$LOG")"
rm -r /etc/xdp/priorities.d
printf 'ord_a: 60\nord_b: 70\n' | policy
follows "mended" v1 "60 ord_a, 70 ord_b" ab
metric "metrics: no file" 'xdp_policy_config_errors 0'

section "the kill switch"
mkdir -p /run/xdp
touch /run/xdp/disabled
logs "is reported" 1 "found /run/xdp/disabled"
metric "metrics: switched off" 'xdp_policy_disabled 1'
printf 'ord_a: 80\n' | policy
xdp-loader unload v0 --all
xdp-loader load v0 ord_a.o ord_b.o
sleep 2
proves "nothing is corrected" v0 "50 ord_a, 50 ord_b" ab
is "it is reported once" 1 "$(grep -c "found /run/xdp/disabled" "$LOG")"
rm /run/xdp/disabled
follows "and then all is" v0 "50 ord_b, 80 ord_a" ba
is "the other interface, too" "50 ord_b, 80 ord_a" "$(order v1)"
stop "with chains that follow"
proves "chains stay when it has gone" v0 "50 ord_b, 80 ord_a" ba

section "the daemon comes after the applications"
reset
xdp-loader load v0 ord_a.o ord_b.o
if [ -x /test/app-static ]; then
	app-static --prio 5 v1 ord_b.o >/dev/null 2>&1
else
	xdp-loader load -P 5 v1 ord_b.o
fi
xdp-loader load v1 ord_a.o
printf 'ord_a: 20\nord_b: 30\n' | policy
proves "wrong before" v1 "5 ord_b, 50 ord_a" ba
succeeds "--once" xdp-policyd --once
proves "--once: one interface" v1 "20 ord_a, 30 ord_b" ab
proves "--once: the other" v0 "20 ord_a, 30 ord_b" ab
printf 'ord_a: 30\nord_b: 20\n' | policy
start
follows "a start: one interface" v1 "20 ord_b, 30 ord_a" ba
follows "a start: the other" v0 "20 ord_b, 30 ord_a" ba
kill -KILL "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
printf 'ord_a: 20\nord_b: 30\n' | policy
start
follows "a start after one that was killed" v0 "20 ord_a, 30 ord_b" ab

section "skb mode"
reset
printf 'ord_a: 20\nord_b: 10\n' | policy
xdp-loader load -m skb v0 ord_a.o ord_b.o
follows "it stays skb mode" v0 "10 ord_b, 20 ord_a" ba
contains "it is skb mode" "v0 .*skb" "$(xdp-loader status v0)"

section "attach = deny"
reset
printf '[not this]\nprogram = ord_b\nattach = deny\n' | policy
xdp-loader load v0 ord_a.o ord_b.o
logs "is reported" 1 'v0: not as the policy wants it: found a program that must not be attached'
proves "but the program stays" v0 "50 ord_a, 50 ord_b" ab
metric "metrics: it differs" "$(label xdp_policy_drift "" v0)\} 1"
stop "with a program that is denied"
start --enforce-deny
follows "--enforce-deny" v0 "50 ord_a" a
logs "--enforce-deny is reported" 1 'v0: ord_b: attach allow -> deny (/etc/xdp/priorities.conf:3)'

section "somebody undoes corrections"
reset
stop "before a quarrel"
printf 'ord_a: 20\nord_b: 10\n' | policy
mkdir -p /tmp/other/etc/xdp
printf 'ord_a: 10\nord_b: 20\n' >/tmp/other/etc/xdp/priorities.conf
start
xdp-loader load v0 ord_a.o ord_b.o
follows "before" v0 "10 ord_b, 20 ord_a" ba
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
	xdp-policy apply --root /tmp/other v0 >/dev/null 2>&1
	sleep 0.5
done
count=$(grep -c 'ord_a: priority' "$LOG")
[ "$count" -ge 5 ] && [ "$count" -le 10 ]
result $? "another policy: it gives way within 10 corrections" "5 to 10 corrections" \
	"$count corrections"
logs "one line says so" 1 'v0: corrections are undone again and again .* left alone for 10 s, until'
contains "it says what, and by which rule" \
	'again and again.*ord_a: priority 10 -> 20 \(/etc/xdp/priorities.conf:1\)' "$(cat "$LOG")"
metric "metrics: it gives way" "$(label xdp_policy_backoff "" v0)\} 1"
proves "the other one's order" v0 "10 ord_a, 20 ord_b" ab
xdp-loader load v1 ord_a.o ord_b.o
follows "other interfaces are served" v1 "10 ord_b, 20 ord_a" ba
follows "ten seconds later it tries again" v0 "10 ord_b, 20 ord_a" ba
xdp-policy apply --root /tmp/other v0 >/dev/null 2>&1
logs "and gives way for longer if that is undone, too" 1 'v0: .* left alone for 20 s, until'
printf 'ord_a: 21\nord_b: 11\n' | policy
follows "until the policy changes" v0 "11 ord_b, 21 ord_a" ba
for _ in 1 2 3 4 5 6 7 8; do
	xdp-loader unload v1 --all
	xdp-loader load v1 ord_a.o
	sleep 0.5
done
logs "unload and load again and again: one line" 1 'v1: corrections are undone again and again'
stop "while it gives way"

section "what can't be changed"
reset
mkchain -l v1 ord_a.o >link.out &
link_pid=$!
wait_for link.out READY
printf 'ord_a: 20\nord_b: 10\n' | policy
start --rescan 1
metric "a bpf_link: metrics" \
	"$(label xdp_policy_unreachable "" v1),reason=\".*bpf_link.*\"\} 1"
logs "a bpf_link is reported" 1 "v1: can't be changed: .*bpf_link"
mkchain -l v0 ord_b.o >link2.out &
link2_pid=$!
wait_for link2.out READY
metric "a bpf_link that came without an event: metrics" \
	"$(label xdp_policy_unreachable "" v0),reason=\".*bpf_link.*\"\} 1"
sleep 2
is "each is reported once" 2 "$(grep -c "can't be changed: .*bpf_link" "$LOG")"
kill "$link_pid" "$link2_pid"
wait "$link_pid" "$link2_pid" 2>/dev/null
xdp-loader load v1 ord_a.o ord_b.o
follows "when it has gone" v1 "10 ord_b, 20 ord_a" ba
is "it is reachable again" 0 "$(sleep 1.5; grep -c '^xdp_policy_unreachable{' "$METRICS")"
stop "with a rescan a second"

section "network namespaces"
reset
printf 'ord_a: 20\nord_b: 10\n' | policy
other_namespace
in_other xdp-loader load w0 ord_a.o ord_b.o
start
sleep 1
is "without --netns: packets" "RECV $SENT ab:$SENT" "$(other_packets)"
stop "without --netns"
start --netns all
logs "--netns all" 1 'network namespace other: served'
wait_for "$LOG" 'other/w0: ord_b'
is "--netns all: packets" "RECV $SENT ba:$SENT" "$(other_packets)"
metric "metrics: the namespace" "$(label xdp_policy_programs other w0)\} 2"
contains "the log names the namespace" 'other/w0: ord_a: priority 50 -> 20' "$(cat "$LOG")"
/sbin/ip netns add second
logs "a namespace that comes" 1 'network namespace second: served'
nsenter --net=/run/netns/second /sbin/ip link add x0 type veth peer name peer-x0
nsenter --net=/run/netns/second /sbin/ip link set x0 up
nsenter --net=/run/netns/second /sbin/ip link set peer-x0 up
nsenter --net=/run/netns/second xdp-loader load x0 ord_a.o ord_b.o
wait_for "$LOG" 'second/x0: ord_a'
is "a namespace that comes: packets" "RECV $SENT ba:$SENT" \
	"$(nsenter --net=/run/netns/second pkt peer-x0 x0 $SENT)"
xdp-loader load v0 ord_a.o ord_b.o
follows "the host's own, meanwhile" v0 "10 ord_b, 20 ord_a" ba
printf 'ord_a: 10\nord_b: 20\n' | policy
follows "a new policy: the host's own" v0 "10 ord_a, 20 ord_b" ab
wait_for "$LOG" 'other/w0: ord_b: priority 10 -> 20'
is "a new policy: another" "RECV $SENT ab:$SENT" "$(other_packets)"
/sbin/ip netns del second
logs "a namespace that goes" 1 'network namespace second: gone'
is "its figures go" 0 "$(sleep 1.5; grep -c 'netns="second"' "$METRICS")"
stop "with namespaces"
start --netns other
logs "--netns NAME" 1 'network namespace other: served'
stop "with --netns NAME"

section "systemd"
reset
printf 'ord_a: 20\nord_b: 10\n' | policy
/test/fake-systemd.py xdp-policyd >notices &
systemd_pid=$!
wait_for notices 'notify READY=1'
contains "READY=1" '^notify READY=1' "$(cat notices)"
wait_for notices 'notify WATCHDOG=1' 2
contains "WATCHDOG=1" '^notify WATCHDOG=1' "$(cat notices)"
xdp-loader load v0 ord_a.o ord_b.o
wait_for notices 'XDP_POLICY_PROGRAM=ord_b'
contains "a correction in the journal" 'MESSAGE=v0: ord_a: priority 50 -> 20 \(.*\) PRIORITY=5 .*MESSAGE_ID=42d03a62c817414ea58dcfe59469a02c XDP_POLICY_INTERFACE=v0 XDP_POLICY_PROGRAM=ord_a XDP_POLICY_RULE=/etc/xdp/priorities.conf:1$' \
	"$(cat notices)"
wait_for notices 'STATUS=Interfaces with programs: 1'
contains "STATUS" 'notify STATUS=Interfaces with programs: 1, .* Corrections: 1\.' "$(cat notices)"
kill -HUP "$(cat /run/xdp-policy/daemon)"
wait_for notices 'notify READY=1' 2
contains "RELOADING=1" '^notify RELOADING=1 MONOTONIC_USEC=[1-9]' "$(cat notices)"
kill -TERM "$(cat /run/xdp-policy/daemon)"
wait "$systemd_pid"
contains "STOPPING=1" '^notify STOPPING=1' "$(cat notices)"
contains "the end" '^exit 0' "$(cat notices)"
is "nothing on standard error" "" "$(cat /run/fake-stderr)"

reset
exit 0
