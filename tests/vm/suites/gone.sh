# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# Interfaces and network namespaces come and go under the daemon and xdp-policy watch: what they
# had goes, too, and what runs in a namespace that we do not look into stays. GONE_LINKS and
# GONE_SPACES are how many; see tests/vm/suites/churn.sh.
. ../chains-lib.sh

LOG=/tmp/daemon.log
n_links=${GONE_LINKS:-60}
n_spaces=${GONE_SPACES:-12}
ip=/sbin/ip

# eventually DESCRIPTION EXPECTED COMMAND...: what it prints becomes that, however slow the machine.
eventually()
{
	what=$1 expected=$2
	shift 2
	deadline=$(($(date +%s) + 90))
	until seen=$("$@") && [ "$seen" = "$expected" ] || [ "$(date +%s)" -ge $deadline ]; do
		sleep 0.1
	done
	is "$what" "$expected" "$seen"
}

n_programs()
{
	bpftool prog show | grep -c ' name \(ord_\|xdp_dispatcher\)'
}

n_maps()
{
	bpftool map show | grep -c ' name \(cnt_\|xdp_disp\)'
}

n_pins()
{
	pins | wc -l
}

n_records()
{
	find /run/xdp-policy/attached /run/xdp-policy/seen /run/xdp-policy/journal -type f 2>/dev/null |
		wc -l
}

# PID...: descriptors and memory of processes
costs()
{
	for pid; do
		printf '%s descriptors, %s kB; ' "$(find /proc/"$pid"/fd -type l | wc -l)" \
			"$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/"$pid"/status)"
	done
}

counts()
{
	printf 'programs %s maps %s pins %s records %s; daemon and watch: %s\n' "$(n_programs)" "$(n_maps)" \
		"$(n_pins)" "$(n_records)" "$(costs "$daemon" "$watch")"
}

fds_of()
{
	costs "$1" | cut -d ' ' -f 1
}

section "a chain that runs in a namespace of nobody's business"
links v0
other_namespace
in_other xdp-loader load w0 ord_a.o ord_b.o
is "it runs" "RECV $SENT ab:$SENT" "$(other_packets)"
$ip netns add hidden
$ip link add h0 type veth peer name peer-h0
$ip link set h0 netns hidden
nsenter --net=/run/netns/hidden $ip link set h0 up
nsenter --net=/run/netns/hidden xdp-loader load h0 ord_c.o
# a namespace without a name, that a process alone holds
nsenter --net=/run/netns/hidden sleep 100000 &
holder=$!
$ip netns del hidden
others=$(pins | sort)
is "two dispatchers' pins, none of them ours" 2 "$(n_pins)"

section "commands sweep, and leave it"
does "load: nothing to do" 0 load - <<'END'
version: 1
chains: {v0: {programs: [{object: /test/bpf/ord_d.o}]}}
END
is "load: the others' are there" "$others" "$(pins | grep -v "$(basename "$(pin_dir v0)")" | sort)"
links v1
xdp-loader load v1 ord_a.o ord_b.o
$ip link del v1
is "libxdp's pins of an interface that is gone stay" 4 "$(n_pins)"
applied "apply" 0
is "apply takes them away" "$(printf '%s\n%s' "$others" "$(pin_dir v0)" | sort)" "$(pins | sort)"
links v1
xdp-loader load v1 ord_a.o ord_b.o
$ip link del v1
does "load" 0 load - <<'END'
version: 1
chains: {v0: {programs: [{object: /test/bpf/ord_d.o}]}}
END
is "load takes them away" "$(printf '%s\n%s' "$others" "$(pin_dir v0)" | sort)" "$(pins | sort)"
links v1
xdp-loader load v1 ord_a.o ord_b.o
$ip link del v1
xdp-policyd --once >"$LOG" 2>&1
is "xdp-policyd --once takes them away" "$(printf '%s\n%s' "$others" "$(pin_dir v0)" | sort)" \
	"$(pins | sort)"

