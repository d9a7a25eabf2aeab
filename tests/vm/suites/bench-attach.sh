# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=bench-lib.sh
# at fixed addresses, and
# by instructions: see tests/vm/boot.sh
# What an attach costs under the preload: `xdp-loader load` of two and of three programs, the whole
# command, beside the same without it, with env(1) in front of all. Figures, in turn with each
# other; see tests/bench/chain. Nothing but a broken bench fails.
. ../bench-lib.sh

need_preload
links v0
rounds=${BENCH_ROUNDS:-15}

# timed FILE ORDER COMMAND...
timed()
{
	out=$1 wanted=$2
	shift 2
	between_ticks "$round"
	watch-xdp v0 "$@" >"$out" 2>&1
	[ "$(order v0)" = "$wanted" ] || {
		broken=$((broken + 1))
		echo "#   found $(order v0)"
	}
	unload v0
}

# compare ORDER RULED OBJECT...: the chain without rules, and with one for ord_b
compare()
{
	plain=$1 ruled=$2
	shift 2
	section "$# programs"
	round=0 broken=0
	rm -f none.ratio opened.ratio built.ratio
	set -- xdp-loader load v0 "$@"
	while [ $round -lt "$rounds" ]; do
		rm -rf /etc/xdp
		timed plain.out "$plain" env LD_PRELOAD= "$@"
		timed none.out "$plain" env "LD_PRELOAD=$PRELOAD" "$@"
		echo "ord_b: 5" | policy
		timed opened.out "$ruled" env "LD_PRELOAD=$PRELOAD" "$@"
		printf '[here]\nprogram = ord_b\ninterface = v0\npriority = 5\n' | policy
		timed built.out "$ruled" env "LD_PRELOAD=$PRELOAD" "$@"
		for kind in none opened built; do
			echo "$(field EXIT $kind.out) $(field EXIT plain.out)" >>$kind.ratio
		done
		round=$((round + 1))
	done
	is "the chains were as they should be" 0 $broken
	echo "#   xdp-loader load under the preload, beside the same without"
	told "no policy" none.ratio 1.05
	told "values set when it opens the programs" opened.ratio 1.05
	told "another dispatcher in place of its own" built.ratio
}

compare "50 ord_a, 50 ord_b" "5 ord_b, 50 ord_a" ord_a.o ord_b.o
compare "50 ord_a, 50 ord_b, 60 ord_d" "5 ord_b, 50 ord_a, 60 ord_d" ord_a.o ord_b.o ord_d.o
exit 0
