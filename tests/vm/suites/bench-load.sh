# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=bench-lib.sh
# at fixed addresses, and
# by instructions: see tests/vm/boot.sh
# What it costs to load a chain of eight programs from a file, beside xdp-loader. Figures, in turn
# with each other; see tests/bench/chain. Nothing but a broken bench fails.
. ../bench-lib.sh

links v0
rounds=${BENCH_ROUNDS:-15}
set="ord_a.o ord_b.o ord_c.o ord_d.o ord_e.o ord_f.o ord_long.o ord_sock.o"

{
	printf 'version: 1\nchains:\n  v0:\n    programs:\n'
	for object in $set; do
		echo "    - object: $object"
	done
} >eight.yaml

# timed FILE COMMAND...: its microseconds, with eight programs behind it that are taken off again.
timed()
{
	out=$1
	shift
	between_ticks "$round"
	watch-xdp v0 "$@" >"$out" 2>&1
	[ "$(slots v0 | wc -w)" = 8 ] || {
		broken=$((broken + 1))
		sed 's/^/#   /' "$out"
	}
	unload v0
}

section "eight programs on an interface without any"
round=0 broken=0
rm -f one.ratio eight.ratio phases.out
while [ $round -lt "$rounds" ]; do
	timed load.out xdp-policy load --verbose eight.yaml
	# shellcheck disable=SC2086
	timed one.out xdp-loader load v0 $set
	timed each.out sh -c "for object in $set; do xdp-loader load v0 \$object; done"
	echo "$(field EXIT load.out) $(field EXIT one.out)" >>one.ratio
	echo "$(field EXIT load.out) $(field EXIT each.out)" >>eight.ratio
	cat load.out >>phases.out
	round=$((round + 1))
done
is "eight programs were loaded each time" 0 $broken
echo "#   xdp-policy load, the whole command, beside xdp-loader load of the same programs"
told "in one command" one.ratio 1.0
told "in eight commands" eight.ratio 0.4
phases

section "the same chain again, and another order"
{
	sed '/object/d' eight.yaml
	sed -n '/object/p' eight.yaml | sort -r
} >edited.yaml
round=0
rm -f same.ratio order.ratio
while [ $round -lt "$rounds" ]; do
	between_ticks "$round"
	watch-xdp v0 xdp-policy load eight.yaml >load.out
	between_ticks "$round"
	watch-xdp v0 xdp-policy load eight.yaml >same.out
	between_ticks "$round"
	watch-xdp v0 xdp-policy load edited.yaml >edited.out
	echo "$(field EXIT same.out) $(field EXIT load.out)" >>same.ratio
	echo "$(field EXIT edited.out) $(field EXIT load.out)" >>order.ratio
	unload v0
	round=$((round + 1))
done
is "another order" "CHANGES 1 STATUS 0" "$(grep -o 'CHANGES.*' edited.out)"
echo "#   xdp-policy load, the whole command, beside the same where nothing is loaded yet"
told "with nothing to do" same.ratio 0.4
told "another order" order.ratio
echo "#     another order: to the swap $(($(field FIRST edited.out) / 1000)) ms, whole $(($(
	field EXIT edited.out) / 1000)) ms"
exit 0
