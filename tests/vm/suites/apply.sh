# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=live.sh
# xdp-policy apply: live chains follow the policy, whoever has made them, and stay what they were
# to the tools that did. Every order is proved by the letters in received packets.
. ../live.sh

need_apply
links v0 v1
other_namespace

# A program without a dispatcher, which xdp-loader does not take off, goes as well.
clear_links()
{
	for link in v0 v1; do
		/sbin/ip link set dev $link xdpdrv off
		/sbin/ip link set dev $link xdpgeneric off
	done
	rm -rf /sys/fs/bpf/xdp
	reset
}

# untouched DESCRIPTION INTERFACE COMMAND...: what is attached and pinned is the same afterwards.
untouched()
{
	what=$1 link=$2
	shift 2
	before="$(attached "$link") $(find /sys/fs/bpf | sort)"
	"$@"
	is "$what: untouched" "$before" "$(attached "$link") $(find /sys/fs/bpf | sort)"
}

section "three programs in another order"
reset
xdp-loader load v0 ord_a.o ord_b.o ord_c.o
proves "before" v0 "10 ord_c, 50 ord_a, 50 ord_b" cab
same_programs=$(programs v0)
policy <<END
ord_a: 20 PASS TX
ord_b: 5
ord_c: 30
END
untouched "--dry-run" v0 applied "--dry-run: status 1, something would change" 1 --dry-run v0
sed 's/dispatcher [0-9]*/dispatcher/g' apply.out >dry.out
is "--dry-run: packets" "RECV $SENT cab:$SENT" "$(packets v0)"
applied "apply: status 0" 0 v0
sed 's/^/#   /' apply.out
says "apply: names the programs" "ord_b"
proves "apply" v0 "5 ord_b, 20 ord_a, 30 ord_c" bac
is "the actions" "20 ord_a XDP_PASS,XDP_TX" "$(chain v0 | grep ord_a)"
is "the same programs" "$same_programs" "$(programs v0)"
is "their maps count on" "$((3 * SENT)) $((3 * SENT)) $((3 * SENT))" \
	"$(counted a) $(counted b) $(counted c)"
is "one dispatcher, one directory of pins" "1 1" "$(dispatchers) $(pins | wc -l)"
is "no journal" "" "$(journals)"
for name in ord_a ord_b ord_c; do
	contains "--dry-run has shown $name's row as apply has" "^$(grep "$name" apply.out |
		sed 's/dispatcher [0-9]*/dispatcher/g; s/[].*^$+?(){}|\\[]/\\&/g' | head -n 1)\$" \
		"$(cat dry.out)"
done
succeeds "status finds no difference" xdp-policy status v0
untouched "again" v0 applied "again: status 0" 0 v0
says "again" "nothing to do"
applied "again: --dry-run has status 0" 0 --dry-run v0

section "the tools that have loaded them"
succeeds "load" xdp-loader load v0 ord_d.o
proves "load" v0 "5 ord_b, 20 ord_a, 30 ord_c, 60 ord_d" bacd
applied "apply with nothing to say of the fourth" 0 v0
succeeds "unload -i" xdp-loader unload v0 -i "$(program_id v0 ord_a)"
proves "unload -i" v0 "5 ord_b, 30 ord_c, 60 ord_d" bcd
gives ord_b 70
applied "rules that are gone" 0 v0
proves "rules that are gone give back what was first seen" v0 \
	"10 ord_c, 60 ord_d, 70 ord_b" cdb
succeeds "unload --all" xdp-loader unload v0 --all
is "nothing is left" " " "$(attached v0) $(pins)"
is "no program is left" "" "$(bpftool prog show | grep -E 'name (ord|xdp)_')"

section "one by one"
xdp-loader load v0 ord_a.o ord_b.o ord_c.o
gives ord_a 30 ord_b 10 ord_c 20
applied "apply" 0 v0
for letter in c b a; do
	succeeds "unload -i of ord_$letter" \
		xdp-loader unload v0 -i "$(program_id v0 ord_$letter)"
done
is "nothing is left" " " "$(attached v0) $(pins)"

