# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=live.sh
# Chains behind dispatchers of other versions of libxdp than this machine's: they are read, and
# changed without changing their version. What is still unknown is left alone.
. ../live.sh

need_apply
links v0

# Nothing of libxdp would take all of these off.
clear_link()
{
	/sbin/ip link set dev v0 xdpdrv off
	/sbin/ip link set dev v0 xdpgeneric off
	rm -rf /sys/fs/bpf/xdp/dispatch-*
}

# The end of a configuration that only some versions have.
flags_of()
{
	case $1 in
	1) ;;
	2) echo " flags $2" ;;
	3) echo " flags $2 devbound 0" ;;
	esac
}
head_of()
{
	case $1 in
	1) echo "v1 size 84 n $2" ;;
	2) echo "v2 size 124 n $2 frags $3" ;;
	3) echo "v3 size 128 n $2 frags $3" ;;
	esac
}

for version in 1 2 3; do
	section "version $version"
	reset
	mkchain $version v0 native 10:4:ord_c.o 20:4:ord_a.o 30:6:ord_b.o 2>mkchain.out ||
		cat mkchain.out
	is "as it was made" "$(head_of $version 3 0) prio 10 20 30 actions 4 4 6$(flags_of \
		$version "0 0 0")" "$(config v0)"
	is "packets" "RECV $SENT cab:$SENT" "$(packets v0)"
	before=$(programs v0)
	gives ord_a 15 ord_b 5 ord_c 40
	xdp-policy status v0 >status.out 2>&1
	is "status: what there is to do" 1 $?
	contains "status: a priority" "ord_b.*30 -> 5" "$(cat status.out)"
	applied "apply" 0 v0
	is "the same version, size and flags" "$(head_of $version 3 0) prio 5 15 40 actions 6 4 4$(
		flags_of $version "0 0 0")" "$(config v0)"
	is "packets after apply" "RECV $SENT bac:$SENT" "$(packets v0)"
	is "the same programs" "$before" "$(programs v0)"
	is "all have pins" "3 6" "$(slots v0 | wc -w) $(find "$(pin_dir v0)" -type f | wc -l)"
	is "one dispatcher, one directory" "1 1" "$(dispatchers) $(pins | wc -l)"
	succeeds "status finds no difference" xdp-policy status v0
	applied "again" 0 v0
	says "again" "nothing to do"
	policy priorities.conf <<END
ord_b: 5
ord_c: 40
[away]
program = ord_a
attach  = deny
END
	applied "--enforce-deny" 0 --enforce-deny v0
	is "one program less" "$(head_of $version 2 0) prio 5 40 actions 6 4$(flags_of \
		$version "0 0")" "$(config v0)"
	is "packets of the others" "RECV $SENT bc:$SENT" "$(packets v0)"
	clear_link

	mkchain $version v0 skb 10:4:ord_a.o 2>mkchain.out || cat mkchain.out
	gives ord_a 9
	applied "one program alone, in skb mode" 0 v0
	is "one program alone: its version" "$(head_of $version 1 0) prio 9 actions 4$(flags_of \
		$version 0)" "$(config v0)"
	is "one program alone: packets" "RECV $SENT a:$SENT" "$(packets v0)"
	clear_link

	[ $version = 1 ] && continue
	mkchain $version v0 native 10:4:ord_frags.o 20:4:ord_frags.o 2>mkchain.out ||
		cat mkchain.out
	gives ord_m 9
	/sbin/ip link set dev peer-v0 mtu 9000
	applied "fragments" 0 v0
	is "fragments: flags" "$(head_of $version 2 1) prio 9 9 actions 4 4$(flags_of $version \
		"32 32")" "$(config v0)"
	is "fragments: packets" "RECV $SENT mm:$SENT" "$(packets v0)"
	clear_link
	/sbin/ip link set dev peer-v0 mtu 1500
done

section "what 1.3.1's own tools say"
reset
mkchain 2 v0 native 20:4:ord_a.o 30:4:ord_b.o 2>mkchain.out || cat mkchain.out
gives ord_b 10
applied "apply of version 2" 0 v0
proves "xdp-loader reads it" v0 "10 ord_b, 20 ord_a" ba
succeeds "xdp-loader load" xdp-loader load v0 ord_c.o
succeeds "xdp-loader unload --all" xdp-loader unload v0 --all
mkchain 1 v0 native 20:4:ord_a.o 30:4:ord_b.o 2>mkchain.out || cat mkchain.out
applied "apply of version 1" 0 v0
is "xdp-loader reads version 1" "10 ord_b, 20 ord_a" "$(order v0)"
succeeds "xdp-loader unload --all of version 1" xdp-loader unload v0 --all
is "nothing is left" "" "$(pins)"

section "version 4, which is not known"
mkchain 4 v0 native 10:4:ord_c.o 20:4:ord_a.o 2>mkchain.out || cat mkchain.out
gives ord_a 5
before="$(attached v0) $(find /sys/fs/bpf | sort)"
xdp-policy status v0 >status.out 2>&1
contains "status tells the version" "version 4|4.*version" "$(cat status.out)"
applied "apply: status 1" 1 v0
says "apply tells the version" "version 4|4.*version"
is "untouched" "$before" "$(attached v0) $(find /sys/fs/bpf | sort)"
is "packets" "RECV $SENT ca:$SENT" "$(packets v0)"
clear_link
exit 0
