# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source-path=SCRIPTDIR/../../vm/guest
# on bookworm 6.1
# shellcheck disable=SC2317
# Knot DNS answers queries by AF_XDP, and kxdpgun sends them that way. libxdp gives them the sockets;
# their program they attach by libbpf, in the place of whatever is there. No rule gives that one a
# place in a chain, but one may deny it; else they must do with us what they do without.
# shellcheck source=dns.sh
. ../dns.sh

KNOT=/tmp/knot
# as the kernel cuts the name
PROGRAM=xdp_redirect_dn

mkdir -p $KNOT
cat >$KNOT/conf <<END
server:
    rundir: $KNOT
    user: root:root
    background-workers: 1
xdp:
    listen: v0@53
log:
  - target: stderr
    any: info
database:
    storage: $KNOT
template:
  - id: default
    storage: $KNOT
    zonefile-load: whole
    journal-content: none
    global-module: mod-stats
zone:
  - domain: example
    file: $ZONE
END

deny()
{
	policy <<-END
	[nobody replaces a chain]
	program = xdp_redirect_dn*
	attach  = deny
	END
}
knot_rules()
{
	policy <<-END
	xdp_redirect_dn*: 30 PASS
	ord_a: 40
	END
}

# serves COMMAND...: from its start to its end, beside a chain's program that was there before.
# What it said is in knotd.said, without what differs from run to run: times, processes, ids.
serves()
{
	xdp-loader load v0 ord_a.o
	background knotd "$@" knotd -c "$KNOT/conf"
	wait_for knotd.err "control, binding to"
	is "what is attached" "$PROGRAM" "$(lone_program v0)"
	is "its answer" 192.0.2.7 "$(asked)"
	contains "by AF_XDP" "^mod-stats.request-protocol\[udp4-xdp\] = 1$" \
		"$(knotc -s "$KNOT/knot.sock" stats)"
	is "xdp-policy coverage of the process" "none own-program" "$(coverage_of "$background_pid")"
	is "xdp-policy coverage of v0" "none no-dispatcher" "$(coverage_of v0 interface)"
	fails "no chain beside it" "not using a dispatcher" "$@" xdp-loader load v0 ord_b.o
	ends "knotd" TERM
	is "it leaves its program" "$PROGRAM" "$(lone_program v0)"
	sed -E 's/^[0-9TZ:+.-]+ //; s/[0-9]+/N/g' knotd.err |
		sort >knotd.said # its threads speak in any order
	clear_links
}
knotd_without()
{
	serves env
	cp knotd.said /tmp/knotd.without
}
knotd_ruled()
{
	knot_rules
	serves "$@"
	same "it says what it says without us" /tmp/knotd.without knotd.said
	no "knotd attaches past the dispatcher; see xdp-policy-preload(7)"
}
knotd_denied()
{
	deny
	xdp-loader load v0 ord_a.o
	fails "it is told so" "failed to initialize XDP interface v0@53" \
		"$@" timeout 20 knotd -c "$KNOT/conf"
	is "the chain is what it was" "50 ord_a" "$(order v0)"
	xdp-loader unload v0 --all
}

# shoots COMMAND...: with knotd at the other end, which is started without us. What it said is in
# kxdpgun.said, without what is up to the emulator: how much it sends in its second.
shoots()
{
	background knotd knotd -c "$KNOT/conf"
	wait_for knotd.err "control, binding to"
	echo "www.example. A" >queries
	succeeds "kxdpgun" in_client "$@" kxdpgun -t 1 -Q 20 -b 1 -i queries -I peer-v0 10.9.0.1
	said=$seen
	contains "all are answered" "^responded NOERROR: +2[0-9]$" "$said"
	contains "by 100 per cent" "^total replies: .*\(100(\.0+ )?%\)" "$said"
	is "its program" "$PROGRAM" "$(lone_program peer-v0 in_client)"
	ends "knotd" TERM
	printf '%s\n' "$said" | sed -E 's/[0-9.]+/N/g' >kxdpgun.said
	clear_links
}
kxdpgun_without()
{
	shoots env
	cp kxdpgun.said /tmp/kxdpgun.without
}
kxdpgun_ruled()
{
	knot_rules
	shoots "$@"
	same "it says what it says without us" /tmp/kxdpgun.without kxdpgun.said
	no "kxdpgun attaches past the dispatcher; see xdp-policy-preload(7)"
}
kxdpgun_denied()
{
	deny
	echo "www.example. A" >queries
	contains "it is told so" "failed to initialize XDP socket" \
		"$(in_client "$@" kxdpgun -t 1 -Q 20 -b 1 -i queries -I peer-v0 10.9.0.1 2>&1)"
	is "nothing is attached" "" "$(lone_program peer-v0 in_client)"
}

section "xdp-policy coverage"
for tool in knotd kxdpgun; do
	is "$tool" "none own-program" "$(coverage_of /usr/sbin/$tool)"
done

cell knotd without knotd_without
cell kxdpgun without kxdpgun_without
by_preload knotd preload knotd_ruled
by_preload kxdpgun preload kxdpgun_ruled
by_daemon knotd daemon knotd_ruled
by_daemon kxdpgun daemon kxdpgun_ruled
by_preload knotd denied knotd_denied
by_preload kxdpgun denied kxdpgun_denied
reset
exit 0