section "what is not gone"
links v1
xdp-loader load v1 ord_a.o ord_b.o
moved=$(pin_dir v1)
$ip link set v1 netns other
applied "apply" 0
succeeds "moved to another namespace: its pins stay" test -d "$moved"
in_other $ip link set v1 up
$ip link set peer-v1 netns other
in_other $ip link set peer-v1 up
is "moved to another namespace: its chain runs" "RECV $SENT ab:$SENT" "$(in_other pkt peer-v1 v1 $SENT)"
in_other $ip link del v1
applied "apply" 0
succeeds "gone there: its pins go" test ! -e "$moved"
links v1
xdp-loader load v1 ord_a.o ord_b.o
renamed=$(pin_dir v1)
$ip link set v1 down
$ip link set v1 name renamed
applied "apply" 0
succeeds "renamed: its pins stay" test -d "$renamed"
$ip link del renamed
python3 - "$renamed" <<'END' &
import ctypes, os, sys, time
# holds the dispatcher, as a libxdp does that has read its id
attr = ctypes.create_string_buffer(128)
attr[0:4] = int(sys.argv[1].rsplit("-", 1)[1]).to_bytes(4, "little")
bpf = { "x86_64": 321, "aarch64": 280 }[os.uname().machine]
fd = ctypes.CDLL(None, use_errno=True).syscall(bpf, 13, attr, 128)
open("/tmp/held", "w").write(str(fd >= 0))
time.sleep(100000)
END
reader=$!
wait_for /tmp/held True
applied "apply" 0
succeeds "somebody is reading it: its pins stay" test -d "$renamed"
kill $reader
wait $reader
applied "apply" 0
succeeds "nobody is: its pins go" test ! -e "$renamed"
mkdir -p /run/xdp-policy/journal
entry=/run/xdp-policy/journal/4026531999-77
: >$entry-999998-999999
: >"$entry-999998-$(attached v0)"
applied "apply" 0
is "a journal of a namespace that is gone, with its dispatchers" "$entry-999998-$(attached v0)" \
	"$(echo $entry-*)"
rm $entry-*
mkdir /sys/fs/bpf/xdp/dispatch-1-x /sys/fs/bpf/xdp/dispatch-01-999999 /sys/fs/bpf/xdp/dispatch-7-999999 \
	/sys/fs/bpf/xdp/others
applied "apply" 0
is "what is called otherwise stays; of a program that is not there, nothing" \
	"dispatch-01-999999 dispatch-1-x others" \
	"$(find /sys/fs/bpf/xdp -mindepth 1 -maxdepth 1 | sed 's/.*\///' | sort |
		grep -v '^dispatch-[1-9][0-9]*-[0-9]*$' | tr '\n' ' ' | sed 's/ $//')"
succeeds "of a program that is not there, nothing" test ! -e /sys/fs/bpf/xdp/dispatch-7-999999
rmdir /sys/fs/bpf/xdp/dispatch-1-x /sys/fs/bpf/xdp/dispatch-01-999999 /sys/fs/bpf/xdp/others

section "what a killed apply has left, and its interface was moved"
# in the other namespace a journal or a retired entry names the dispatcher of an interface that runs
# here now, and an interface there has its index
in_other $ip link add m0 type veth peer name peer-m0
moved_index=$(in_other $ip -o link show m0 | cut -d : -f 1)
in_other xdp-loader load m0 ord_a.o ord_b.o
in_other $ip link set m0 netns 1
$ip link set m0 up
in_other $ip link set peer-m0 netns 1
$ip link set peer-m0 up
in_other $ip link add n0 index "$moved_index" type veth peer name peer-n0
moved=$(attached m0)
moved_pins=$(find "$(echo /sys/fs/bpf/xdp/dispatch-*-"$moved")" | sort)
is "it runs here" "RECV $SENT ab:$SENT" "$(pkt peer-m0 m0 $SENT)"
mkdir -p /run/xdp-policy/retired
entry=/run/xdp-policy/journal/$(in_other stat -L -c %i /proc/self/ns/net)-$moved_index
: >"$entry-999998-$moved"
succeeds "apply there, with a journal" in_other xdp-policy apply
is "its pins stay" "$moved_pins" "$(find /sys/fs/bpf/xdp/dispatch-*-"$moved" | sort)"
is "its chain runs" "RECV $SENT ab:$SENT" "$(pkt peer-m0 m0 $SENT)"
: >"$entry-$moved-0"
succeeds "apply there, with a journal of one that was taken off" in_other xdp-policy apply
is "its pins stay then, too" "$moved_pins" "$(find /sys/fs/bpf/xdp/dispatch-*-"$moved" | sort)"
: >"/run/xdp-policy/retired/$moved_index-$moved-1"
applied "apply, with an entry of what was retired" 0 v0
is "its pins stay even so" "$moved_pins" "$(find /sys/fs/bpf/xdp/dispatch-*-"$moved" | sort)"
is "its chain runs even so" "RECV $SENT ab:$SENT" "$(pkt peer-m0 m0 $SENT)"
$ip link del m0
succeeds "apply there, when it is gone" in_other xdp-policy apply
is "then all of it goes" "" "$(find /sys/fs/bpf/xdp/dispatch-*-"$moved" /run/xdp-policy/journal \
	/run/xdp-policy/retired -mindepth 1 2>/dev/null)"
