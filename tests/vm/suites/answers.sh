# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# What the kernel answers where interfaces are on top of others, or their driver cannot take a
# program as it is set up; what is done about it, and said.
. ../chains-lib.sh

ip() { /sbin/ip "$@"; }

# all_off INTERFACE...: what is on top first
all_off()
{
	for link; do
		for mode in xdpgeneric xdpdrv; do
			ip link set "$link" $mode off 2>/dev/null
		done
	done
	rm -rf /etc/xdp /run/xdp-policy /sys/fs/bpf/xdp/*
}
mode_of() { ip link show "$1" | sed -n '1s/.*\(xdp[a-z]*\)[ /].*/\1/p'; }

section "a VLAN has a program, and so has what it is on"
links v0
ip link add link v0 name v0.100 type vlan id 100
ip link set v0.100 up
yaml 'v0*' ord_a.o ord_b.o >both.yaml
does "load of both" 0 load both.yaml
is "their modes" "xdp xdpgeneric" "$(mode_of v0) $(mode_of v0.100)"
printf '[b first]\ninterface = v0\norder = ord_b ord_a\n' | policy
unchanged "apply to the lower one" does "apply to the lower one" 1 apply v0
tells "the kernel's words, and what is above" \
	"Cannot attach when an upper device already has a program \(v0.100\)"
is "nobody else is accused" "" "$(grep 'somebody else' does.out)"
rm -f metrics
xdp-policyd --rescan=1 --metrics metrics >daemon.out 2>&1 &
daemon=$!
wait_for metrics 'drift{netns="",interface="v0"} 2'
contains "the daemon: drift" 'drift\{netns="",interface="v0"\} 2' "$(cat metrics)"
contains "the daemon: programs" 'programs\{netns="",interface="v0"\} 2' "$(cat metrics)"
wait_for metrics 'errors_total [1-9]'
contains "the daemon: errors" 'errors_total [1-9]' "$(cat metrics)"
is "the daemon says so once" 1 "$(grep -c 'upper device' daemon.out)"
does "unload of the upper one" 0 unload v0.100
wait_for metrics 'drift{netns="",interface="v0"} 0'
proves "then the daemon corrects the lower one" v0 "10 ord_b, 20 ord_a" ba
kill "$daemon"
wait "$daemon"
rm -rf /etc/xdp
does "load of both again" 0 load both.yaml
does "unload --all" 0 unload --all
is "unload --all takes off both" "" "$(mode_of v0)$(mode_of v0.100)$(pins)"

section "a bridge that is older than its port"
ip link add br0 type bridge
links v2
ip link set v2 master br0
ip link set br0 up
both_of()
{
	yaml br0 "$@"
	chain_of v2 "$@"
}
both_of ord_a.o ord_b.o >bridge.yaml
does "load of both" 0 load bridge.yaml
is "their modes" "xdpgeneric xdp" "$(mode_of br0) $(mode_of v2)"
both_of >none.yaml
does "load of empty chains for both" 0 load none.yaml
is "both are off" "" "$(mode_of br0)$(mode_of v2)$(pins)"
yaml br0 ord_a.o >upper.yaml
does "load of the upper one" 0 load upper.yaml
unchanged "load of both, the lower one is refused" does "load of both" 1 load bridge.yaml
tells "the kernel's words" "upper device already has a program \(br0\)"
does "unload of both" 0 unload v2 br0
is "both are off" "" "$(mode_of br0)$(mode_of v2)$(pins)"
ip link set v2 nomaster

section "a bond"
ip link add b0 type bond mode broadcast
ip link set v2 down
ip link set v2 master b0
ip link set b0 up
yaml b0 ord_a.o ord_b.o >auto.yaml
does "mode auto" 0 load auto.yaml
tells "it is said why it is skb" \
	"b0: in mode skb, since native is refused: No native XDP support for the current bonding mode"
is "it is skb" "xdpgeneric 10 ord_a, 20 ord_b" "$(mode_of b0) $(order b0)"
does "load of the same again" 0 load auto.yaml
echo 'ord_b: 5' | policy
does "apply in that mode" 0 apply b0
is "it is still skb" "xdpgeneric 5 ord_b, 10 ord_a" "$(mode_of b0) $(order b0)"
all_off b0
does "mode auto, as JSON" 0 load --json auto.yaml
tells "it is said there" '"message": "b0: in mode skb, since native is refused'
all_off b0
(yaml b0 ord_a.o ord_b.o && echo "    mode: native") >native.yaml
unchanged "mode native" does "mode native" 1 load native.yaml
tells "the kernel's words" "No native XDP support for the current bonding mode"
ip link del b0
ip link add b0 type bond mode balance-rr
ip link set v2 down
ip link set v2 master b0
ip link set b0 up
yaml v2 ord_c.o >port.yaml
does "load of its port" 0 load port.yaml
does "mode auto above that" 0 load auto.yaml
tells "the kernel's words" "since native is refused: Slave has XDP program loaded"
does "unload --all" 0 unload --all
is "both are off" "" "$(mode_of b0)$(mode_of v2)$(pins)"
ip link del b0

section "an MTU that is too large for native mode"
links v1
ip link set v1 mtu 9000
ip link set peer-v1 mtu 9000
yaml v1 ord_a.o ord_b.o >auto.yaml
does "mode auto" 0 load auto.yaml
tells "it is said why it is skb" "v1: in mode skb, since native is refused: .*MTU"
proves "mode auto" v1 "10 ord_a, 20 ord_b" ab
all_off v1
(yaml v1 ord_a.o ord_b.o && echo "    mode: native") >native.yaml
unchanged "mode native" does "mode native" 1 load native.yaml
tells "the kernel's words" "MTU"
exit 0
