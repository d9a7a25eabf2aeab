# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# under traffic: see tests/vm/run
# A chain is loaded again and again under traffic, in other orders and with another version of one
# program: no packet is lost, none passes without all programs of one chain or the other.
. ../chains-lib.sh

links v0
loads=$(rounds 60 16)

yaml v0 ord_a.o ord_b.o ord_c.o >0.yaml
yaml v0 ord_c.o ord_a.o ord_b.o >1.yaml
yaml v0 ord_b.o ord_a2.o ord_c.o >2.yaml
yaml v0 ord_c.o ord_b.o ord_a2.o >3.yaml

load_all()
{
	failed=0 round=1
	while [ $round -le "$loads" ]; do
		xdp-policy load $((round % 4)).yaml >does.out 2>&1 || {
			failed=$((failed + 1))
			sed 's/^/#   /' does.out
		}
		round=$((round + 1))
		sleep 0.3 # else there is no time for packets
	done
}

for mode in native skb; do
	section "$mode mode"
	reset
	sed -i '/mode:/d' ./?.yaml
	for file in ./?.yaml; do
		echo "    mode: $mode" >>"$file"
	done
	does "before" 0 load 0.yaml
	before=$(programs v0 | sed 's/ord_a[^ ]* //')
	flow v0 3 15000 # of which some 5000 come while loads keep the machine busy
	begin=$(date +%s)
	load_all
	seconds=$(($(date +%s) - begin))
	flow_end >/dev/null
	is "$mode: $loads loads succeed" 0 $failed
	unharmed "$mode: no packet is lost or misses a program"
	contains "$mode: each load is one clean change of the chain" "LATE 0 CHANGES $loads " \
		"$(tail -n 1 flow.out)"
	is "$mode: only whole chains" "abc bAc cab cbA" "$(tail -n 1 flow.out |
		tr ' ' '\n' | sed -n 's/:[0-9]*$//p' | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')"
	is "$mode: unchanged programs are the same" "$before" \
		"$(programs v0 | sed 's/ord_a[^ ]* //')"
	is "$mode: nothing is left of the loads" "1 1 3" "$(dispatchers) $(pins | wc -l)$(journals) $(
		records)"
	echo "#   $loads loads in $seconds s, $(awk -v s="$seconds" '{ print int($2 / s) }' flow.out |
		tail -n 1) packets/s"
done
exit 0
