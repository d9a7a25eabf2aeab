# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=live.sh
# Each allocation and each system call of a whole xdp_policy__attach_chain() fails once: then the
# chain is as it was, or as it shall be, and nothing is left over. See tests/vm/chain-failures.c.
. ../live.sh

if ! command -v chain-failures >/dev/null; then
	skip "calls that fail" "tests/vm/chain-failures was not built"
	exit 0
fi
links v0
reset
export ASAN_OPTIONS=detect_leaks=1

# fail_calls KIND STEP: all of them, in a quick run every STEPth; what is wrong goes into rounds.out,
# the last line into figures.
fail_calls()
{
	begin=$(date +%s)
	chain-failures v0 "$1" 1 0 "$(rounds 1 "$2")" >rounds.out 2>leaks.out
	rc=$?
	figures=$(tail -n 1 rounds.out)
	echo "#   $1: $figures, in $(($(date +%s) - begin)) s"
}

# sound DESCRIPTION: no round went wrong, and there were some.
sound()
{
	is "$1: the rounds come to their end" 0 "$rc"
	contains "$1: there were some" "^[1-9][0-9]+ failed" "$figures"
	is "$1: nothing goes wrong" "" "$(grep -v ': to be cleaned up later$' rounds.out |
		sed '$d' | head -n 40)$(head -n 40 leaks.out)"
	contains "$1: in figures" " 0 crashed, 0 leaks, 0 wrong$" "$figures"
}

section "system calls, libbpf's included"
fail_calls calls 10
sound "system calls"

section "allocations"
fail_calls memory 3
sound "allocations"

exit 0
