# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=live.sh
# under traffic: see tests/vm/run
# A hundred changes of a live chain under traffic, in each mode: no packet is lost, none passes
# without all programs, and the order changes exactly as often as it was changed.
. ../live.sh

need_apply
links v0
swaps=$(rounds 100 20)

swap_all()
{
	failed=0 round=0
	while [ $round -lt "$swaps" ]; do
		if [ $((round % 2)) = 0 ]; then
			gives ord_a 30 ord_b 10 ord_c 20
		else
			gives ord_a 10 ord_b 20 ord_c 30
		fi
		xdp-policy apply v0 >apply.out 2>&1 || {
			failed=$((failed + 1))
			sed 's/^/#   /' apply.out
		}
		round=$((round + 1))
		sleep 0.4 # else there is no time for packets
	done
}

for mode in native skb; do
	section "$mode mode"
	reset
	gives ord_a 10 ord_b 20 ord_c 30
	xdp-loader load -m $mode v0 ord_a.o ord_b.o ord_c.o
	xdp-policy apply v0 >/dev/null
	before=$(programs v0)
	flow v0 3 15000 # of which some 5000 come while swaps keep the machine busy
	begin=$(date +%s)
	swap_all
	seconds=$(($(date +%s) - begin))
	flow_end >/dev/null
	is "$mode: $swaps swaps succeed" 0 $failed
	unharmed "$mode: no packet is lost or misses a program"
	contains "$mode: each swap is one clean change of the order" "LATE 0 CHANGES $swaps " \
		"$(tail -n 1 flow.out)"
	is "$mode: the same programs" "$before" "$(programs v0)"
	is "$mode: nothing is left of the swaps" "1 1" \
		"$(dispatchers) $(pins | wc -l)$(journals)"
	echo "#   $swaps swaps in $seconds s, $(awk -v s="$seconds" '{ print int($2 / s) }' flow.out |
		tail -n 1) packets/s"
done
exit 0
