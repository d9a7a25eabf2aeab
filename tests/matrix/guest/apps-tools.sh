# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source-path=SCRIPTDIR/../../vm/guest
# on bookworm 6.1
# shellcheck disable=SC2317
# The suite's xdp-tools and ip, as they are: what their chains look like without a policy, under the
# preload, with the daemon alone, and once more with the preload in /etc/ld.so.preload.
# shellcheck source=app-cells.sh
. ../app-cells.sh

# --- xdp-loader: names, an interface, and against its own -P and -A ---

loader_rules()
{
	policy <<-END
	ord_a: 30
	ord_b: 10 PASS TX
	ord_c: 40
	[the other way round there]
	program            = ord_b
	interface          = v1
	priority           = 60
	chain-call-actions = PASS DROP
	END
}
load_both()
{
	for link in v0 v1; do
		quietly "load on $link" "$@" xdp-loader load "$link" ord_a.o ord_c.o
		quietly "load on $link with -P and -A" \
			"$@" xdp-loader load -P 99 -A XDP_PASS,XDP_REDIRECT "$link" ord_b.o
	done
}
loader_without()
{
	load_both
	for link in v0 v1; do
		proves "$link" "$link" "10 ord_c, 50 ord_a, 99 ord_b" cab
		is "$link: actions" "99 ord_b XDP_PASS,XDP_REDIRECT" "$(chain "$link" | grep ord_b)"
	done
}
loader()
{
	loader_rules
	load_both "$@"
	follows "v0" v0 "10 ord_b, 30 ord_a, 40 ord_c" bac
	is "v0: actions" "10 ord_b XDP_PASS,XDP_TX" "$(chain v0 | grep ord_b)"
	follows "v1" v1 "30 ord_a, 40 ord_c, 60 ord_b" acb
	is "v1: actions" "60 ord_b XDP_DROP,XDP_PASS" "$(chain v1 | grep ord_b)"
	quietly "unload of one" "$@" xdp-loader unload v0 -i "$(program_id v0 ord_a)"
	follows "v0 after that" v0 "10 ord_b, 40 ord_c" bc
	for link in v0 v1; do
		quietly "unload --all of $link" "$@" xdp-loader unload "$link" --all
	done
	is "nothing is left" "" "$(pins)"
}

# --- xdp-filter drops what ord_a counts, before it or after it ---

filter_load()
{
	quietly "xdp-loader" "$@" xdp-loader load v0 ord_a.o
	quietly "load" "$@" xdp-filter load v0
	quietly "a port" "$@" xdp-filter port 9431 -p udp -m dst
}
filter_without()
{
	filter_load
	is "status" "10 xdpfilt_alw_all, 50 ord_a" "$(order v0)"
	is "it drops first" "RECV 0 0" "$(packets v0) $(counted a)"
	# What it has counted would outlive its program.
	quietly "unload" xdp-filter unload v0
}
filter()
{
	interface_rule 'xdpfilt_*' v0 60
	filter_load "$@"
	in_time v0 "50 ord_a, 60 xdpfilt_alw_all"
	is "status" "50 ord_a, 60 xdpfilt_alw_all" "$(order v0)"
	is "it drops last" "RECV 0 $SENT" "$(packets v0) $(counted a)"
	contains "it counts what it drops" "XDP_DROP +$SENT pkts" "$("$@" xdp-filter status)"
	quietly "unload" "$@" xdp-filter unload v0
	proves "after that" v0 "50 ord_a" a
}

# --- xdpdump looks into programs of a chain, whatever order they are in ---

# How often the one in the background has gone to sleep, if it sleeps.
sleeps()
{
	grep -q '^State:.S' "/proc/$background_pid/status" &&
		sed -n 's/^voluntary_ctxt_switches:.//p' "/proc/$background_pid/status"
}

captures() # LETTERS COMMAND...
{
	letters=$1
	shift
	for point in entry exit; do
		background xdpdump "$@" xdpdump -i v0 -p ord_b --rx-capture "$point"
		wait_for xdpdump.err listening
		slept=$(sleeps)
		is "at $point: packets" "RECV $SENT $letters:$SENT" "$(packets v0)"
		# Each wakes it up. It has taken all of them when it sleeps again; no file shows that.
		tries=600
		until [ "$(sleeps)" -gt "${slept:-0}" ] || [ "$tries" = 0 ]; do
			tries=$((tries - 1))
			sleep 0.2
		done 2>/dev/null
		ends "at $point" INT
		is "at $point: captured" "$SENT" "$(grep -c "ord_b()@$point" xdpdump.out)"
		is "at $point: it says" "listening on v0, ingress XDP program ID N func ord_b, \
capture mode $point, capture size N bytes

N packets captured
N packets dropped by perf ring" "$(sed 's/\<[0-9][0-9]*\>/N/g' xdpdump.err)"
	done
}
dump_without()
{
	xdp-loader load v0 ord_a.o ord_b.o
	captures ab
	is "the chain" "50 ord_a, 50 ord_b" "$(order v0)"
}
dump()
{
	loader_rules
	quietly "xdp-loader" "$@" xdp-loader load v0 ord_a.o ord_b.o
	in_time v0 "10 ord_b, 30 ord_a"
	captures ba "$@"
	is "the chain" "10 ord_b, 30 ord_a" "$(order v0)"
}

