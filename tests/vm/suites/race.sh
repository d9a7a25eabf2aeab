# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=live.sh
# under traffic: see tests/vm/run
# Several who change one chain at the same time: xdp-loader beside xdp-policy apply, two applies
# that want opposite orders, and the daemon beside apply. Nobody fails, nothing is left over.
. ../live.sh

need_apply
links v0
loads=$(rounds 200 20)
load_seconds=300 # a slow machine makes fewer
duels=$(rounds 50 10)

# root_policy ROOT NAME PRIORITY...: a policy of its own, for apply's --root.
root_policy()
{
	root=$1
	shift
	mkdir -p "$root/etc/xdp"
	while [ $# -gt 1 ]; do
		echo "$1: $2"
		shift 2
	done >"$root/etc/xdp/priorities.conf"
}
mkdir -p /tmp/race
root_policy /tmp/race/one ord_a 10 ord_b 20 ord_c 30
root_policy /tmp/race/two ord_a 30 ord_b 10 ord_c 20

# Applies one root after the other until told to stop, or so often; one line for each, and what
# those that fail have printed.
apply_loop()
{
	name=$1 count=$2
	shift 2
	while [ ! -e stop ] && [ "$count" -gt 0 ]; do
		for root; do
			xdp-policy apply --root "$root" v0 >"$name.now" 2>&1
			status=$?
			echo "status $status"
			[ $status = 0 ] || sed 's/^/#   apply: /' "$name.now" >&2
		done
		count=$((count - 1))
	done >"$name.out"
}
applies_failed()
{
	grep -c -v 'status 0' "$1.out"
}

# One of xdp-loader's commands; a failure is counted and shown.
load_failed=0 unload_failed=0
try_load()
{
	xdp-loader load v0 ord_d.o >loader.out 2>&1 || {
		load_failed=$((load_failed + 1))
		sed 's/^/#   load: /' loader.out
	}
}
try_unload()
{
	id=$(program_id v0 ord_d)
	# while somebody changes the chain, status may find none
	[ -n "$id" ] || id=$(program_id v0 ord_d)
	xdp-loader unload v0 -i "$id" >loader.out 2>&1 || {
		unload_failed=$((unload_failed + 1))
		sed "s/^/#   unload of '$id': /" loader.out
	}
}

section "xdp-loader load and unload -i beside apply"
reset
rm -f stop
xdp-loader load v0 ord_a.o ord_b.o ord_c.o
before=$(programs v0)
begin=$(date +%s)
apply_loop loop 100000 /tmp/race/one /tmp/race/two &
loop=$!
round=0
while [ $round -lt "$loads" ] && [ $(($(date +%s) - begin)) -lt $load_seconds ]; do
	try_load
	try_unload
	round=$((round + 1))
done
touch stop
wait $loop
echo "#   $round loads and unloads, $(grep -c status loop.out) applies," \
	"$(($(date +%s) - begin)) s"
is "each load succeeds" 0 $load_failed
is "each unload succeeds" 0 $unload_failed
is "each apply succeeds" 0 "$(applies_failed loop)"
contains "it was a race" "^[1-9][0-9]+$" "$(grep -c 'status 0' loop.out)"
is "the same programs as before" "$before" "$(programs v0)"
is "one dispatcher, one directory, no journal" "1 1 " \
	"$(dispatchers) $(pins | wc -l) $(journals)"
contains "packets" "^RECV $SENT (abc|bca):$SENT$" "$(packets v0)"

section "two applies that want opposite orders"
rm -f stop
apply_loop one "$duels" /tmp/race/one &
one=$!
apply_loop two "$duels" /tmp/race/two &
two=$!
flow v0 3
wait $one $two
flow_end >/dev/null
is "each of them succeeds" "$duels 0 $duels 0" \
	"$(grep -c status one.out) $(applies_failed one) $(grep -c status two.out) $(
		applies_failed two)"
unharmed "no packet is lost or misses a program"
is "one dispatcher, one directory, no journal" "1 1 " \
	"$(dispatchers) $(pins | wc -l) $(journals)"
is "the same programs as before" "$before" "$(programs v0)"

section "the daemon beside apply"
if [ -x /usr/sbin/xdp-policyd ]; then
	gives ord_a 30 ord_b 10 ord_c 20
	xdp-policyd --metrics policyd.prom >policyd.out 2>&1 &
	daemon=$!
	wait_for policyd.prom xdp_policy_disabled
	apply_loop one 5 /tmp/race/one
	is "each apply succeeds" "5 0" "$(grep -c status one.out) $(applies_failed one)"
	tries=600
	until [ "$(packets v0)" = "RECV $SENT bca:$SENT" ] || [ $tries = 0 ]; do
		sleep 0.2
		tries=$((tries - 1))
	done
	is "the daemon has the last word" "RECV $SENT bca:$SENT" "$(packets v0)"
	kill $daemon
	wait $daemon
	is "it ends cleanly" 0 $?
	is "one dispatcher, one directory, no journal" "1 1 " \
		"$(dispatchers) $(pins | wc -l) $(journals)"
else
	skip "the daemon beside apply" "no xdp-policyd is installed"
fi
succeeds "unload --all" xdp-loader unload v0 --all
is "nothing is left" "" "$(pins)"
exit 0
