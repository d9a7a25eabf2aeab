# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# memory 1024
# limit 1800
# at fixed addresses: see tests/vm/run
# A thousand interfaces with three programs each, without a limit raised by hand: everything is done
# and is right. How long it takes is printed, for ten interfaces before, for 150, with which files were
# once too many, for a thousand, and for the ten again beside them.
. ../chains-lib.sh

many=1000 some=150 few=10
now()
{
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}

# make_links PREFIX COUNT
make_links()
{
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	seq "$2" | sed "s/.*/link add $1& type veth peer name peer-$1&/" >links.batch
	/sbin/ip -batch links.batch
}

# timed WHAT COUNT COMMAND...: runs it, which shall succeed and say nothing on standard error.
timed()
{
	what=$1 count=$2
	shift 2
	begin=$(now)
	"$@" >timed.out 2>timed.err
	rc=$?
	ms=$(($(now) - begin))
	echo "#   $what, $count: $ms ms, $((ms / count)) ms each"
	is "$what, $count: it succeeds without a word" "0 " "$rc $(head -n 5 timed.err)"
}

# chains_of PREFIX: how often there is which chain: "1000 ord_a ord_b ord_c".
chains_of()
{
	xdp-policy status --json | python3 -c '
import collections, json, sys
chains = collections.Counter(
    " ".join(p["program"] for p in i["programs"])
    for i in json.load(sys.stdin)["interfaces"] if i["interface"].startswith(sys.argv[1]))
print(", ".join("%d %s" % (n, chain) for chain, n in sorted(chains.items())))' "$1"
}

names_of()
{
	seq "$2" | sed "s/^/$1/"
}

# commands PREFIX COUNT: load, load anew, apply, status.
commands()
{
	prefix=$1 count=$2
	# shellcheck disable=SC2046
	set -- $(names_of "$prefix" "$count")
	rm -rf /etc/xdp
	yaml "$prefix*" ord_a.o ord_b.o ord_c.o >abc.yaml
	yaml "$prefix*" ord_c.o ord_a.o ord_b.o >cab.yaml
	timed "load" "$count" xdp-policy load abc.yaml
	is "$count chains" "$count ord_a ord_b ord_c" "$(chains_of "$prefix")"
	timed "load in another order" "$count" xdp-policy load cab.yaml
	is "$count chains" "$count ord_c ord_a ord_b" "$(chains_of "$prefix")"
	gives ord_b 1 ord_c 2 ord_a 3
	timed "apply" "$count" xdp-policy apply "$@"
	is "$count chains" "$count ord_b ord_c ord_a" "$(chains_of "$prefix")"
	timed "status" "$count" xdp-policy status "$@"
}

# unload_all PREFIX COUNT
unload_all()
{
	prefix=$1 count=$2
	# shellcheck disable=SC2046
	set -- $(names_of "$prefix" "$count")
	timed "unload" "$count" xdp-policy unload "$@"
	is "no chain" "" "$(chains_of "$prefix")"
	is "nothing is left over" "" "$(journals)$(find /run/xdp-policy/retired -type f)"
}

# the_daemon PREFIX COUNT: after commands; its start, until all follow. It tells what it does, so
# standard error is not empty.
the_daemon()
{
	gives ord_a 1 ord_b 2 ord_c 3
	begin=$(now)
	xdp-policyd --once >daemon.out 2>&1
	rc=$?
	ms=$(($(now) - begin))
	echo "#   daemon from its start until all follow, $2: $ms ms, $((ms / $2)) ms each"
	is "the daemon, $2: it succeeds" 0 $rc
	is "the daemon, $2: it corrects" "$((3 * $2))" "$(grep -c "priority" daemon.out)"
	is "the daemon, $2: it has nothing else to say" "" "$(grep -v "priority" daemon.out | head -n 5)"
	is "$2 chains" "$2 ord_a ord_b ord_c" "$(chains_of "$1")"
}

# a_rename PREFIX COUNT: after the daemon; until the chain follows a rule for the new name.
a_rename()
{
	printf 'ord_a: 1\nord_b: 2\nord_c: 3\n[renamed]\nprogram = ord_c\ninterface = other0\npriority = 0\n' |
		policy
	rm -f /tmp/rename.prom
	xdp-policyd --metrics /tmp/rename.prom >daemon.out 2>&1 &
	daemon=$!
	tries=600
	until [ "$(grep -c '^xdp_policy_programs.* 3$' /tmp/rename.prom 2>/dev/null)" = "$2" ] ||
		[ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.5
	done
	begin=$(now)
	/sbin/ip link set "${1}5" name other0
	tries=3000
	until [ "$(slots other0 | sed 's/\/.*//')" = ord_c ] || [ $tries = 0 ]; do
		tries=$((tries - 1))
	done
	echo "#   a rename beside $2, until the chain follows: $(($(now) - begin)) ms"
	is "the renamed one of $2 follows its rule" "ord_c ord_a ord_b" \
		"$(slots other0 | sed 's/\/[0-9]*//g')"
	kill $daemon
	wait $daemon
	is "the daemon beside $2 ends in order" 0 $?
	is "it says nothing but what it corrects" "" "$(grep -v "priority" daemon.out | head -n 5)"
	/sbin/ip link set other0 name "${1}5"
}

sed -n 's/^Max open files/#   open files, soft and hard limit:/p' /proc/self/limits
section "$few interfaces, alone"
make_links f $few
commands f $few
the_daemon f $few
a_rename f $few
unload_all f $few

section "$some interfaces"
make_links s $some
commands s $some
unload_all s $some

section "$many interfaces"
make_links m $many
commands m $many
the_daemon m $many
a_rename m $many
grep -E 'MemAvailable|Slab' /proc/meminfo | sed 's/^/#   /'

section "$few interfaces, beside $many with chains"
commands f $few
unload_all f $few
unload_all m $many
exit 0
