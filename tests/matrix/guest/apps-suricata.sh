# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source-path=SCRIPTDIR/../../vm/guest
# on sid 6.12
# shellcheck disable=SC2317
# Suricata, as the suite has it, captures by AF_XDP: by libxdp's default program for such sockets,
# which comes before other programs of the interface or, if the policy says so, after some of them.
# Rules of its own tell which letters packets had when it saw them.
# shellcheck source=app-cells.sh
. ../app-cells.sh

DIR=/tmp/suricata

# From version 8 on it takes everything off its interface when it ends, whoever has attached it.
case $(suricata -V) in
*" version 7."*) OTHERS=stay ;;
*) OTHERS=go ;;
esac

# A small one. Interface v1 is for the generic mode.
configuration()
{
	rm -rf "$DIR"
	mkdir -p "$DIR" /run/suricata
	cat >"$DIR/suricata.yaml" <<-END
	%YAML 1.1
	---
	outputs:
	  - fast:
	      enabled: yes
	      filename: fast.log
	logging:
	  outputs:
	    - console:
	        enabled: yes
	unix-command:
	  enabled: no
	af-xdp:
	  - interface: v1
	    force-xdp-mode: skb
	max-pending-packets: 64
	flow:
	  memcap: 8mb
	  hash-size: 1024
	  prealloc: 100
	stream:
	  memcap: 8mb
	  prealloc-sessions: 16
	  reassembly:
	    memcap: 8mb
	    segment-prealloc: 16
	defrag:
	  memcap: 4mb
	host:
	  memcap: 4mb
	  hash-size: 128
	  prealloc: 10
	END
	# The mark of bpf/order.h: magic, how many letters, letters, zeros.
	cat >"$DIR/rules" <<-END
	alert udp any any -> any 9431 (msg:"NONE"; content:"ORDR|00 00|"; sid:1;)
	alert udp any any -> any 9431 (msg:"a"; content:"ORDR|01|a|00|"; sid:2;)
	alert udp any any -> any 9431 (msg:"b"; content:"ORDR|01|b|00|"; sid:3;)
	END
}

# capture INTERFACE COMMAND...: one thread, since veth tells nothing of its queues.
capture()
{
	link=$1
	shift
	configuration
	background suricata "$@" suricata -c "$DIR/suricata.yaml" -S "$DIR/rules" -l "$DIR" -k none \
		--runmode single "--af-xdp=$link"
}
captures()
{
	capture "$@"
	wait_for suricata.out "Engine started"
}
# What it has captured, in the words of pkt, as soon as it is all there.
captured()
{
	wait_for "$DIR/fast.log" 9431 "$SENT"
	sed 's/.*\[\*\*\] \[[^]]*\] \([^ ]*\) \[\*\*\].*/\1/' "$DIR/fast.log" | sort | uniq -c |
		awk '{ printf "%s%s:%s", sep, $2, $1; sep = " " }'
}
silent()
{
	is "no word of ours" "" "$(grep -ai 'xdp-policy\|xdppolicy\|preload' suricata.out suricata.err)"
}

# --- it comes to a chain, sees what the programs before it let through, and goes ---

# sees INTERFACE MODE COMMAND...: what is expected is in the variables that the two functions below
# set.
sees()
{
	on=$1 mode=$2
	shift 2
	"$@" xdp-loader load -m "$mode" "$on" ord_a.o ord_b.o
	captures "$on" "$@"
	in_time "$on" "$with"
	is "status" "$with" "$(order "$on")"
	contains "mode" "^$on +xdp_dispatcher +$mode " "$(xdp-loader status "$on")"
	is "nothing comes through" "RECV 0" "$(packets "$on")"
	is "captured" "$letters:$SENT" "$(captured)"
	is "programs before it have seen that" "$seen" "$(counted a) $(counted b)"
	ends "it" INT
	silent
	contains "what it has counted" "$on: packets: $SENT, drops: 0 " "$(cat suricata.out)"
	if [ "$OTHERS" = stay ]; then
		proves "its program goes with it" "$on" "$after" "$came"
		succeeds "unload of the others" xdp-loader unload "$on" --all
	else
		proves "all programs go with it" "$on" "" NONE
	fi
	is "nothing is left" "" "$(pins)"
}
sees_without()
{
	with="20 xsk_def_prog, 50 ord_a, 50 ord_b" letters=NONE seen="0 0"
	after="50 ord_a, 50 ord_b" came=ab
	sees "$@"
}
sees_ruled()
{
	with="10 ord_b, 60 xsk_def_prog, 70 ord_a" letters=b seen="0 $SENT"
	after="10 ord_b, 70 ord_a" came=ba
	policy <<-END
	ord_a: 70
	ord_b: 10
	[only here]
	program   = xsk_def_prog
	interface = $1
	priority  = 60
	END
	sees "$@"
}

