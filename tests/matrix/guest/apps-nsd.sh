# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source-path=SCRIPTDIR/../../vm/guest
# on sid 6.12
# shellcheck disable=SC2317
# NSD answers queries by AF_XDP, too. It sets LIBXDP_SKIP_DISPATCHER for itself: its program stands
# alone, or not at all where there is a chain; with 'dispatcher = required' it joins the chain.
# shellcheck source=dns.sh
. ../dns.sh

NSD=/tmp/nsd
# as the kernel cuts the name
PROGRAM=xdp_dns_redirec

echo "nsd:x:200:200::/:/bin/false" >>/etc/passwd
echo "nsd:x:200:" >>/etc/group
mkdir -p $NSD
chown nsd $NSD
cat >$NSD/conf <<END
server:
	ip-address: 10.9.0.1
	server-count: 1
	xdp-interface: v0
	xdp-program-path: /usr/lib/bpf/nsd/xdp-dns-redirect_kern.o
	xdp-program-load: yes
	zonesdir: $NSD
	zonelistfile: $NSD/list
	xfrdir: $NSD
	database: ""
	verbosity: 2
	pidfile: $NSD/pid
remote-control:
	control-enable: no
zone:
	name: example
	zonefile: $ZONE
END

nsd_rules()
{
	policy <<-END
	xdp_dns_redirect: 30 PASS
	ord_a: 40
	ord_c: 10
	END
}

# answers COMMAND...: it starts and answers. It looks for its sockets in its own time, and until then
# it is asked in vain.
answers()
{
	background nsd "$@" nsd -d -c "$NSD/conf"
	wait_for nsd.err "xdp: using socket\|disabling XDP\|nsd started"
	tries=60
	until [ "$(asked)" = 192.0.2.7 ] || [ "$tries" = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	is "its answer" 192.0.2.7 "$(asked)"
}
# What it has said, without times, processes and ids. Who is first of its processes is up to chance,
# and one may say something while another has not ended its line yet.
said()
{
	sed -E 's/\[[0-9]{4}-[^]]*\] */\n/g; s/[0-9]+/N/g' nsd.err | sed '/^$/d' | sort -u
}

alone()
{
	answers "$@"
	is "what is attached" "$PROGRAM" "$(lone_program v0)"
	is "xdp-policy coverage of the process" "none skips-dispatcher" \
		"$(coverage_of "$background_pid")"
	is "xdp-policy coverage of v0" "none no-dispatcher" "$(coverage_of v0 interface)"
	ends "nsd" TERM
	is "its program goes with it" "" "$(lone_program v0)"
	said >nsd.alone
	"$@" xdp-loader load v0 ord_a.o
	in_time v0 "$chain_of_a"
	answers "$@"
	contains "beside a chain it does without" "disabling XDP" "$(said)"
	is "the chain is what it was" "$chain_of_a" "$(order v0)"
	ends "nsd" TERM
	said >nsd.beside
	xdp-loader unload v0 --all
}
without()
{
	chain_of_a="50 ord_a"
	alone env
	cp nsd.alone nsd.beside /tmp
}
ruled()
{
	nsd_rules
	chain_of_a="40 ord_a"
	alone "$@"
	same "alone it says what it says without us" /tmp/nsd.alone nsd.alone
	same "beside a chain, too" /tmp/nsd.beside nsd.beside
	no "nsd skips the dispatcher; see priorities.conf(5)"
}

required()
{
	nsd_rules
	policy priorities.d/nsd.conf <<-END
	[nsd in a chain]
	program    = xdp_dns_redirect
	dispatcher = required
	END
	answers "$@"
	is "alone in its chain" "30 xdp_dns_redirect XDP_PASS" "$(chain v0)"
	is "xdp-policy coverage of v0" "full attached-by-preload" "$(coverage_of v0 interface)"
	"$@" xdp-loader load v0 ord_a.o
	"$@" xdp-loader load v0 ord_c.o
	is "others join it" "10 ord_c, 30 xdp_dns_redirect, 40 ord_a" "$(order v0)"
	is "its answer, in the chain" 192.0.2.7 "$(asked)"
	ends "nsd" TERM
	contains "it could not take its program off" "failed to detach xdp program" "$(said)"
	is "the price: it stays" "10 ord_c, 30 xdp_dns_redirect, 40 ord_a" "$(order v0)"
	succeeds "xdp-loader unload of it" \
		xdp-loader unload v0 -i "$(program_id v0 xdp_dns_redirect)"
	is "the chain without it" "10 ord_c, 40 ord_a" "$(order v0)"
	answers "$@"
	is "it joins a chain that is there" "10 ord_c, 30 xdp_dns_redirect, 40 ord_a" "$(order v0)"
	ends "nsd" TERM
	xdp-loader unload v0 --all
	is "nothing is left" "" "$(pins)"
}

section "xdp-policy coverage"
is "nsd" "none skips-dispatcher" "$(coverage_of /usr/sbin/nsd)"

cell nsd without without
by_preload nsd preload ruled
by_daemon nsd daemon ruled
by_preload nsd required required
reset
exit 0
