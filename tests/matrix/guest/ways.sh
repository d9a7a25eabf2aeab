# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source-path=SCRIPTDIR/../../vm/guest
# shellcheck disable=SC2317
# under traffic: see tests/vm/boot.sh
# The same policy in three ways, on the libxdp and the tools of this suite and on this kernel:
# applications are started under the preload, or without it and then corrected by a command or by the
# daemon. Orders are proved by the letters in packets, and by what the suite's own tools and ours say.
# shellcheck source=policyd.sh
. ../policyd.sh
# shellcheck source=chains-lib.sh
. ../chains-lib.sh
# shellcheck source=cells.sh
. ../cells.sh

need_preload
need_apply

# Whether the preload gives tools with libxdp linked in what is said of an interface, and more than
# their own options.
STATIC_TOOLS_OBEY=no

# What xdp-policy status says of an interface: "10 ord_b, 50 ord_a", and what differs.
our_order()
{
	xdp-policy status --json "$1" | python3 -c '
import json, sys
chain = json.load(sys.stdin)["interfaces"][0]["programs"]
print(", ".join("%d %s%s" % (p["priority"]["live"], p["program"],
    "".join(" " + key for key in p if isinstance(p[key], dict) and p[key]["drift"]))
    for p in chain))' 2>&1
}

# ruled DESCRIPTION INTERFACE ORDER LETTERS: as the policy wants it, for everybody who looks.
ruled()
{
	follows "$@"
	is "$1: xdp-policy status" "$3" "$(our_order "$2")"
}

# What kind of dispatcher an interface has: "v2 size 124".
dispatcher_version()
{
	config "$1" | cut -d ' ' -f 1-3
}

daemon()
{
	# shellcheck disable=SC2119
	start
	"$@"
	stop "afterwards"
}

# --- applications that attach ord_a, ord_b and ord_c to an interface, each in its own way ---

OWN="10 ord_c, 50 ord_a, 50 ord_b"
WANTED="10 ord_b, 30 ord_a, 40 ord_c"
rules()
{
	policy <<-END
	ord_a: 30
	ord_b: 10 PASS TX
	ord_c: 40
	END
}
actions_of_b()
{
	is "actions" "10 ord_b XDP_PASS,XDP_TX" "$(chain v0 | grep ord_b)"
}

xdp_loader()
{
	"$@" xdp-loader load v0 ord_a.o ord_b.o ord_c.o >app.out 2>&1 || cat app.out
}
app_shared()
{
	"$@" app-shared --prio 50 --action PASS v0 ord_a.o >app.out 2>&1 || cat app.out
	"$@" app-shared v0 ord_b.o ord_c.o >app.out 2>&1 || cat app.out
}

by_preload()
{
	"$@"
	proves "no policy" v0 "$OWN" cab
	unload v0
	rules
	"$@" with
	ruled "preload" v0 "$WANTED" bac
	actions_of_b
	succeeds "unload --all" xdp-loader unload v0 --all
	is "nothing is left" "" "$(pins)"
}
by_apply()
{
	"$@"
	rules
	applied "apply" 0 v0
	ruled "apply" v0 "$WANTED" bac
	actions_of_b
	succeeds "its own tool extends that" xdp-loader load v0 ord_d.o
	proves "extended" v0 "$WANTED, 60 ord_d" bacd
	succeeds "unload --all" xdp-loader unload v0 --all
	is "nothing is left" "" "$(pins)"
}
by_daemon()
{
	rules
	daemon daemon_corrects "$@"
}
daemon_corrects()
{
	"$@"
	ruled "daemon" v0 "$WANTED" bac
	actions_of_b
}

# --- xdp-filter drops what ord_a counts, or not ---

