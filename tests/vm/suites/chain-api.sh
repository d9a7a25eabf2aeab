# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=live.sh
# xdp_policy__attach_chain() in C and C++: objects by path and open, programs by pin and descriptor;
# what it changes, what it keeps, and that a failure changes nothing. Orders are proved by packets.
. ../live.sh

if ! command -v chain-api >/dev/null; then
	skip "the library's chains" "nothing is installed"
	exit 0
fi
links v0 v1

# call ARGUMENT...: its first line in answer, the programs in ids, and what the log says in said.
call()
{
	chain-api "$@" >api.out 2>&1
	answer=$(sed -n 1p api.out)
	ids=$(sed -n '2s/^IDS *//p' api.out)
	said=$(sed 1,2d api.out | grep -v '^MAP ')
}

# answers DESCRIPTION RC ARGUMENT...: nothing is to be said of a success
answers()
{
	what=$1 expected=$2
	shift 2
	call "$@"
	is "$what" "RC $expected - -1" "$answer$said"
}

# refuses DESCRIPTION ERROR PROGRAM PATTERN ARGUMENT...: and all is as before
refuses()
{
	what=$1 expected="$2 $3" pattern=$4
	shift 4
	before="$(attached v0) $(slots v0) $(find /sys/fs/bpf | sort)"
	call "$@"
	contains "$what" "^RC -[0-9]+ $expected$" "$answer"
	contains "$what: the reason" "$pattern" "$said"
	is "$what: no program runs" "" "$(echo "$ids" | tr -d '0 ')"
	is "$what: all is as before" "$before" \
		"$(attached v0) $(slots v0) $(find /sys/fs/bpf | sort)"
}

# An object without priorities of its author: the array's order counts.
section "by the path of an object"
reset
answers "three programs" 1 v0 file:ord_a.o file:ord_b.o file:ord_c.o
is "their ids" "$(slots v0)" "$ids"
proves "three programs" v0 "10 ord_a, 20 ord_b, 30 ord_c" abc
first=$(attached v0)
answers "the same again" 0 v0 file:ord_a.o file:ord_b.o file:ord_c.o
is "the same again: their ids" "$(slots v0)" "$ids"
is "the same again: the same dispatcher" "$first" "$(attached v0)"
programs=$(programs v0)
answers "another order, by index" 1 -i v0 file:ord_c.o file:ord_a.o file:ord_b.o
proves "another order" v0 "10 ord_c, 20 ord_a, 30 ord_b" cab
is "another order: the same programs" "$programs" "$(programs v0)"
counted=$(counted a)
answers "one is replaced" 1 v0 file:ord_d.o file:ord_a.o
proves "one is replaced" v0 "10 ord_d, 20 ord_a" da
is "what stays goes on counting" "$((counted + SENT))" "$(counted a)"
answers "priorities of its own, and actions" 1 v0 file:ord_a.o,priority=40,actions=6 \
	file:ord_b.o,priority=30
is "priorities of its own, and actions" "30 ord_b XDP_PASS
40 ord_a XDP_DROP,XDP_PASS" "$(chain v0)"
answers "several programs in an object" 1 v0 file:ord_pair.o,program=ord_h \
	file:ord_pair.o,program=ord_g
proves "several programs in an object" v0 "10 ord_h, 20 ord_g" hg
sum=$(sha256sum ord_a.o | cut -d ' ' -f 1)
answers "by section and sum" 1 v0 "file:ord_a.o,section=xdp,sha256=$sum"
proves "by section and sum" v0 "10 ord_a" a
answers "nothing takes it off" 1 v0
is "nothing takes it off" "  " "$(attached v0) $(chain v0) $(pins)"
answers "nothing again" 0 v0
answers "skb mode" 1 -m 2 v0 file:ord_b.o
contains "skb mode" "xdpgeneric" "$(/sbin/ip link show dev v0)"
is "skb mode: packets" "RECV $SENT b:$SENT" "$(packets v0)"
call v0

section "beside others"
reset
xdp-loader load v0 ord_a.o
refuses "a program of somebody else" "File exists" -1 "ord_a.*expected none; foreign says" v0 file:ord_b.o
answers "add" 1 -a v0 file:ord_b.o,priority=60
proves "add" v0 "50 ord_a, 60 ord_b" ab
answers "keep" 1 -k v0 file:ord_c.o,priority=5
proves "keep" v0 "5 ord_c, 50 ord_a" ca
answers "a dry run of nothing" 1 -n -k v0
answers "taken off is what was put on" 1 -k v0
proves "taken off" v0 "50 ord_a" a
answers "a dry run" 1 -n -r v0 file:ord_b.o
proves "a dry run" v0 "50 ord_a" a
answers "replace" 1 -r v0 file:ord_b.o
proves "replace" v0 "10 ord_b" b
call v0

section "an object that is open"
reset
answers "open" 1 v0 open:ord_b.o file:ord_a.o
proves "open" v0 "10 ord_b, 20 ord_a" ba
map=$(sed -n 's/^MAP cnt_b //p' api.out)
is "its map is the program's" "$map" "$(bpftool -j prog show name ord_b |
	sed 's/.*"map_ids":\[\([0-9]*\).*/\1/')"
answers "open again: its map comes with it" 1 v0 open:ord_b.o file:ord_a.o
contains "open again: another map" "^MAP cnt_b [0-9]+$" "$(grep -v "^MAP cnt_b $map$" api.out)"
map=$(sed -n 's/^MAP cnt_b //p' api.out)
answers "a shared map goes to the successor" 1 -s cnt_b v0 open:ord_b.o
is "a shared map goes to the successor" "MAP cnt_b $map" "$(grep '^MAP cnt_b' api.out)"
call v0