# --- xdpdump and xdp-bench with programs of their own, which go with them ---

# own_program ORDER PACKETS AFTER: what is seen while the one in the background runs, and after it.
own_program()
{
	in_time v0 "$1"
	is "status" "$1" "$(order v0)"
	is "packets" "$2" "$(packets v0)"
	ends "it" INT
	is "its program goes with it" "$3" "$(order v0)"
}
dump_alone()
{
	background xdpdump "$@" xdpdump -i v0 --load-xdp-program
	wait_for xdpdump.err listening
}
dump_alone_without()
{
	dump_alone
	own_program "50 xdpdump" "RECV $SENT NONE:$SENT" ""
}
dump_alone_ruled()
{
	echo "xdpdump: 7" | policy
	dump_alone "$@"
	own_program "7 xdpdump" "RECV $SENT NONE:$SENT" ""
}

bench_drops()
{
	quietly "xdp-loader" "$@" xdp-loader load v0 ord_a.o
	background bench "$@" xdp-bench drop v0
}
bench_without()
{
	bench_drops
	own_program "50 ord_a, 50 xdp_basic_prog" "RECV 0" "50 ord_a"
	is "it drops behind ord_a" "$SENT" "$(counted a)"
}
bench()
{
	interface_rule xdp_basic_prog v0 5
	bench_drops "$@"
	own_program "5 xdp_basic_prog, 50 ord_a" "RECV 0" "50 ord_a"
	is "it drops before ord_a" 0 "$(counted a)"
}

# --- ip attaches by netlink itself, past any dispatcher: no rule reaches that, nor harms it ---

ip_links()
{
	interface_rule 'ord_*' v0 30
	quietly "ip link set" "$@" /sbin/ip link set dev v0 xdp obj ord_a.o sec xdp
	is "the program itself" ord_a "$(lone_program v0)"
	is "packets" "RECV $SENT a:$SENT" "$(packets v0)"
	is "xdp-policy coverage of v0" "none no-dispatcher" "$(coverage_of v0 interface)"
	fails "no chain beside it" "not using a dispatcher" "$@" xdp-loader load v0 ord_b.o
	quietly "ip link set off" "$@" /sbin/ip link set dev v0 xdp off
	is "its program is gone" "" "$(lone_program v0)"
	quietly "xdp-loader" xdp-loader load v0 ord_b.o
	fails "it does not replace a chain" "already attached" \
		"$@" /sbin/ip link set dev v0 xdp obj ord_a.o sec xdp
	is "the chain's packets" "RECV $SENT b:$SENT" "$(packets v0)"
}
ip_ruled()
{
	ip_links "$@"
	no "ip attaches past the dispatcher; see xdp-policy-preload(7)"
}

# tools_by BY COLUMN
tools_by()
{
	"$1" xdp-loader "$2" loader
	"$1" xdp-filter "$2" filter
	"$1" xdpdump "$2" dump
	"$1" "xdpdump -l" "$2" dump_alone_ruled
	"$1" xdp-bench "$2" bench
	"$1" ip "$2" ip_ruled
}

section "xdp-policy coverage"
for tool in xdp-loader xdp-filter xdpdump xdp-bench; do
	is "$tool" "full libxdp-inside" "$(coverage_of "/usr/sbin/$tool")"
done
is "ip" "none netlink-attach" "$(coverage_of /usr/bin/ip)"

cell xdp-loader without loader_without
cell xdp-filter without filter_without
cell xdpdump without dump_without
cell "xdpdump -l" without dump_alone_without
cell xdp-bench without bench_without
cell ip without ip_links
tools_by by_preload preload
tools_by by_daemon daemon

section "the whole host: nothing is started in another way than always"
succeeds "preload enable" xdp-policy preload enable
# shellcheck disable=SC2016
is "the file" '/usr/$LIB/libxdppolicy/libxdppolicy-preload.so' "$(cat /etc/ld.so.preload)"
contains "preload status: host" "^host +yes" "$(xdp-policy preload status)"
contains "preload status: interposing" "^interposing +yes" "$(xdp-policy preload status)"
is "processes say nothing of it" "" "$(env true 2>&1 >/dev/null | grep -i preload)"
tools_by by_host host-wide
section "and without it again"
succeeds "preload disable" xdp-policy preload disable
is "the file is gone" "" "$(ls /etc/ld.so.preload 2>/dev/null)"
contains "preload status: host" "^host +no" "$(xdp-policy preload status)"
reset
loader_rules
loader_without
reset
exit 0
