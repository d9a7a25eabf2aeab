# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=policyd.sh
# xdp-policyd beside others: those who undo what it does, holders of bpf_links, network namespaces,
# systemd.
. ../policyd.sh

seconds()
{
	cut -d . -f 1 /proc/uptime
}

section "somebody undoes corrections"
reset
printf 'ord_a: 20\nord_b: 10\n' | policy
mkdir -p /tmp/other/etc/xdp
printf 'ord_a: 10\nord_b: 20\n' >/tmp/other/etc/xdp/priorities.conf
start
began=$(seconds)
xdp-loader load v0 ord_a.o ord_b.o
follows "before" v0 "10 ord_b, 20 ord_a" ba
quarrel xdp-policy apply --root /tmp/other v0
result $? "another policy: it gives way" "it gives way" "$(cat "$LOG")"
# in less than ten seconds that is after the fifth correction
count=$(grep 'ord_a: priority' "$LOG" | grep -vc 'again and again')
[ "$count" -ge 5 ] && { [ "$count" = 5 ] || [ $(($(seconds) - began)) -ge 10 ]; }
result $? "after five corrections within ten seconds" "5 corrections, or more than 10 s" \
	"$count corrections in $(($(seconds) - began)) s"
logs "one line says so" 1 'v0: corrections are undone again and again .* left alone for 10 s, until'
contains "it says what, and by which rule" \
	'again and again.*ord_a: priority 10 -> 20 \(/etc/xdp/priorities.conf:1\)' "$(cat "$LOG")"
proves "the other one's order" v0 "10 ord_a, 20 ord_b" ab
kill -CONT "$daemon_pid"
xdp-loader load v1 ord_a.o ord_b.o
follows "other interfaces are served" v1 "10 ord_b, 20 ord_a" ba
xdp-loader unload v1 --all
follows "ten seconds later it tries again" v0 "10 ord_b, 20 ord_a" ba
xdp-policy apply --root /tmp/other v0 >/dev/null 2>&1
logs "and gives way for longer if that is undone, too" 1 'v0: .* left alone for 20 s, until'
metric "metrics: it gives way" "$(label xdp_policy_backoff "" v0)\} 1"
printf 'ord_a: 21\nord_b: 11\n' | policy
follows "until the policy changes" v0 "11 ord_b, 21 ord_a" ba
stop "while it gives way"
start
# shellcheck disable=SC2317
reload()
{
	xdp-loader unload v1 --all
	xdp-loader load v1 ord_a.o
}
quarrel reload
kill -CONT "$daemon_pid"
logs "unload and load again and again: one line" 1 'v1: corrections are undone again and again'
stop "after a quarrel"

section "what can't be changed"
reset
mkchain -l v1 ord_a.o >link.out &
link_pid=$!
wait_for link.out READY
printf 'ord_a: 20\nord_b: 10\n' | policy
start --rescan 1
metric "a bpf_link: metrics" \
	"$(label xdp_policy_unreachable "" v1),reason=\".*bpf_link.*\"\} 1"
logs "a bpf_link is reported" 1 "v1: not as the policy wants it: found bpf_link"
mkchain -l v0 ord_b.o >link2.out &
link2_pid=$!
wait_for link2.out READY
metric "a bpf_link that came without an event: metrics" \
	"$(label xdp_policy_unreachable "" v0),reason=\".*bpf_link.*\"\} 1"
mkchain -l peer-v0 ord_c.o >link3.out &
link3_pid=$!
wait_for link3.out READY
metric "and another one, so that all were looked at again: metrics" \
	"$(label xdp_policy_unreachable "" peer-v0),reason=\".*bpf_link.*\"\} 1"
is "each is reported once" 3 "$(grep -c "found bpf_link" "$LOG")"
kill "$link_pid" "$link2_pid" "$link3_pid"
wait "$link_pid" "$link2_pid" "$link3_pid" 2>/dev/null
xdp-loader load v1 ord_a.o ord_b.o
follows "when it has gone" v1 "10 ord_b, 20 ord_a" ba
no_metric "it is reachable again" '^xdp_policy_unreachable{'
stop "with a rescan a second"

section "events that are lost"
start
kill -STOP "$daemon_pid"
xdp-loader unload v1 --all
awk 'BEGIN { for (i = 0; i < 6000; i++) print "link set dev peer-v0 alias a" i }' >/tmp/batch
/sbin/ip -batch /tmp/batch
xdp-loader load v1 ord_a.o ord_b.o
kill -CONT "$daemon_pid"
logs "are noticed" 1 'events were lost: looking at all interfaces'
follows "and made up for" v1 "10 ord_b, 20 ord_a" ba
stop "after lost events"

section "network namespaces"
reset
printf 'ord_a: 20\nord_b: 10\n' | policy
other_namespace
in_other xdp-loader load w0 ord_a.o ord_b.o
start
xdp-loader load v0 ord_a.o ord_b.o
follows "without --netns: the host's own" v0 "10 ord_b, 20 ord_a" ba
is "and no other: packets" "RECV $SENT ab:$SENT" "$(other_packets)"
xdp-loader unload v0 --all
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
no_metric "its figures go" 'netns="second"'
stop "with namespaces"
start --netns other
logs "--netns NAME" 1 'network namespace other: served'
stop "with --netns NAME"

section "systemd"
reset
printf 'ord_a: 20\nord_b: 10\n' | policy
/test/fake-systemd.py /usr/sbin/xdp-policyd >notices &
systemd_pid=$!
wait_for notices 'notify READY=1'
contains "READY=1" '^notify READY=1' "$(cat notices)"
contains "before that it asks for more time, as long as it looks at interfaces" \
	'^notify EXTEND_TIMEOUT_USEC=[1-9]' "$(sed '/^notify READY=1/,$d' notices)"
wait_for notices 'notify WATCHDOG=1' 2
contains "WATCHDOG=1" '^notify WATCHDOG=1' "$(cat notices)"
xdp-loader load v0 ord_a.o ord_b.o
wait_for notices 'XDP_POLICY_PROGRAM=ord_b'
fields="MESSAGE_ID=42d03a62c817414ea58dcfe59469a02c XDP_POLICY_INTERFACE=v0"
fields="$fields XDP_POLICY_PROGRAM=ord_a XDP_POLICY_RULE=/etc/xdp/priorities.conf:1"
contains "a correction in the journal" \
	"MESSAGE=v0: ord_a: priority 50 -> 20 \\(.*\\) PRIORITY=5 .*$fields\$" "$(cat notices)"
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
