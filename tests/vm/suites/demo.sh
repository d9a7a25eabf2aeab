# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=lib.sh
# What tools/demo shows: the same unmodified commands without and with a policy.
. ../lib.sh

need_preload >/dev/null
links v0
reset

# The commands, then what they did: the chain and the order that packets prove.
show()
{
	"$@" xdp-loader load v0 ord_a.o ord_b.o ord_c.o
	"$@" xdp-filter load v0
	chain v0 | awk '{ printf "%-5s %-17s %s\n", $1, $2, $3 }'
	echo
	packets v0 | sed 's/^RECV \([0-9]*\) \([a-z]*\):.*/\1 packets, each through: \2/'
}

echo '
  /etc/xdp/priorities.conf:'
policy <<END
ord_b:      10  PASS TX
ord_c:      30
xdpfilt_*:  40
END
sed 's/^/      /' /etc/xdp/priorities.conf
echo "
  \$ xdp-loader load v0 ord_a.o ord_b.o ord_c.o      # Debian's own, unmodified;
  \$ xdp-filter load v0                              # each ord_X writes X into packets
"
show env >without 2>&1
before="$(order v0)"
unload v0
show with >with 2>&1
after="$(order v0)"

{
	echo "WITHOUT THE POLICY"
	echo "PRIO  PROGRAM           ACTIONS"
	cat without
} >left
{
	echo "WITH THE POLICY"
	echo "PRIO  PROGRAM           ACTIONS"
	cat with
} >right
awk 'NR == FNR { left[NR] = $0; n = NR; next }
     { printf "  %-42s | %s\n", left[FNR], $0; m = FNR }
     END { for (i = m + 1; i <= n; i++) printf "  %-42s |\n", left[i] }' left right
echo '
  $ xdp-policy status v0'
xdp-policy status v0 | sed 's/^/  /'
echo

is "without: the authors' order" \
	"10 ord_c, 10 xdpfilt_alw_all, 50 ord_a, 50 ord_b" "$before"
is "with: the administrator's order" \
	"10 ord_b, 30 ord_c, 40 xdpfilt_alw_all, 50 ord_a" "$after"
contains "without: packets" "^20 packets, each through: cab$" "$(cat without)"
contains "with: packets" "^20 packets, each through: bca$" "$(cat with)"
succeeds "the live chain is what the policy wants" xdp-policy status v0
