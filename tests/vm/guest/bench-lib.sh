# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source=live.sh
# For the suites that print figures: what watch-xdp has measured, beside a reference.
. ../live.sh

# field NAME FILE: a number of watch-xdp's.
field()
{
	sed -n "s/^FIRST.*\<$1 \([0-9]*\).*\|^$1 \([0-9]*\).*/\1\2/p" "$2"
}

# between_ticks ROUND: the kernel waits for ticks, so each round begins at another time between two
between_ticks()
{
	usleep $(($1 * 1237 % 4000))
}

# The middle one of the numbers in a file, or of those in a column of it.
median()
{
	awk -v column="${2:-1}" '{ print $column }' "$1" | sort -n |
		awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)]; else print "none" }'
}

# told TITLE FILE BOUND: FILE has a line "MICROSECONDS REFERENCE" a round.
told()
{
	awk '{ printf "%.4f\n", $1 / $2 }' "$2" | sort -n >ratio.out
	awk -v title="$1" -v n="$(wc -l <"$2")" -v bound="$3" -v ratio="$(median ratio.out)" \
		-v low="$(head -n 1 ratio.out)" -v high="$(tail -n 1 ratio.out)" \
		-v own="$(median "$2" 1)" -v ref="$(median "$2" 2)" 'BEGIN {
		printf "#   %-46s %6.1f ms, reference %6.1f ms, ratio %.2f (%.2f to %.2f), n %d%s\n",
			title, own / 1000, ref / 1000, ratio, low, high, n,
			bound == "" ? "" : ", bound " bound ": " (ratio <= bound ? "holds" : "missed")
	}'
}

# The medians of what --verbose has told in phases.out.
phases()
{
	sed -n 's/^.* ms: //p' phases.out >times.out
	# shellcheck disable=SC2046
	set -- $(head -n 1 times.out)
	column=2
	printf '#     ms'
	while [ $# -gt 1 ]; do
		printf ' %s %s' "$1" "$(median times.out $column)"
		column=$((column + 2))
		shift 2
	done
	echo
}
