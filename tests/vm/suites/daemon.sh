# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=policyd.sh
# under traffic: see tests/vm/run
# xdp-policyd: chains follow the policy without anybody's command. Orders are proved by packets.
. ../policyd.sh

section "one daemon"
reset
start
is "it has nothing to say where nothing is attached" "" "$(cat "$LOG")"
fails "a second one names the first" "already running, as process $daemon_pid" timeout 10 xdp-policyd
is "the second one's exit status" 1 "$rc"
fails "--once, too" "already running, as process $daemon_pid" timeout 10 xdp-policyd --once
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
flow v0 2
printf 'ord_a: 1\n[here]\nprogram = ord_b\ninterface = v1\npriority = 50\n' | policy
follows "after: an interface rule" v1 "1 ord_a, 50 ord_b" ab
flow_end >/dev/null
unharmed "no packet is lost, none meets a part of the chain"
follows "after: what is no longer said goes back to the first value" v0 "1 ord_a, 70 ord_c" ac
is "the programs are the same" "$before" "$(programs v0)"
echo 'ord_a: 60' | policy priorities.d/50-new.conf
follows "a new drop-in directory" v1 "50 ord_b, 60 ord_a" ba
rm -r /etc/xdp
follows "no policy at all" v1 "50 ord_a, 50 ord_b" ab
echo 'ord_a: 60' | policy
follows "a new /etc/xdp" v1 "50 ord_b, 60 ord_a" ba

section "a file that is refused"
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
echo 'ord_a: eighty' | policy
start
logs "a file that is refused at the start" 1 'found .eighty.'
proves "what its rules have given stays" v0 "50 ord_b, 80 ord_a" ba
stop "with a file that it has never seen good"

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
succeeds "--once" timeout 10 xdp-policyd --once
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

stop "at the end"
reset
exit 0