in_other $ip link del n0

section "$n_links interfaces and $n_spaces namespaces come and go under the daemon and watch"
mkdir -p $CHAINS
yaml 'veth*' /test/bpf/ord_a.o /test/bpf/ord_b.o >$CHAINS/10-pods.yaml
printf '[pods]\ninterface = veth*\nprogram = ord_b\npriority = 15\n' | policy
xdp-policy watch >watch.log 2>&1 &
watch=$!
xdp-policyd --netns all --rescan 30 >"$LOG" 2>&1 &
daemon=$!
eventually "watch and the daemon run" "daemon watch" eval \
	'cd /run/xdp-policy && find daemon watch -size +0 2>/dev/null | sort | tr "\n" " " | sed "s/ $//"'

n_attached()
{
	$ip -d link show group 7 | grep -c prog/xdp
}

# come FIRST LAST: with a chain each, and go again at once
come()
{
	for i in $(seq "$1" "$2"); do
		echo "link add veth$i group 7 type veth peer name p$i"
	done >come.batch
	$ip -batch come.batch
	tries=3000
	until [ "$(n_attached)" = $(($2 - $1 + 1)) ] || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
	[ $tries != 0 ] || is "all of $1 to $2 have a chain" $(($2 - $1 + 1)) "$(n_attached)"
	[ "$1" != 1 ] || is "a chain" "10 ord_a, 15 ord_b" "$(order veth1)"
	$ip link del group 7
}

# how many there are of all that was there before the first ones came
all_there()
{
	echo "$(n_programs) $(n_maps) $(n_pins) $(n_records)"
}

# the first ones, so that all that is needed has been opened
there=$(all_there)
come 1 10
eventually "the first ones go" "$there" all_there
before=$(counts)
echo "# before: $before"
fds="$(fds_of "$daemon") $(fds_of "$watch")"
first=11
while [ $first -le "$n_links" ]; do
	last=$((first + 39))
	come $first $((last < n_links ? last : n_links))
	first=$((last + 1))
	[ $((first % 1000)) != 11 ] || echo "# $((first - 1)) interfaces: $(counts)"
done
for i in $(seq "$n_spaces"); do
	$ip netns add "space$i"
	nsenter --net=/run/netns/"space$i" $ip link add w0 type veth peer name p0
	nsenter --net=/run/netns/"space$i" xdp-loader load w0 ord_a.o ord_b.o
	$ip netns del "space$i"
	[ $((i % 100)) != 0 ] || echo "# $i namespaces: $(counts)"
done
echo "# when all have gone: $(counts)"
eventually "programs, maps, pins and records are what they were" "$there" all_there
echo "# after: $(counts)"
both_fds()
{
	echo "$(fds_of "$daemon") $(fds_of "$watch")"
}
eventually "descriptors are as many" "$fds" both_fds
contains "the daemon says it" "removed [0-9]* dispatchers that ran nowhere" "$(cat "$LOG" watch.log)"
is "the others' pins" "$others" "$(pins | grep -v "$(basename "$(pin_dir v0)")" | sort)"
is "the others' chain runs" "RECV $SENT ab:$SENT" "$(other_packets)"
kill "$daemon" "$watch" "$holder"
wait
exit 0
