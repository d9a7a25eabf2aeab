# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=lib.sh
# Where a policy can come from, and what else it can say: each of it by real applications, and by
# packets.
. ../lib.sh

need_preload
links v0 v1

section "YAML, JSON, drop-ins"
reset
policy priorities.d/10-a.yaml <<END
version: 1
rules:
  - name: from YAML
    match: {program: [ord_a, ord_b]}
    set: {priority: 60}
END
policy priorities.d/20-b.json <<END
{"version": 1, "rules": [{"match": {"program": "ord_b"}, "set": {"priority": 30}}]}
END
with xdp-loader load v0 ord_a.o ord_b.o ord_c.o
proves "YAML, and JSON behind it" v0 "10 ord_c, 30 ord_b, 60 ord_a" cba

section "order"
reset
policy <<END
[the order on v0]
interface  = v0
order      = ord_c ord_a ord_b
order-step = 5

[elsewhere]
order = ord_b ord_c
END
with app-shared v0 ord_a.o ord_b.o ord_c.o >/dev/null 2>&1
proves "the later order overrides, for what it names" v0 \
	"10 ord_b, 15 ord_a, 20 ord_c" bac
with app-shared v1 ord_a.o ord_b.o ord_c.o >/dev/null 2>&1
proves "an order for the other interfaces" v1 "10 ord_b, 20 ord_c, 50 ord_a" bca
reset
policy <<END
[elsewhere]
order = ord_b ord_c

[the order on v0]
interface  = v0
order      = ord_c ord_a ord_b
order-step = 5
END
with app-shared v0 ord_a.o ord_b.o ord_c.o >/dev/null 2>&1
proves "an order for one interface" v0 "10 ord_c, 15 ord_a, 20 ord_b" cab
contains "explain says the place" "15 .*2nd in the order of .the order on v0." \
	"$(xdp-policy explain --interface v0 ord_a)"

section "driver and mode"
reset
policy <<END
[virtual links]
driver   = veth
program  = ord_a
priority = 70

[other drivers]
driver   = !veth
program  = ord_b
priority = 71

[native]
mode     = native
program  = ord_b
priority = 72

[skb]
mode     = skb
program  = ord_c
priority = 73
END
with app-shared --native v0 ord_a.o ord_b.o ord_c.o >/dev/null 2>&1
proves "driver veth, mode native" v0 "10 ord_c, 70 ord_a, 72 ord_b" cab
reset
policy <<END
[skb]
mode     = skb
program  = ord_c
priority = 73
END
with app-shared --skb v0 ord_a.o ord_b.o ord_c.o >/dev/null 2>&1
proves "mode skb" v0 "50 ord_a, 50 ord_b, 73 ord_c" abc
reset
policy <<END
[any driver]
driver   = *
priority = 70
[any but this]
driver   = !veth
priority = 71
END
with app-shared --skb lo ord_a.o >/dev/null 2>&1
is "an interface without a driver" "50 ord_a XDP_PASS" "$(chain lo)"
xdp-loader unload lo --all

section "attach-mode"
# xdp-loader status names the mode in the line of the interface
mode_of()
{
	xdp-loader status "$1" | awk -v name="$1" '$1 == name { print $3 }'
}
reset
with app-shared --native v0 ord_a.o >/dev/null 2>&1
is "without a rule: as the application asks" native "$(mode_of v0)"
reset
policy <<END
[never native here]
interface   = v0
attach-mode = skb
END
with app-shared --native v0 ord_a.o >/dev/null 2>&1
is "attach-mode = skb" skb "$(mode_of v0)"
is "it carries packets" "RECV $SENT a:$SENT" "$(packets v0)"
with app-shared --native v1 ord_a.o >/dev/null 2>&1
is "not on another interface" native "$(mode_of v1)"
is "the application's detach finds it" "" "$(
	reset >/dev/null
	policy <<-END
	[never native here]
	interface   = v0
	attach-mode = skb
	END
	with app-shared --native --detach v0 ord_a.o ord_b.o | grep -v "rc=0$" | grep rc=)"
