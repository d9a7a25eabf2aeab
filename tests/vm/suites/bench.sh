# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=bench-lib.sh
# at fixed addresses, and
# by instructions: see tests/vm/boot.sh
# What it costs to put a live chain into order, beside taking it off and loading it again. Figures,
# in turn with each other; see tests/bench/chain. Nothing but a broken bench fails.
. ../bench-lib.sh

need_apply
links v0
rounds=${BENCH_ROUNDS:-15}

# The set again, by xdp-loader alone, in the order of its own priorities.
reload()
{
	watch-xdp v0 xdp-loader unload v0 --all >unload.out
	# shellcheck disable=SC2086
	watch-xdp v0 xdp-loader load v0 $set >load.out
	reload_swap=$(($(field EXIT unload.out) + $(field LAST load.out)))
	reload_whole=$(($(field EXIT unload.out) + $(field EXIT load.out)))
}

compare()
{
	rm -f swap.ratio whole.ratio phases.out
	round=0 broken=0
	# shellcheck disable=SC2086
	xdp-loader load v0 $set
	while [ $round -lt "$rounds" ]; do
		reload
		watch-xdp v0 xdp-policy apply --verbose v0 >correct.out
		grep -q 'CHANGES 1 STATUS 0' correct.out || {
			broken=$((broken + 1))
			sed 's/^/#   /' correct.out
		}
		echo "$(field FIRST correct.out) $reload_swap" >>swap.ratio
		echo "$(field EXIT correct.out) $reload_whole" >>whole.ratio
		cat correct.out >>phases.out
		round=$((round + 1))
	done
	watch-xdp v0 xdp-policy apply v0 >nothing.out
	is "$1: each apply swapped once" 0 $broken
	told "$1: from the start of apply to the swap" swap.ratio 0.40
	told "$1: apply with its grace" whole.ratio 0.75
	phases
	echo "#     with nothing to do: $(($(field EXIT nothing.out) / 1000)) ms"
	is "$1: packets" "RECV $SENT $2:$SENT" "$(packets v0)"
	unload v0
}

echo "#   reference: xdp-loader unload --all, then load of the same set"
gives ord_a 30 ord_b 10 ord_c 20
set="ord_a.o ord_b.o ord_c.o"
section "three programs"
compare "3 programs" bca
set="ord_a.o ord_b.o ord_c.o ord_d.o ord_pair.o ord_long.o ord_a.o ord_b.o ord_c.o ord_d.o"
gives ord_a 70 ord_b 60 ord_c 50 ord_d 40 ord_g 30 ord_l_longer_than_15 20
section "ten programs"
compare "10 programs" lgddccbbaa

section "the daemon"
if [ ! -x /usr/sbin/xdp-policyd ]; then
	skip "the daemon's figures" "no xdp-policyd is installed"
	exit 0
fi

# The time between the last two changes that watch-xdp -e has told.
last_gap()
{
	tail -n 2 events.out | awk 'NR == 1 { t = $1 } NR == 2 { print $1 - t }'
}

gives ord_a 30 ord_b 10 ord_c 20
set="ord_a.o ord_b.o ord_c.o"
xdp-policyd >policyd.out 2>&1 &
daemon=$!
sleep 2
# more changes in a short time are taken for a fight, and slow the daemon down
pause=3
rm -f attach.ratio file.ratio swap.ratio events.out
watch-xdp -e v0 >events.out &
events=$!
wait_for events.out READY
# shellcheck disable=SC2086
xdp-loader load v0 $set
sleep $pause
round=0 broken=0
while [ $round -lt "$rounds" ]; do
	lines=$(wc -l <events.out)
	reload
	sleep $pause
	# off, on, corrected
	if [ $(($(wc -l <events.out) - lines)) = 3 ]; then
		echo "$(last_gap) $reload_swap" >>swap.ratio
		echo "$(last_gap) $(field EXIT load.out)" >>attach.ratio
	else
		broken=$((broken + 1))
	fi
	policy priorities.new <<END
ord_a: 30
ord_b: 10
ord_c: $((40 + round))
END
	watch-xdp -w v0 mv /etc/xdp/priorities.new /etc/xdp/priorities.conf >file.out
	if [ "$(field CHANGES file.out)" = 0 ]; then
		broken=$((broken + 1))
	else
		echo "$(field FIRST file.out) $(field EXIT load.out)" >>file.ratio
	fi
	sleep $pause
	round=$((round + 1))
done
kill $events $daemon
wait $daemon
is "the daemon has corrected each of $rounds" 0 $broken
[ $broken = 0 ] || sed 's/^/#   /' events.out policyd.out | tail -n 40
[ ! -e swap.ratio ] || told "daemon: from the event to the swap" swap.ratio 0.20
echo "#   reference: one xdp-loader load of 3 programs"
[ ! -e attach.ratio ] || told "daemon: from attach to corrected" attach.ratio ""
[ ! -e file.ratio ] || told "daemon: from mv of the file to corrected" file.ratio ""
exit 0
