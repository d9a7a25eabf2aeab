# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source-path=SCRIPTDIR/../../vm/guest
# on bookworm 6.1
# shellcheck disable=SC2317
# Open vSwitch, as the suite has it, forwards packets between two ports of type afxdp, to which they
# come by libxdp's default program for such sockets: before other programs of the interface or, if the
# policy says so, after them, whose letters the packets carry to the other end then.
# shellcheck source=app-cells.sh
. ../app-cells.sh

VSWITCHD=/usr/lib/openvswitch-switch/ovs-vswitchd
DATABASE=/tmp/ovs.db
RUN=/run/openvswitch

# --- a switch with a bridge br0 ---

set_up()
{
	ovs-vsctl --timeout 60 -- "$@"
}

# switch_on COMMAND...: the COMMAND comes before that of the switch.
switch_on()
{
	rm -rf "$DATABASE" "$RUN"
	mkdir -p "$RUN"
	ovsdb-tool create "$DATABASE" /usr/share/openvswitch/vswitch.ovsschema
	background database ovsdb-server "$DATABASE" "--remote=punix:$RUN/db.sock"
	database_pid=$background_pid
	wait_for_socket
	background switch "$@" "$VSWITCHD" -vconsole:warn -vnetdev_afxdp:console:info -vsyslog:off
	# Its threads need not poll all the time; the name is one before version 3.2, one since.
	succeeds "a bridge" set_up add-br br0 -- set bridge br0 datapath_type=netdev -- \
		set open_vswitch . other_config:pmd-maxsleep=500 other_config:pmd-sleep-max=500
}
wait_for_socket()
{
	tries=600
	until [ -S "$RUN/db.sock" ] || [ "$tries" = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
}
# It ends by the signal, in all columns.
switch_off()
{
	kill -TERM "$background_pid"
	wait "$background_pid" 2>/dev/null
	is "the switch ends by the signal" 143 $?
	kill "$database_pid"
	wait "$database_pid" 2>/dev/null
}

# port INTERFACE MODE
port()
{
	set_up add-port br0 "$1" -- set interface "$1" type=afxdp options:n_rxq=1 "options:xdp-mode=$2"
}

# forwards DESCRIPTION FROM TO LETTERS: from the far end of one port to that of the other.
forwards()
{
	is "$1: $2 to $3" "RECV $SENT $4:$SENT" "$(pkt "peer-$2" "peer-$3" "$SENT")"
}

# --- packets from one port to the other, and what is left when the ports go ---

# forwarding MODE COMMAND...: what is expected of v0 is in the variables that the two functions below
# set. No rule is about v1, where the switch takes off what was there in native mode, and only there.
# When a port goes it takes off whatever is left, without libxdp, so that pins stay behind.
forwarding()
{
	mode=$1
	shift
	case $mode in
	generic) loaded=skb beside="20 xsk_def_prog, 50 ord_b" left=2 ;;
	native) loaded=native beside="20 xsk_def_prog" left=3 ;;
	esac
	rm -rf /sys/fs/bpf/xdp
	xdp-loader load -m "$loaded" v1 ord_b.o
	switch_on "$@"
	quietly "port v0" port v0 "$mode"
	quietly "port v1" port v1 "$mode"
	in_time v0 "$alone"
	is "v0: the switch's program" "$alone" "$(order v0)"
	is "v1: with ord_b or instead of it" "$beside" "$(order v1)"
	quietly "ord_a beside it" "$@" xdp-loader load -m "$loaded" v0 ord_a.o
	in_time v0 "$both"
	is "v0: both" "$both" "$(order v0)"
	forwards "it forwards" v0 v1 "$letters"
	is "ord_a has seen" "$seen_by_a" "$(counted a)"
	forwards "it forwards" v1 v0 NONE
	quietly "the port goes" set_up del-port v0
	is "v0: with all that was there" "" "$(order v0)"
	is "v1: as it was" "$beside" "$(order v1)"
	switch_off
	is "v1: nothing" "" "$(order v1)"
	is "pins that are left, with a policy or without" "$left" "$(pins | wc -l)"
	rm -rf /sys/fs/bpf/xdp
}
forwarding_without()
{
	alone="20 xsk_def_prog" both="20 xsk_def_prog, 50 ord_a" letters=NONE seen_by_a=0
	forwarding "$@"
}
forwarding_ruled()
{
	alone="90 xsk_def_prog" both="50 ord_a, 90 xsk_def_prog" letters=a seen_by_a=$SENT
	interface_rule xsk_def_prog v0 90
	forwarding "$@"
}

# --- ports that cannot be had: with the policy as without, nothing of them is left ---

# refuses DESCRIPTION MODE WHY: what the log of the switch says.
refuses()
{
	contains "$1" "could not add network device v0" "$(port v0 "$2" 2>&1)"
	contains "$1: why" "$3" "$(grep -a 'netdev_afxdp|ERR' switch.out switch.err)"
	is "$1: nothing is attached" "" "$(order v0)$(lone_program v0)$(pins)"
	set_up del-port v0
	quietly "$1: the next port is added" port v1 native
	is "$1: its program" "20 xsk_def_prog" "$(order v1)"
	set_up del-port v1
	is "$1: it is gone" "" "$(order v1)$(pins)"
}
refused_without()
{
	rm -rf /sys/fs/bpf/xdp
	switch_on
	refuses "veth has no zero copy" native-with-zerocopy "Operation not supported"
	switch_off
}
rule_on_v0()
{
	policy <<-END
	[ports]
	program   = xsk_def_prog
	interface = v0
	$1
	END
}
refused_by_rule()
{
	rm -rf /sys/fs/bpf/xdp
	rule_on_v0 "attach = deny"
	switch_on "$@"
	refuses "attach = deny" native "Permission denied"
	# The switch asks the kernel for a program in the mode that it has asked for.
	rule_on_v0 "attach-mode = skb"
	refuses "attach-mode that it does not expect" native "No XDP program is loaded"
	rule_on_v0 "attach-mode = native"
	quietly "attach-mode that it expects" port v0 native
	is "its program" "20 xsk_def_prog" "$(order v0)"
	switch_off
}
# Without --enforce-deny the daemon leaves alone what is attached.
refused_by_nobody()
{
	rm -rf /sys/fs/bpf/xdp
	rule_on_v0 "attach = deny"
	switch_on
	quietly "attach = deny" port v0 native
	is "its program" "20 xsk_def_prog" "$(order v0)"
	switch_off
	no "the daemon sees programs when they are attached; see xdp-policyd(8)"
}

section "xdp-policy coverage"
is "ovs-vswitchd" "full shared-libxdp" "$(coverage_of "$VSWITCHD")"

for mode in generic native; do
	cell "ovs-$mode" without forwarding_without $mode
	by_preload "ovs-$mode" preload forwarding_ruled $mode
	by_daemon "ovs-$mode" daemon forwarding_ruled $mode
done
cell ovs-refused without refused_without
by_preload ovs-refused preload refused_by_rule
by_daemon ovs-refused daemon refused_by_nobody
reset
exit 0