# --- another mode than its own ---

mode_without()
{
	captures v0
	contains "mode" "^v0 +xdp_dispatcher +native " "$(xdp-loader status v0)"
	is "nothing comes through" "RECV 0" "$(packets v0)"
	is "captured" "NONE:$SENT" "$(captured)"
	ends "it" INT
	is "nothing is left" "" "$(order v0)$(lone_program v0)$(pins)"
}
mode_rule()
{
	interface_rule xsk_def_prog v0 60
	echo "attach-mode = skb" >>/etc/xdp/priorities.conf
}
mode_ruled()
{
	mode_rule
	captures v0 "$@"
	contains "mode" "^v0 +xdp_dispatcher +skb " "$(xdp-loader status v0)"
	is "status" "60 xsk_def_prog" "$(order v0)"
	is "nothing comes through" "RECV 0" "$(packets v0)"
	is "captured" "NONE:$SENT" "$(captured)"
	ends "it" INT
	silent
	is "nothing is left" "" "$(order v0)$(lone_program v0)$(pins)"
}
mode_by_daemon()
{
	mode_rule
	captures v0
	in_time v0 "60 xsk_def_prog"
	is "status" "60 xsk_def_prog" "$(order v0)"
	contains "mode" "^v0 +xdp_dispatcher +native " "$(xdp-loader status v0)"
	is "captured" "NONE:$SENT" "$(packets v0 >packets.out; captured)"
	ends "it" INT
	is "nothing is left" "" "$(order v0)$(lone_program v0)$(pins)"
	no "the mode of what is attached cannot be changed; see xdp-policy(8)"
}

# --- an interface that it cannot have ---

# gives_up WHY COMMAND...
gives_up()
{
	why=$1
	shift
	capture v0 "$@"
	wait_for suricata.err "Failed to create socket" || kill "$background_pid"
	wait "$background_pid"
	is "it gives up: exit status" 1 $?
	contains "it says why" "Failed to create socket: $why" "$(cat suricata.err)"
	silent
}
refused_without()
{
	/sbin/ip link set dev v0 xdp obj ord_a.o sec xdp
	gives_up "Device or resource busy"
	was=ord_a
	[ "$OTHERS" = stay ] || was=
	is "what was there" "$was" "$(lone_program v0)"
	/sbin/ip link set dev v0 xdp off
}
deny_rule()
{
	interface_rule xsk_def_prog v0 60
	echo "attach = deny" >>/etc/xdp/priorities.conf
}
refused_by_rule()
{
	deny_rule
	gives_up "Permission denied" "$@"
	is "nothing is attached" "" "$(order v0)$(lone_program v0)$(pins)"
}
# Its program is taken from it; it runs on and has nothing to see.
taken_by_daemon()
{
	deny_rule
	start --enforce-deny
	captures v0
	in_time v0 ""
	is "its program is taken off" "" "$(order v0)$(lone_program v0)"
	is "packets pass it" "RECV $SENT NONE:$SENT" "$(packets v0)"
	ends "it" INT
	contains "it has seen none" "v0: packets: 0, drops: 0 " "$(cat suricata.out)"
	is "nothing is left" "" "$(order v0)$(lone_program v0)$(pins)"
	stop "afterwards"
}

section "xdp-policy coverage"
is "suricata" "full shared-libxdp" "$(coverage_of /usr/bin/suricata)"

cell suricata without sees_without v0 native
by_preload suricata preload sees_ruled v0 native
by_daemon suricata daemon sees_ruled v0 native
cell suricata-skb without sees_without v1 skb
by_preload suricata-skb preload sees_ruled v1 skb
by_daemon suricata-skb daemon sees_ruled v1 skb
cell suricata-mode without mode_without
by_preload suricata-mode preload mode_ruled
by_daemon suricata-mode daemon mode_by_daemon
cell suricata-deny without refused_without
by_preload suricata-deny preload refused_by_rule
cell suricata-deny daemon taken_by_daemon
reset
exit 0