section "only actions"
reset
xdp-loader load v0 ord_c.o ord_e.o ord_long.o
is "the second drops" "RECV 0" "$(packets v0)"
before=$(slots v0)
echo "ord_e: 50 PASS DROP" | policy
applied "apply" 0 v0
is "the chain goes on after a DROP" "RECV $SENT cel:$SENT" "$(packets v0)"
is "the same programs at their places" "$before" "$(slots v0)"

section "only a number"
gives ord_e 51 ord_l_longer_than_15 52
echo "[e]
program = ord_e
chain-call-actions = PASS DROP" >>/etc/xdp/priorities.conf
applied "apply" 0 v0
proves "apply" v0 "10 ord_c, 51 ord_e, 52 ord_l_longer_than_15" cel

section "one program alone"
reset
xdp-loader load v0 ord_a.o
before=$(programs v0)
gives ord_a 7
applied "apply" 0 v0
proves "apply" v0 "7 ord_a" a
is "the same program" "$before" "$(programs v0)"
xdp-loader load v0 ord_c.o
proves "another comes behind it" v0 "7 ord_a, 10 ord_c" ac

section "ten programs"
reset
xdp-loader load v0 ord_a.o ord_b.o ord_c.o ord_d.o ord_pair.o ord_long.o ord_frags.o ord_a.o ord_b.o
xdp-loader load v0 ord_pair.o -n ord_h
before=$(programs v0)
gives ord_a 90 ord_b 80 ord_c 70 ord_d 60 ord_g 50 ord_h 40 ord_l_longer_than_15 30 ord_m 20
applied "apply" 0 v0
is "packets" "RECV $SENT mlhgdcbbaa:$SENT" "$(packets v0)"
is "the same programs" "$before" "$(programs v0)"
fails "an eleventh" "" xdp-loader load v0 ord_e.o
is "packets after it was refused" "RECV $SENT mlhgdcbbaa:$SENT" "$(packets v0)"
succeeds "unload --all" xdp-loader unload v0 --all
is "nothing is left" " " "$(attached v0) $(pins)"

section "skb mode"
reset
xdp-loader load -m skb v0 ord_a.o ord_b.o ord_c.o
gives ord_a 30 ord_b 10 ord_c 20
applied "apply" 0 v0
proves "apply" v0 "10 ord_b, 20 ord_c, 30 ord_a" bca
contains "it is still skb mode" "xdp_dispatcher +skb" "$(xdp-loader status v0)"

section "fragments"
reset
mkchain 2 v0 native 0:4:ord_frags.o 50:4:ord_a.o 2>/dev/null
is "before" "v2 size 124 n 2 frags 0 prio 0 50 actions 4 4 flags 32 0" "$(config v0)"
gives ord_a 1 ord_m 2
applied "one of two" 0 v0
is "each keeps its flag" "v2 size 124 n 2 frags 0 prio 1 2 actions 4 4 flags 0 32" "$(config v0)"
is "packets" "RECV $SENT am:$SENT" "$(packets v0)"
reset
mkchain 2 v0 native 0:4:ord_frags.o 1:4:ord_frags.o 2>/dev/null
/sbin/ip link set dev peer-v0 mtu 9000
gives ord_m 2
applied "all of them, with large packets" 0 v0
is "the dispatcher keeps its flag" "v2 size 124 n 2 frags 1 prio 2 2 actions 4 4 flags 32 32" \
	"$(config v0)"
is "packets of both" "RECV $SENT mm:$SENT" "$(packets v0)"
is "large packets are still allowed" 9000 "$(cat /sys/class/net/peer-v0/mtu)"
reset
/sbin/ip link set dev peer-v0 mtu 1500

section "several interfaces"
reset
xdp-loader load v0 ord_a.o ord_b.o
xdp-loader load v1 ord_a.o ord_b.o
gives ord_b 10
xdp-policy apply nosuch0 v0 v1 >apply.out 2>&1
rc=$?
is "one that does not exist: a status that tells" yes "$([ $rc != 0 ] && echo yes)"
says "it is named" "nosuch0"
proves "the first of the others" v0 "10 ord_b, 50 ord_a" ba
proves "the second of the others" v1 "10 ord_b, 50 ord_a" ba
gives ord_b 60
applied "without a name: all" 0
proves "all: one" v0 "50 ord_a, 60 ord_b" ab
proves "all: the other" v1 "50 ord_a, 60 ord_b" ab

