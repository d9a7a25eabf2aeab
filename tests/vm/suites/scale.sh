# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# What a command does grows with the interfaces that it is about, and with nothing else: counted in
# system calls. Sixty interfaces need no more descriptors than one, and one grace serves them all.
. ../chains-lib.sh

if ! command -v strace >/dev/null; then
	skip "calls that grow with the work" "no strace in the guest"
	exit 0
fi

count=60
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
names()
{
	seq "$1" | sed 's/^/m/'
}

# calls CALL PATTERN COMMAND...: how many of these calls have it. What it has said is in calls.out,
# its status in calls.rc.
calls()
{
	call=$1 pattern=$2
	shift 2
	strace -f --seccomp-bpf -qq -o trace -e "trace=$call" "$@" >calls.out 2>&1
	echo $? >calls.rc
	grep -c -E -- "$pattern" trace
}
# look_at NAME...: the calls of status, but for those for memory, which is taken by the page
look_at()
{
	calls %file,%network,bpf,flock,ioctl . xdp-policy status "$@"
}
# look_at_one: at l0, with a chain that has been changed before
look_at_one()
{
	xdp-policy load l0.yaml >/dev/null 2>&1
	gives ord_b 1 ord_a 2
	xdp-policy apply l0 >/dev/null 2>&1
	rm -rf /etc/xdp
	look_at l0
	xdp-policy unload l0 >/dev/null 2>&1
}
chains()
{
	xdp-policy status --json | python3 -c '
import collections, json, sys
chains = collections.Counter(
    " ".join(p["program"] for p in i["programs"]) for i in json.load(sys.stdin)["interfaces"])
print(", ".join("%d %s" % (n, chain) for chain, n in sorted(chains.items())))'
}

section "one interface, alone"
/sbin/ip link add l0 type veth peer name q0
yaml l0 ord_a.o ord_b.o >l0.yaml
alone=$(look_at_one)
contains "status of it" "^l0 .*dispatcher" "$(cat calls.out)"

section "few descriptors"
seq $count | sed 's/.*/link add m& type veth peer name p&/' >links.batch
/sbin/ip -batch links.batch
yaml 'm*' ord_a.o ord_b.o ord_c.o >abc.yaml
yaml 'm*' ord_c.o ord_a2.o ord_b.o >cab.yaml
# with what a shell and libraries have open
# shellcheck disable=SC2317,SC3045
few()
{
	(
		ulimit -n 48
		exec "$@"
	)
}
succeeds "load" few xdp-policy load abc.yaml
is "all have their chains" "$count ord_a ord_b ord_c" "$(chains)"
succeeds "load of other chains" few xdp-policy load cab.yaml
is "all have their chains" "$count ord_c ord_a ord_b" "$(chains)"
gives ord_b 1 ord_c 2 ord_a 3
succeeds "apply" few xdp-policy apply
is "all have their chains" "$count ord_b ord_c ord_a" "$(chains)"
gives ord_b 3 ord_c 2 ord_a 1
succeeds "the daemon" few xdp-policyd --once
is "all have their chains" "$count ord_a ord_c ord_b" "$(chains)"
is "nothing is left over" "$count $count" "$(dispatchers) $(pins | wc -l)$(journals)"

section "all or nothing"
{
	yaml 'm[1-9]' ord_a.o ord_b.o ord_c.o
	chain_of 'm[1-5]?' ord_a.o ord_b.o ord_c.o
	chain_of m60 ord_a.o ord_bad.o
} >bad.yaml
before=$(chains)
state_before=$(pins | sort)
fails "one of them is refused" "m60: .*ord_bad" few xdp-policy load bad.yaml
is "none is changed" "$before" "$(chains)"
is "nothing is left over" "$state_before" "$(pins | sort)$(journals)"

section "one grace"
rm -rf /etc/xdp
is "load" 1 "$(calls membarrier . xdp-policy load abc.yaml)"
is "its status" 0 "$(cat calls.rc)"
gives ord_b 1 ord_c 2 ord_a 3
is "apply" 1 "$(calls membarrier . xdp-policy apply)"
is "its status" 0 "$(cat calls.rc)"
is "all have their chains" "$count ord_b ord_c ord_a" "$(chains)"

section "what is named is what is asked about"
# asked COMMAND...: how many messages it sends to rtnetlink, and calls of bpf() it makes; what it
# waits for is looked at as often as it takes, so the latter counts where nothing is replaced
asked()
{
	sent=$(calls sendto,bpf '^[0-9]* *sendto' xdp-policy "$@")
	echo "$1: $sent sent, $(grep -c -E 'NLM_F_DUMP|[|]0x300' trace) listings, status $(cat calls.rc)"
}
ask_about()
{
	rm -rf /etc/xdp
	asked load l0.yaml
	gives ord_b 1 ord_a 2
	asked apply l0
	asked apply l0
	echo "bpf: $(grep -c 'bpf(' trace)"
	asked unload l0 q0
	rm -rf /etc/xdp
}
beside=$(ask_about)
printf '%s\n' "$beside" | sed 's/^/#   /'
is "no listing of all" 4 "$(printf '%s\n' "$beside" | grep -c ' 0 listings, status 0$')"
# shellcheck disable=SC2046
xdp-policy unload $(names 20) >/dev/null
is "as much as beside twenty fewer" "$(ask_about)" "$beside"
xdp-policy load abc.yaml >/dev/null

section "each look costs the same"
is "as much as without any other" "$alone" "$(look_at_one)"
# shellcheck disable=SC2046
a=$(look_at $(names 20)) b=$(look_at $(names 40)) c=$(look_at $(names 60))
echo "#   calls of status: $a for 20, $b for 40, $c for 60"
is "twenty more cost what twenty more cost" "$((b - a))" "$((c - b))"
is "no bpf_link is looked at" 0 "$(grep -c BPF_LINK trace)"
# a program without a dispatcher: whether a bpf_link holds it stands in no message
/sbin/ip link add l1 type veth peer name q1
/sbin/ip link add l2 type veth peer name q2
/sbin/ip link add l3 type veth peer name q3
for link in l1 l2 l3; do
	LIBXDP_SKIP_DISPATCHER=1 xdp-loader load $link ord_a.o
done
one=$(calls bpf BPF_LINK_GET_FD_BY_ID xdp-policy status l1)
three=$(calls bpf BPF_LINK_GET_FD_BY_ID xdp-policy status l1 l2 l3)
contains "each is shown" "l3 .*no dispatcher" "$(cat calls.out)"
contains "links are looked at" "^[1-9]" "$one"
is "each is looked at once" "$one" "$three"
gives ord_a 1 ord_b 2 ord_c 3
xdp-policyd --once >/dev/null 2>&1
unload=$(calls membarrier . xdp-policy unload --all)
is "unload: one grace" 1 "$unload"
is "the others stay" "3 ord_a" "$(chains)"
is "nothing is left over" "0 0" "$(dispatchers) $(pins | wc -l)$(journals)"
exit 0