is "and nothing is left" "" "$(chain v0)"
with app-shared --native v0 ord_a.o >/dev/null 2>&1
contains "status knows the mode" "skb" "$(xdp-policy status v0)"

reset
with app-shared --native v0 ord_a.o >/dev/null 2>&1
policy <<END
[never native here]
interface   = v0
attach-mode = skb
END
with app-shared --native v0 ord_b.o >/dev/null 2>&1
proves "who joins a chain of another mode is not kept out" v0 "50 ord_a, 50 ord_b" ab
is "and the mode stays" native "$(mode_of v0)"
contains "status shows what is wanted" "native -> skb" "$(xdp-policy status v0)"
xdp-loader unload v0 --all
with app-shared --native v0 ord_b.o >/dev/null 2>&1
is "once nothing is attached the rule holds" skb "$(mode_of v0)"
reset
policy <<END
[what the kernel can]
attach-mode = auto
END
with app-shared --skb v0 ord_a.o >/dev/null 2>&1
is "attach-mode = auto leaves it to the kernel" native "$(mode_of v0)"
reset
policy <<END
[never native]
program     = ord_a
attach-mode = skb
END
with app-shared --multi --native v0 ord_a.o ord_b.o >/dev/null 2>&1
is "one of several has a mode: all of them do" skb "$(mode_of v0)"
proves "and run" v0 "50 ord_a, 50 ord_b" ab

section "the database"
reset
rm -rf /var/lib/xdp-policy
policy rules.conf <<END
ord_a: 30 PASS
ord_b: 20 PASS
ord_*: 40
[x]
program = ord_b
priority = 5
END
succeeds "compile" xdp-policy compile /etc/xdp/rules.conf
rm /etc/xdp/rules.conf
with xdp-loader load v0 ord_a.o ord_b.o ord_c.o
proves "rules from the database" v0 "5 ord_b, 40 ord_a, 40 ord_c" bac
reset
echo "ord_c: 1" | policy
with xdp-loader load v0 ord_a.o ord_b.o ord_c.o
proves "files come before the database" v0 "1 ord_c, 5 ord_b, 40 ord_a" cba
reset
echo "priority: cdb files" | policy xdpswitch.conf
echo "ord_c: 1" | policy
with xdp-loader load v0 ord_a.o ord_b.o ord_c.o
proves "unless the switch says otherwise" v0 "5 ord_b, 40 ord_a, 40 ord_c" bac
reset
dd if=/dev/zero of=/var/lib/xdp-policy/policy.cdb bs=1 count=1 seek=3000 conv=notrunc 2>/dev/null
contains "a damaged database is refused" "policy.cdb: found" "$(xdp-policy check)"
with xdp-loader load v0 ord_a.o ord_b.o ord_c.o
proves "and does not count" v0 "10 ord_c, 50 ord_a, 50 ord_b" cab
rm -rf /var/lib/xdp-policy

section "a plug-in"
reset
echo "priority: example app" | policy xdpswitch.conf
contains "a plug-in that is not installed is told of" "found source 'example', expected" \
	"$(xdp-policy check)"
cp ../libxdppolicy_example.so.0 "${PRELOAD%/*}/"
contains "and when it is, not" " 0 errors, 0 warnings" "$(xdp-policy check)"
with xdp-loader load v0 ord_long.o ord_c.o ord_a.o
proves "its priorities: the length of the name" v0 \
	"5 ord_a, 5 ord_c, 20 ord_l_longer_than_15" acl
reset
echo "priority: example files" | policy xdpswitch.conf
echo "ord_*: 1" | policy
with xdp-loader load v0 ord_long.o ord_c.o ord_a.o
proves "it comes before the files" v0 "5 ord_a, 5 ord_c, 20 ord_l_longer_than_15" acl
rm "${PRELOAD%/*}/libxdppolicy_example.so.0"
reset