section "--json and --verbose"
json()
{
	xdp-policy apply --json "$@" 2>&1 | python3 -c '
import json, sys
print("version", json.load(sys.stdin)["version"])' 2>&1
}
gives ord_b 10
is "--dry-run --json parses" "version 1" "$(json --dry-run)"
is "--json parses" "version 1" "$(json)"
is "--json has applied it" "RECV $SENT ba:$SENT" "$(packets v0)"
is "--json with nothing to do parses" "version 1" "$(json v0 v1)"
gives ord_b 60
applied "--verbose" 0 --verbose v0
for phase in read load link pin attach grace unpin; do
	says "--verbose tells the time of: $phase" "$phase"
done

section "attach = deny"
reset
xdp-loader load v0 ord_a.o ord_b.o ord_c.o
policy <<END
ord_a: 5
[not this one]
program = ord_b
attach  = deny
END
applied "without --enforce-deny: status 1" 1 v0
says "it is reported" "ord_b"
proves "it stays, the rest is done" v0 "5 ord_a, 10 ord_c, 50 ord_b" acb
denied()
{
	python3 -c '
import json
for interface in json.load(open("apply.out"))["interfaces"]:
	for d in interface["denied"]:
		print(d["program"], d["file"], d["line"], d["taken-off"])'
}
applied "JSON" 1 --json v0
is "JSON: it is denied, and by which rule" "ord_b /etc/xdp/priorities.conf 4 False" "$(denied)"
applied "JSON, --dry-run --enforce-deny" 1 --json --dry-run --enforce-deny v0
is "JSON: it would be taken off" "ord_b /etc/xdp/priorities.conf 4 True" "$(denied)"
untouched "--dry-run --enforce-deny" v0 applied "--dry-run --enforce-deny" 1 \
	--dry-run --enforce-deny v0
applied "--enforce-deny" 0 --enforce-deny v0
proves "--enforce-deny" v0 "5 ord_a, 10 ord_c" ac
is "its program is gone" "" "$(bpftool prog show name ord_b)"
policy <<END
ord_a: 5
[none]
program = ord_c
attach  = deny
END
applied "to one program alone" 0 --enforce-deny v0
proves "to one program alone" v0 "5 ord_a" a
policy <<END
[none]
interface = v0
attach    = deny
END
applied "to the last program" 0 --enforce-deny v0
is "nothing is left" "  RECV $SENT NONE:$SENT" "$(attached v0) $(pins) $(packets v0)"
is "no program is left" "" "$(bpftool prog show | grep -E 'name (ord|xdp)_')"

reset
xdp-loader load v0 ord_a.o ord_b.o ord_c.o
policy <<END
ord_c: 70
[not the first]
program = ord_a
attach  = deny
END
applied "the first program of three" 0 --enforce-deny v0
says "by which rule, beside its name" "ord_a is taken off: attach denied by /etc/xdp/priorities.conf:[0-9]+"
proves "the first program of three" v0 "50 ord_b, 70 ord_c" bc

section "what cannot be changed"
# refused DESCRIPTION PATTERN: what a rule asks for is refused, with the reason.
refused()
{
	clear_links
	attach_lone
	gives ord_a 7
	untouched "$1" v0 applied "$1: status 1" 1 v0
	says "$1: the reason" "$2"
	policy <<-END
	[not this one]
	program = ord_a
	attach  = deny
	END
	untouched "$1, denied" v0 applied "$1, denied: status 1" 1 --enforce-deny v0
	says "$1, denied: the reason" "$2"
	is "$1: packets" "RECV $SENT a:$SENT" "$(packets v0)"
}
attach_lone()
{
	/sbin/ip link set dev v0 xdpdrv obj ord_a.o sec xdp
}
refused "a program without dispatcher" "dispatcher"
attach_lone()
{
	LIBXDP_SKIP_DISPATCHER=1 xdp-loader load -m skb v0 ord_a.o
}
refused "LIBXDP_SKIP_DISPATCHER" "dispatcher"
attach_lone()
{
	rm -f link.out
	mkchain -l v0 ord_a.o >link.out &
	link_pid=$!
	wait_for link.out READY
}
refused "a bpf_link" "link"
kill $link_pid
clear_links
gives ord_b 7
xdp-loader load v0 ord_a.o ord_b.o ord_c.o
rm "$(pin_dir v0)/prog1-prog"
untouched "a pin is missing" v0 applied "a pin is missing: status 1" 1 v0
says "a pin is missing: told" "v0"
is "a pin is missing: packets" "RECV $SENT cab:$SENT" "$(packets v0)"
clear_links
gives ord_b 7
xdp-loader load v0 ord_a.o ord_b.o
untouched "no bpffs" v0 unshare -m sh -c '
	umount /sys/fs/bpf
	xdp-policy apply v0 >apply.out 2>&1
	echo $? >apply.rc'
