# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../../vm/guest source=policyd.sh
# For scripts whose results make a table: rows are applications, columns ways to rule them.

# cell ROW COLUMN COMMAND...: the tests of one cell. It is "no" if they proved what is expected but
# is not what one would wish (see no), FAIL if one of them failed.
cell()
{
	cell=$1/$2
	section "$1: $2"
	row=$1 column=$2
	shift 2
	reset
	"$@" >cell.out 2>&1
	sed -E "s,^(ok|not ok|skip) - ,\1 - $cell: ," cell.out
	if grep -q '^not ok - ' cell.out || ! grep -q '^ok - ' cell.out; then
		grep -q '^not ok - ' cell.out || echo "not ok - $cell: it ran no test"
		verdict=FAIL
	else
		verdict=$(sed -n 's/^no - /no: /p' cell.out | head -n 1)
	fi
	echo "cell|$row|$column|${verdict:-yes}"
}

# no REASON: what the tests before this line proved is a limit. The REASON names the manual page that
# explains it, as in "..., see xdp-policy(8)".
no()
{
	contains "the reason names a manual page" "see [a-z.-]+\([1-8]\)" "$1"
	echo "no - $1"
}