xdp_filter()
{
	xdp-loader load v0 ord_a.o
	"$@" xdp-filter load v0 >app.out 2>&1 || cat app.out
	"$@" xdp-filter port 9431 -p udp -m dst >app.out 2>&1 || cat app.out
}
filter_first()
{
	is "no policy: its own priority" "10 xdpfilt_alw_all, 50 ord_a" "$(order v0)"
	is "no policy: it drops first" "RECV 0 0" "$(packets v0) $(counted a)"
}
filter_last()
{
	tries=60
	until [ "$(order v0)" = "50 ord_a, 60 xdpfilt_alw_all" ] || [ "$tries" = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	is "status" "50 ord_a, 60 xdpfilt_alw_all" "$(order v0)"
	is "xdp-policy status" "50 ord_a, 60 xdpfilt_alw_all" "$(our_order v0)"
	is "it drops last" "RECV 0 $SENT" "$(packets v0) $(counted a)"
	succeeds "xdp-filter unload" xdp-filter unload v0
	proves "after xdp-filter unload" v0 "50 ord_a" a
}
filter_rule()
{
	echo "xdpfilt_*: 60" | policy
}

filter_by_preload()
{
	xdp_filter
	filter_first
	xdp-filter unload v0
	unload v0
	filter_rule
	xdp_filter with
	filter_last
}
filter_by_apply()
{
	xdp_filter
	filter_first
	filter_rule
	applied "apply" 0 v0
	filter_last
}
filter_by_daemon()
{
	filter_rule
	daemon filter_corrected
}
filter_corrected()
{
	xdp_filter
	filter_last
}

# --- AF_XDP: libxdp's default program comes before the others, or after them ---

app_xsk()
{
	rm -f xsk.out
	"$@" app-xsk v0 "$SENT" 60 >xsk.out 2>xsk.err &
	xsk_pid=$!
	wait_for xsk.out '^ready\|rc=-' || cat xsk.err
}
XSK_OWN="20 xsk_def_prog, 50 ord_a, 50 ord_b"
XSK_WANTED="50 ord_a, 50 ord_b, 90 xsk_def_prog"
# xsk_receives DESCRIPTION ORDER LETTERS: and it ends, with its program.
xsk_receives()
{
	tries=60
	until [ "$(order v0)" = "$2" ] || [ "$tries" = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	is "$1: status" "$2" "$(order v0)"
	is "$1: xdp-policy status" "$2" "$(our_order v0)"
	packets v0 >/dev/null
	wait "$xsk_pid"
	is "$1: exit status" 0 $?
	is "$1: packets on its socket" "RECV $SENT $3:$SENT" "$(tail -n 1 xsk.out)"
	proves "$1: its program goes with it" v0 "50 ord_a, 50 ord_b" ab
}
xsk_rule()
{
	echo "xsk_def_prog: 90" | policy
}

xsk_by_preload()
{
	xdp-loader load v0 ord_a.o ord_b.o
	app_xsk
	xsk_receives "no policy" "$XSK_OWN" NONE
	xsk_rule
	app_xsk with
	xsk_receives "preload" "$XSK_WANTED" ab
}
xsk_by_apply()
{
	xdp-loader load v0 ord_a.o ord_b.o
	app_xsk
	xsk_rule
	applied "apply" 0 v0
	xsk_receives "apply" "$XSK_WANTED" ab
}
xsk_by_daemon()
{
	xsk_rule
	xdp-loader load v0 ord_a.o ord_b.o
	daemon xsk_corrected
}
xsk_corrected()
{
	app_xsk
	xsk_receives "daemon" "$XSK_WANTED" ab
}

# --- rules on an interface, and against what an application sets ---

interface_rule()
{
	policy <<-END
	[only here]
	program   = $1
	interface = v0
	priority  = $2
	END
}

shared_by_interface()
{
	interface_rule ord_b 5
	with app-shared --prio 70 v0 ord_b.o >app.out 2>&1 || cat app.out
	with app-shared v0 ord_a.o >app.out 2>&1 || cat app.out
	with app-shared v1 ord_a.o ord_b.o >app.out 2>&1 || cat app.out
	ruled "the rule's interface" v0 "5 ord_b, 50 ord_a" ba
	ruled "the other interface" v1 "50 ord_a, 50 ord_b" ab
}
loader_by_interface()
{
	interface_rule ord_b 5
	with xdp-loader load -P 70 v0 ord_b.o >app.out 2>&1 || cat app.out
	with xdp-loader load v0 ord_a.o >app.out 2>&1 || cat app.out
	with xdp-loader load v1 ord_a.o ord_b.o >app.out 2>&1 || cat app.out
	if [ "$STATIC_TOOLS_OBEY" = yes ]; then
		ruled "the rule's interface" v0 "5 ord_b, 50 ord_a" ba
	else
		proves "the rule's interface" v0 "50 ord_a, 70 ord_b" ab
		no "tools with libxdp linked in"
	fi
	ruled "the other interface" v1 "50 ord_a, 50 ord_b" ab
}
filter_by_interface()
{
	interface_rule 'xdpfilt_*' 60
	xdp_filter with
	if [ "$STATIC_TOOLS_OBEY" = yes ]; then
		filter_last
	else
		filter_first
		no "tools with libxdp linked in"
	fi
}
xsk_by_interface()
{
	interface_rule xsk_def_prog 90
	xdp-loader load v0 ord_a.o ord_b.o
	app_xsk with
	xsk_receives "the rule's interface" "$XSK_WANTED" ab
}

# --- chains of our own, which the suite's tools take for theirs ---

# The order of a chain file is that of its list.
LOADED="10 ord_a, 20 ord_b, 30 ord_c"
load_chain()
{
	yaml v0 ord_a.o ord_b.o ord_c.o >chain.yaml
	does "load" 0 load chain.yaml
}
load_by_preload()
{
	xdp-loader load v0 ord_a.o
	version=$(dispatcher_version v0)
	unload v0
	load_chain
	proves "no policy" v0 "$LOADED" abc
	is "a dispatcher as this libxdp has it" "$version" "$(dispatcher_version v0)"
	does "unload" 0 unload v0
	is "nothing is left" "" "$(pins)"
	rules
	echo "ord_d: 20" >>/etc/xdp/priorities.conf
	load_chain
	ruled "load" v0 "$WANTED" bac
	succeeds "xdp-loader extends it" with xdp-loader load v0 ord_d.o
	ruled "extended" v0 "10 ord_b, 20 ord_d, 30 ord_a, 40 ord_c" bdac
	succeeds "xdp-loader takes one off" xdp-loader unload v0 -i "$(program_id v0 ord_d)"
	ruled "as before" v0 "$WANTED" bac
	does "unload" 0 unload v0
	is "nothing is left" "" "$(pins)"
}
load_by_apply()
{
	load_chain
	proves "no policy" v0 "$LOADED" abc
	rules
	applied "apply" 0 v0
	ruled "apply" v0 "$WANTED" bac
	succeeds "xdp-loader takes all off" xdp-loader unload v0 --all
	is "nothing is left" "" "$(pins)"
}
load_by_interface()
{
	interface_rule ord_b 5
	load_chain
	ruled "the rule's interface" v0 "5 ord_b, 10 ord_a, 30 ord_c" bac
}
load_by_daemon()
{
	daemon load_corrected
}
load_corrected()
{
	load_chain
	rules
	ruled "daemon" v0 "$WANTED" bac
}

section "what there is"
for file in /usr/lib/x86_64-linux-gnu/libxdp.so.1.* /usr/lib/x86_64-linux-gnu/libbpf.so.1.*; do
	echo "#   ${file##*/}"
done

for way in preload interface apply daemon; do
	case $way in
	interface)
		cell xdp-loader $way loader_by_interface
		cell app-shared $way shared_by_interface
		;;
	*)
		cell xdp-loader $way "by_$way" xdp_loader
		cell app-shared $way "by_$way" app_shared
		;;
	esac
	cell xdp-filter $way "filter_by_$way"
	cell AF_XDP $way "xsk_by_$way"
	cell load $way "load_by_$way"
done
reset
exit 0
