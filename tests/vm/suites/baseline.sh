# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=lib.sh
# Without any policy and without the preload: proves the means of the other suites, and what they
# take for granted of libxdp.
. ../lib.sh

links v0 v1


section "packets and counters"
is "no program: packets" "RECV $SENT NONE:$SENT" "$(packets v0)"
xdp-loader load v0 ord_b.o ord_a.o ord_c.o
proves "three programs" v0 "10 ord_c, 50 ord_a, 50 ord_b" cab
is "each program counted each packet" "$SENT $SENT $SENT" "$(counted a) $(counted b) $(counted c)"
is "unload leaves no pins" "" "$(unload v0 && pins)"

section "programs"
xdp-loader load v0 ord_pair.o -n ord_h
xdp-loader load v0 ord_pair.o
xdp-loader load v0 ord_long.o
proves "two programs in an object, a long name" v0 \
	"50 ord_g, 50 ord_h, 50 ord_l_longer_than_15" ghl
reset
xdp-loader load v0 ord_e.o ord_b.o
is "a DROP in the last place drops" "RECV 0 $SENT" "$(packets v0) $(counted b)"
reset
xdp-loader load v0 ord_f.o ord_b.o
is "the author's own values" "5 ord_f XDP_DROP,XDP_PASS" "$(chain v0 | head -n 1)"
is "the chain goes on after the author's DROP" "RECV $SENT fb:$SENT" "$(packets v0)"
reset
xdp-filter load v0
is "xdp-filter" "10 xdpfilt_alw_all" "$(order v0)"
xdp-filter unload v0

section "applications"
cat >expected <<END
open ord_c.o rc=0
ord_c prio=10 actions=XDP_PASS
set prio=70 rc=0
set actions=0x6 rc=0
attach ord_c v0 rc=0
detach ord_c v0 rc=0
END
is "app-shared's steps" "$(cat expected)" "$(app-shared --prio 70 --action PASS --action DROP \
	--detach v0 ord_c.o 2>/dev/null)"
app-shared --multi v0 ord_a.o ord_pair.o:ord_h ord_c.o >/dev/null 2>&1
app-shared --skb v1 ord_b.o >/dev/null 2>&1
proves "app-shared, three at once" v0 "10 ord_c, 50 ord_a, 50 ord_h" cah
proves "app-shared, skb mode" v1 "50 ord_b" b
reset
app-ctypes.py --prio 70 v0 ord_a.o >/dev/null 2>&1
app-plugin ../plugin.so --prio 60 v0 ord_b.o >/dev/null 2>&1
app-plugin --deepbind ../plugin.so v0 ord_c.o >/dev/null 2>&1
proves "app-ctypes, app-plugin" v0 "10 ord_c, 60 ord_b, 70 ord_a" cba

section "AF_XDP"
app-xsk v0 "$SENT" 30 >xsk.out 2>/dev/null &
wait_for xsk.out ready
is "its default program" "20 xsk_def_prog" "$(order v0 | grep -o '20 xsk_def_prog')"
is "no packet passes it" "RECV 0" "$(packets v0)"
wait
is "packets on its socket" "RECV $SENT c:$SENT" "$(tail -n 1 xsk.out)"
exit 0
