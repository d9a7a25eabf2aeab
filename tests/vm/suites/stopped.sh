# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# A process that was stopped while it has libxdp's lock: nobody waits for ever, or in silence, or
# makes others wait; and a signal ends those who wait.
. ../chains-lib.sh

LOCK=/run/xdp-policy/lock

links v0 v1
cat >hold.py <<'EOP'
import fcntl, os, signal, sys
lock = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
EOP
cat >try.py <<'EOP'
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
EOP
is_stopped() { grep -q '^State:.T' "/proc/$1/status"; }
hold() # [LOCK]
{
	rm -f hold.out
	python3 hold.py "${1:-/sys/fs/bpf/xdp}" >hold.out &
	holder=$!
}
is_held()
{
	wait_for hold.out held
	until is_stopped "$holder"; do
		sleep 0.1
	done
}
release()
{
	kill -KILL "$holder"
	wait "$holder" 2>/dev/null
}
waiting="waiting for /sys/fs/bpf/xdp, which process [0-9]* (python3) holds"

section "commands"
yaml v0 ord_a.o ord_b.o >two.yaml
does "load" 0 load two.yaml
hold
is_held
echo 'ord_b: 5' | policy
for command in "apply v0" "load two.yaml" "unload v0" "status v0" "save v0"; do
	name=${command%% *}
	# shellcheck disable=SC2086
	xdp-policy $command >out.$name 2>&1 &
	echo $! >"pid.$name"
done
for name in apply load unload status save; do
	wait_for out.$name "$waiting"
	contains "$name says for whom it waits" "$(echo "$waiting" | sed 's/[()]/\\&/g')" \
		"$(cat out.$name)"
done
succeeds "none of them has our lock meanwhile" python3 try.py $LOCK
for name in apply load unload status save; do
	kill -TERM "$(cat pid.$name)"
	wait "$(cat pid.$name)"
	is "a signal ends $name" 143 $?
done
release
proves "nothing is changed" v0 "10 ord_a, 20 ord_b" ab

section "the daemon"
hold
is_held
rm -f metrics
xdp-policyd --metrics metrics >daemon.out 2>&1 &
daemon=$!
wait_for metrics 'errors_total [1-9]'
contains "it is counted" 'errors_total [1-9]' "$(cat metrics)"
contains "it says who has the lock" "v0: .*process [0-9]+ \(python3\) holds libxdp's lock" \
	"$(cat daemon.out)"
succeeds "it does not have ours meanwhile" python3 try.py $LOCK
contains "the interface fails" 'failing\{netns="",interface="v0"\} 1' "$(cat metrics)"
is "what is not known is left out, as is the last success" "" \
	"$(grep -E '^xdp_policy_(programs|drift|last_success)' metrics)"
release
wait_for metrics 'corrections_total{netns="",interface="v0"} 1'
proves "it goes on when it can" v0 "5 ord_b, 10 ord_a" ba
is "it has said so once" 1 "$(grep -c "holds libxdp's lock" daemon.out)"
wait_for metrics 'last_success_timestamp_seconds [1-9]'
wait_for metrics 'failing{netns="",interface="v0"} 0'
contains "it does not fail any more" 'failing\{netns="",interface="v0"\} 0' "$(cat metrics)"
contains "programs are known" 'programs\{netns="",interface="v0"\} 2' "$(cat metrics)"
hold $LOCK
is_held
echo 'ord_b: 20' | policy
wait_for metrics 'pending 1'
contains "behind our lock: the interface is still to be looked at" 'pending 1' "$(cat metrics)"
is "behind our lock: what is not known is left out" "" \
	"$(grep -E '^xdp_policy_(programs|drift)' metrics)"
seen=$(grep -E '^xdp_policy_last_success' metrics)
errors=$(sed -n 's/^xdp_policy_errors_total //p' metrics)
wait_for metrics "errors_total $((errors + 1))"
contains "behind our lock: it is counted" "errors_total $((errors + 1))" "$(cat metrics)"
is "behind our lock: no success" "$seen" "$(grep -E '^xdp_policy_last_success' metrics)"
release
wait_for metrics 'pending 0'
proves "it goes on when it has our lock" v0 "10 ord_a, 20 ord_b" ab
hold
is_held
echo 'ord_b: 30' | policy
wait_for daemon.out "holds libxdp's lock" 2
kill -TERM "$daemon"
wait "$daemon"
is "SIGTERM ends it behind a stopped process" 0 $?
release
rm -rf /etc/xdp
does "unload" 0 unload --all

section "all or nothing"
printf 'version: 1\nchains:\n' >both.yaml
chain_of v0 ord_a.o ord_b.o >>both.yaml
chain_of v1 ord_c.o ord_d.o >>both.yaml
if ! command -v strace >/dev/null; then
	skip "a signal amid two interfaces" "no strace in the guest"
	exit 0
fi
strace -f -qq -o trace -e trace=sendto xdp-policy load both.yaml >does.out 2>&1
count=$(awk '/sendto/ { n++ } /RTM_SETLINK|type=0x13/ && ++set == 1 { print n }' trace)
does "unload" 0 unload --all
# stopped at the first attach, until somebody waits for the lock that it has
strace -f -qq -o trace -e trace=sendto -e "inject=sendto:signal=STOP:when=$count" \
	xdp-policy load both.yaml >does.out 2>&1 &
tracer=$!
wait_for trace 'stopped by SIGSTOP'
hold
wait_for /proc/locks '-> FLOCK'
kill -CONT "$(pidof xdp-policy)"
is_held
wait_for does.out "$waiting"
is "the first has its chain" 1 "$(attached v0 | wc -l)"
is "the second waits" "" "$(attached v1)"
kill -TERM "$(pidof xdp-policy)"
wait "$tracer"
is "a signal ends it" 143 $?
is "the first has none any more" "" "$(attached v0)$(attached v1)"
tells "it is said" "nothing is changed"
release
does "the next cleans up" 0 unload --all
is "nothing is left" "" "$(pins)$(journals)"
exit 0