section "a program that is loaded already"
reset
call v1 file:ord_a.o file:ord_b.o
bpftool prog pin id "$(program_id v1 ord_a)" /sys/fs/bpf/mine-a
bpftool prog pin id "$(program_id v1 ord_b)" /sys/fs/bpf/mine-b
a=$(program_id v1 ord_a) b=$(program_id v1 ord_b)
call v1
is "v1 is free" "" "$(chain v1)"
answers "by pin and descriptor" 1 v0 pin:/sys/fs/bpf/mine-b fd:/sys/fs/bpf/mine-a
is "by pin and descriptor: these programs" "ord_b/$b ord_a/$a" "$(slots v0)"
proves "by pin and descriptor" v0 "10 ord_b, 20 ord_a" ba
answers "a pin beside an object" 1 v0 file:ord_c.o pin:/sys/fs/bpf/mine-b
proves "a pin beside an object" v0 "10 ord_c, 20 ord_b" cb
refuses "a program of type XDP" "Invalid argument" 1 \
	"found a program of type xdp, expected EXT" v0 file:ord_a.o xdp:ord_b.o
refuses "a pin that is not there" "No such file or directory" 0 "/sys/fs/bpf/none" \
	v0 pin:/sys/fs/bpf/none
call v0
rm /sys/fs/bpf/mine-a /sys/fs/bpf/mine-b

section "what fails changes nothing"
reset
answers "a chain" 1 v0 file:ord_a.o file:ord_b.o
proves "a chain" v0 "10 ord_a, 20 ord_b" ab
refuses "an object that is not there" "No such file or directory" 1 "none.o" \
	v0 file:ord_c.o file:none.o
refuses "an object of another program type" "Invalid argument" 0 "ord_tc.o: found no program in it that can be attached" \
	v0 file:ord_tc.o
refuses "which program it is" "Invalid argument" 0 "several XDP programs in it" v0 file:ord_pair.o
refuses "another sum" "Bad message" 0 "found SHA-256 sum" v0 "file:ord_c.o,sha256=$sum"
head -c 3000 ord_c.o >short.o
refuses "half of an object" "Exec format error" 0 "short.o" v0 file:short.o
cp ord_c.o open.o
chmod 666 open.o
refuses "an object that others can write to" "Operation not permitted" 0 "open.o" v0 file:open.o
refuses "eleven programs" "Argument list too long" 10 "found 11 programs, expected at most 10" \
	v0 file:ord_a.o file:ord_b.o file:ord_c.o file:ord_d.o file:ord_e.o file:ord_f.o \
	file:ord_pair.o,program=ord_g file:ord_pair.o,program=ord_h file:ord_long.o \
	file:ord_frags.o file:ord_sock.o
refuses "another mode" "Device or resource busy" -1 "mode native, expected skb" \
	-m 2 v0 file:ord_c.o
refuses "no mode that a card has" "Operation not supported" -1 "found mode hw" \
	-m 3 v0 file:ord_c.o
refuses "an interface that is not there" "No such device" -1 "v9" v9 file:ord_c.o
python3 -c 'import fcntl, time
lock = open("/run/xdp-policy/lock")
fcntl.flock(lock, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(100000)' >lock.out &
holder=$!
wait_for lock.out locked
refuses "somebody else's lock" "Connection timed out" -1 "another process has held it for 50 ms" \
	-t 50 v0 file:ord_c.o
kill $holder
wait $holder 2>/dev/null
call -l 40 v0 file:none.o
is "a log that is cut" 39 "$(printf %s "$said" | wc -c)"
proves "and the chain runs" v0 "10 ord_a, 20 ord_b" ab

section "the policy has the final word"
policy <<END
ord_b: 5 DROP PASS
END
answers "an order against the array" 1 v0 file:ord_a.o file:ord_b.o
is "an order against the array" "5 ord_b XDP_DROP,XDP_PASS
10 ord_a XDP_PASS" "$(chain v0)"
is "an order against the array: packets" "RECV $SENT ba:$SENT" "$(packets v0)"
echo "priority: app" | policy xdpswitch.conf
answers "unless the switch says app" 1 v0 file:ord_a.o file:ord_b.o
proves "unless the switch says app" v0 "10 ord_a, 20 ord_b" ab
rm /etc/xdp/xdpswitch.conf
policy <<END
[not here]
program   = ord_c
interface = v0
attach    = deny
END
refuses "a program that it denies" "Permission denied" 1 "'ord_c', which must not be attached" \
	v0 file:ord_b.o file:ord_c.o
mkdir -p /run/xdp
touch /run/xdp/disabled
answers "switched off" 1 v0 file:ord_b.o file:ord_c.o
proves "switched off" v0 "10 ord_b, 20 ord_c" bc
rm /run/xdp/disabled /etc/xdp/priorities.conf
call v0

section "in C++"
if command -v chain-api-cxx >/dev/null; then
	reset
	is "two programs" "RC 1 - -1" "$(chain-api-cxx v0 ord_a.o ord_b.o)"
	proves "the last one first" v0 "97 ord_b, 98 ord_a" ba
	is "the same again" "RC 0 - -1" "$(chain-api-cxx v0 ord_a.o ord_b.o)"
	contains "an error" "^RC -2 No such file or directory 1$" "$(chain-api-cxx v0 ord_a.o none.o)"
	is "taken off" "RC 1 - -1" "$(chain-api-cxx v0)"
	is "taken off: nothing is left" " " "$(chain v0) $(pins)"
else
	skip "a program in C++" "no C++ compiler"
fi

section "nothing is left behind"
reset
is "pins" "" "$(find /sys/fs/bpf -mindepth 2)"
is "journals" "" "$(ls -A /run/xdp-policy/journal 2>/dev/null)"
exit 0