is "no bpffs: status 1" 1 "$(cat apply.rc)"
says "no bpffs: told" "v0"
# shellcheck disable=SC2317
not_root()
{
	as_user apply v0 >user.out 2>&1
	echo $? >user.rc
}
untouched "not root" v0 not_root
is "not root: status 4" 4 "$(cat user.rc)"
sed 's/^/#   /' user.out
is "afterwards it can" "0 RECV $SENT ba:$SENT" "$(xdp-policy apply v0 >apply.out 2>&1
	echo $?) $(packets v0)"

section "policies that do not apply"
clear_links
xdp-loader load v0 ord_a.o ord_b.o
untouched "no policy" v0 applied "no policy: status 0" 0 v0
says "no policy" "nothing to do"
gives ord_b 7
mkdir -p /run/xdp
touch /run/xdp/disabled
before=$(attached v0)
xdp-policy apply v0 >apply.out 2>&1
is "/run/xdp/disabled: untouched" "$before" "$(attached v0)"
for command in "apply v0" "apply --dry-run v0" "status v0" "explain ord_a" check coverage; do
	# shellcheck disable=SC2086 # words of a command
	is "/run/xdp/disabled: the first line of $command" 1 \
		"$(xdp-policy $command 2>apply.err | head -1 |
			grep -c '^the policy is off since .*: found /run/xdp/disabled; ')"
	# shellcheck disable=SC2086
	is "/run/xdp/disabled: $command --json" 1 \
		"$(xdp-policy $command --json 2>apply.err | grep -c '^  "disabled": true')"
done
rm /run/xdp/disabled
policy priorities.d/50-wrong.conf <<END
ord_a: one
END
applied "one file is refused: status 3" 3 v0
is "one file is refused: the others count" "RECV $SENT ba:$SENT" "$(packets v0)"
policy priorities.d/50-wrong.conf <<END
ord_a: 1
END
applied "it is mended" 0 v0
proves "it is mended" v0 "1 ord_a, 7 ord_b" ab
policy priorities.d/50-wrong.conf <<END
ord_a: one
END
untouched "refused again" v0 applied "refused again: status 3" 3 v0
proves "what its rules have given stays" v0 "1 ord_a, 7 ord_b" ab
rm /etc/xdp/priorities.d/50-wrong.conf
applied "it is taken away" 0 v0
proves "it is taken away" v0 "7 ord_b, 50 ord_a" ba
reset
applied "nothing is attached" 0 v0

section "another network namespace"
in_other xdp-loader load w0 ord_a.o ord_b.o
xdp-loader load v0 ord_a.o ord_b.o
gives ord_b 7
is "two interfaces of one index" "$(cat /sys/class/net/v0/ifindex)" \
	"$(in_other /sbin/ip -o link show w0 | sed 's/:.*//')"
applied "apply here" 0
is "here" "RECV $SENT ba:$SENT" "$(packets v0)"
is "there it is as it was" "RECV $SENT ab:$SENT" "$(other_packets)"
is "apply there" 0 "$(in_other xdp-policy apply >apply.out 2>&1
	echo $?)"
is "there" "RECV $SENT ba:$SENT" "$(other_packets)"
unload v0
applied "apply here again" 0
is "what is there has stayed" "RECV $SENT ba:$SENT" "$(other_packets)"
succeeds "unload there" in_other xdp-loader unload w0 --all
is "nothing is left" "" "$(pins)"
is "no journal" "" "$(journals)"
exit 0
