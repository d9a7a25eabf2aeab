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

# The object of ord_b, or of one that moves the packet's head, too; see resizing.
b=ord_b.o

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

# attach_all APPLICATION [with]
attach_all()
{
	app=$1
	shift
	case $app in
	xdp-loader)
		"$@" xdp-loader load v0 ord_a.o "$b" ord_c.o >app.out 2>&1 || cat app.out
		;;
	*)
		"$@" "$app" --prio 50 --action PASS v0 ord_a.o >app.out 2>&1 || cat app.out
		"$@" "$app" v0 ord_b.o ord_c.o >app.out 2>&1 || cat app.out
		;;
	esac
}
attach_one_more()
{
	case $1 in
	xdp-loader) xdp-loader load v0 ord_d.o ;;
	*) "$1" v0 ord_d.o ;;
	esac
}

by_preload()
{
	attach_all "$1"
	proves "no policy" v0 "$OWN" cab
	unload v0
	rules
	attach_all "$1" with
	ruled "preload" v0 "$WANTED" bac
	actions_of_b
	succeeds "unload --all" xdp-loader unload v0 --all
	is "nothing is left" "" "$(pins)"
}
by_apply()
{
	attach_all "$1"
	rules
	applied "apply" 0 v0
	ruled "apply" v0 "$WANTED" bac
	actions_of_b
	succeeds "the application extends that" attach_one_more "$1"
	proves "extended" v0 "$WANTED, 60 ord_d" bacd
	succeeds "unload --all" xdp-loader unload v0 --all
	is "nothing is left" "" "$(pins)"
}
by_daemon()
{
	rules
	daemon daemon_corrects "$1"
}
daemon_corrects()
{
	attach_all "$1"
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
	tries=600
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

# below_socket APPLICATION COMMAND...: the COMMAND attaches what the APPLICATION comes to.
below_socket()
{
	xsk=$1
	shift
	"$@" v0 ord_a.o ord_b.o >app.out 2>&1 || cat app.out
}
open_socket()
{
	rm -f xsk.out
	"$@" "$xsk" v0 "$SENT" 60 >xsk.out 2>xsk.err &
	xsk_pid=$!
	wait_for xsk.out '^ready\|rc=-' || cat xsk.err
}
XSK_OWN="20 xsk_def_prog, 50 ord_a, 50 ord_b"
XSK_WANTED="50 ord_a, 50 ord_b, 90 xsk_def_prog"
# xsk_receives DESCRIPTION ORDER LETTERS: and it ends, with its program.
xsk_receives()
{
	tries=600
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
	below_socket "$@"
	open_socket
	xsk_receives "no policy" "$XSK_OWN" NONE
	xsk_rule
	open_socket with
	xsk_receives "preload" "$XSK_WANTED" ab
}
xsk_by_apply()
{
	below_socket "$@"
	open_socket
	xsk_rule
	applied "apply" 0 v0
	xsk_receives "apply" "$XSK_WANTED" ab
}
xsk_by_daemon()
{
	xsk_rule
	below_socket "$@"
	daemon xsk_corrected
}
xsk_corrected()
{
	open_socket
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

app_by_interface()
{
	interface_rule ord_b 5
	with "$1" --prio 70 v0 ord_b.o >app.out 2>&1 || cat app.out
	with "$1" v0 ord_a.o >app.out 2>&1 || cat app.out
	with "$1" v1 ord_a.o ord_b.o >app.out 2>&1 || cat app.out
	ruled "the rule's interface" v0 "5 ord_b, 50 ord_a" ba
	ruled "the other interface" v1 "50 ord_a, 50 ord_b" ab
	unload v0
	unload v1
	policy <<-END
	[first]
	program   = ord_b
	interface = v0
	priority  = 5
	[second]
	program   = ord_b
	interface = v1
	priority  = 70
	END
	"$1" v0,v1 ord_a.o >app.out 2>&1 || cat app.out
	with "$1" v0,v1 ord_b.o >app.out 2>&1 || cat app.out
	ruled "one program on two interfaces, the first" v0 "5 ord_b, 50 ord_a" ba
	ruled "one program on two interfaces, the second" v1 "50 ord_a, 70 ord_b" ab
}
loader_by_interface()
{
	interface_rule ord_b 5
	echo "chain-call-actions = PASS TX" >>/etc/xdp/priorities.conf
	with xdp-loader load -P 70 -A XDP_DROP v0 "$b" >app.out 2>&1 || cat app.out
	with xdp-loader load v0 ord_a.o >app.out 2>&1 || cat app.out
	with xdp-loader load v1 ord_a.o "$b" >app.out 2>&1 || cat app.out
	ruled "the rule's interface" v0 "5 ord_b, 50 ord_a" ba
	is "against -A" "5 ord_b XDP_PASS,XDP_TX" "$(chain v0 | grep ord_b)"
	ruled "the other interface" v1 "50 ord_a, 50 ord_b" ab
}
filter_by_interface()
{
	interface_rule 'xdpfilt_*' 60
	xdp_filter with
	filter_last
}
xsk_by_interface()
{
	interface_rule xsk_def_prog 90
	below_socket "$@"
	open_socket with
	xsk_receives "the rule's interface" "$XSK_WANTED" ab
}

# --- chains of our own, which the suite's tools take for theirs ---

# The order of a chain file is that of its list.
LOADED="10 ord_a, 20 ord_b, 30 ord_c"
load_chain()
{
	yaml v0 ord_a.o "$b" ord_c.o >chain.yaml
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
	if [ "$b" = ord_b.o ] || libxdp_takes_resizing; then
		succeeds "xdp-loader extends it" with xdp-loader load v0 ord_d.o
		ruled "extended" v0 "10 ord_b, 20 ord_d, 30 ord_a, 40 ord_c" bdac
		succeeds "xdp-loader takes one off" xdp-loader unload v0 \
			-i "$(program_id v0 ord_d)"
	else
		# It takes another dispatcher, of its own.
		fails "xdp-loader cannot extend it" "attach program ord_b to dispatcher" \
			xdp-loader load v0 ord_d.o
		fails "nor with the preload" "attach program ord_b to dispatcher" \
			with xdp-loader load v0 ord_d.o
		fails "and takes none off" "attach program ord_b to dispatcher" \
			xdp-loader unload v0 -i "$(program_id v0 ord_a)"
	fi
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

# --- programs that move the head of the packet ---

# From Linux 6.12 on no program that changes packets can take the place of one that does not, such as
# a slot in the dispatcher of libxdp before 1.6.
RESIZING="libxdp cannot attach it on this kernel, with or without the policy;\
 see xdp-policy-preload(7), VERSIONS"

# Whether libxdp of this suite can attach such a program on this kernel.
libxdp_takes_resizing()
{
	xdp-loader load v1 ord_a.o
	dispatcher=$(dispatcher_version v1)
	unload v1
	case $(uname -r),$dispatcher in
	6.1.*,* | *,v3*) true ;;
	*) false ;;
	esac
}

# resizing COMMAND...: the same with another ord_b.
resizing()
{
	b=ord_head.o
	"$@"
	b=ord_b.o
}

# resizing_by_libxdp COMMAND...: the same, if libxdp can; if not it cannot with us either.
resizing_by_libxdp()
{
	if libxdp_takes_resizing; then
		resizing "$@"
		return
	fi
	rules
	fails "without the preload" "Invalid argument|-22" xdp-loader load v0 ord_head.o ord_a.o
	fails "with the preload" "Invalid argument|-22" with xdp-loader load v0 ord_head.o ord_a.o
	is "nothing is attached" "" "$(order v0)$(pins)"
	no "$RESIZING"
}

section "what there is"
for file in /usr/lib/x86_64-linux-gnu/libxdp.so.1.* /usr/lib/x86_64-linux-gnu/libbpf.so.1.*; do
	echo "#   ${file##*/}"
done

ways=$(sed -n 's/.*\<ways=\([^ ]*\).*/\1/p' /proc/cmdline)
for way in $(echo "${ways:-preload,interface,apply,daemon}" | tr , ' '); do
	case $way in
	interface) by_loader=loader_by_interface by_app=app_by_interface ;;
	*) by_loader=by_$way by_app=by_$way ;;
	esac
	cell xdp-loader $way $by_loader xdp-loader
	cell app-shared $way $by_app app-shared
	cell xdp-filter $way "filter_by_$way"
	cell AF_XDP $way "xsk_by_$way" app-xsk xdp-loader load
	cell load $way "load_by_$way"
	cell resizing $way resizing_by_libxdp $by_loader xdp-loader
	cell load-resizing $way resizing "load_by_$way"
	# What has libxdp linked in needs a static library, where it is built.
	for app in app-inside app-xsk-inside; do
		[ -x "../$app" ] || skip "$app: $way" "no static libxdp where it was built"
	done
	[ ! -x ../app-inside ] || cell app-inside $way $by_app app-inside
	[ ! -x ../app-xsk-inside ] || cell AF_XDP-inside $way "xsk_by_$way" app-xsk-inside app-inside
done
reset
exit 0
