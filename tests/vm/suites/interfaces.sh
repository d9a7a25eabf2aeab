# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=lib.sh
# What is decided at the attach itself, by the preload alone: rules on an interface and the final
# word over what an application sets inside of a libxdp that is linked into it; and programs that are
# loaded already, which libxdp takes no values for. The dispatcher that libxdp has built then never
# runs: another one with the right values is attached in its place.
. ../lib.sh

need_preload
links v0 v1 v2

# What is left over of dispatchers that were never attached would be pins, or programs in the kernel.
dispatchers()
{
	bpftool prog show name xdp_dispatcher | grep -c '^[0-9]'
}

# one_each DESCRIPTION INTERFACE...: each has one dispatcher, and nothing else is there.
one_each()
{
	what=$1
	shift
	is "$what: nothing is left over" "$# $#" "$(pins | wc -l) $(dispatchers)"
}

section "rules on an interface, and tools with libxdp linked in"
reset
policy <<END
[here]
program   = ord_b
interface = v1
priority  = 5
[and the other way round there]
program            = ord_a
interface          = v2
priority           = 70
chain-call-actions = PASS TX
END
for link in v0 v1 v2; do
	succeeds "xdp-loader on $link" with xdp-loader load "$link" ord_a.o ord_b.o
done
proves "no rule for the interface" v0 "50 ord_a, 50 ord_b" ab
proves "a rule for the interface" v1 "5 ord_b, 50 ord_a" ba
proves "a rule for another one" v2 "50 ord_b, 70 ord_a" ba
is "and its actions" "70 ord_a XDP_PASS,XDP_TX" "$(chain v2 | tail -n 1)"
one_each "several programs at once" v0 v1 v2
succeeds "one more" with xdp-loader load v1 ord_c.o
proves "one more beside those" v1 "5 ord_b, 10 ord_c, 50 ord_a" bca
succeeds "one less" with xdp-loader unload v1 -i "$(program_id v1 ord_c)"
proves "one less" v1 "5 ord_b, 50 ord_a" ba
one_each "after that" v0 v1 v2
succeeds "and none" with xdp-loader unload v1 --all
is "after unload --all" "" "$(chain v1)"

reset
policy <<END
[the filter comes last here]
program   = xdpfilt_*
interface = v0
priority  = 60
END
xdp-loader load v0 ord_a.o
with xdp-filter load v0
with xdp-filter port 9431 -p udp -m dst
is "xdp-filter: its interface" "50 ord_a, 60 xdpfilt_alw_all" "$(order v0)"
is "xdp-filter: it drops last" "RECV 0 $SENT" "$(packets v0) $(counted a)"
contains "xdp-filter finds itself" "v0 \(native mode\)" "$(with xdp-filter status)"
succeeds "xdp-filter unload" with xdp-filter unload v0
proves "after xdp-filter unload" v0 "50 ord_a" a
succeeds "skb mode" with xdp-loader load -m skb v1 ord_a.o ord_b.o
proves "skb mode, nothing to change" v1 "50 ord_a, 50 ord_b" ab

section "driver and mode"
reset
policy <<END
[by driver]
program  = ord_b
driver   = veth
priority = 5
[by mode]
program  = ord_c
mode     = skb
priority = 1
END
with xdp-loader load v0 ord_a.o ord_b.o ord_c.o
proves "the driver" v0 "5 ord_b, 10 ord_c, 50 ord_a" bca
with xdp-loader load -m skb v1 ord_a.o ord_b.o ord_c.o
proves "and the mode" v1 "1 ord_c, 5 ord_b, 50 ord_a" cba
policy <<END
[by mode]
program = ord_c
mode    = skb
attach  = deny
END
fails "a mode may be denied" "Permission denied" with xdp-loader load -m skb v2 ord_c.o
is "and nothing is left" " 2" "$(chain v2) $(pins | wc -l)"
succeeds "but not the other" with xdp-loader load -m native v2 ord_c.o

section "the final word over -P and -A"
reset
policy <<END
ord_a: 70
[actions]
program            = ord_b
chain-call-actions = PASS
END
with xdp-loader load -P 3 -A XDP_PASS,XDP_DROP v0 ord_a.o
with xdp-loader load -P 4 -A XDP_PASS,XDP_DROP v0 ord_b.o
with xdp-loader load -P 5 -A XDP_PASS,XDP_DROP v0 ord_d.o
is "rules override, attribute by attribute" "4 ord_b XDP_PASS
5 ord_d XDP_DROP,XDP_PASS
70 ord_a XDP_DROP,XDP_PASS" "$(chain v0)"
is "and packets" "RECV $SENT bda:$SENT" "$(packets v0)"
one_each "overriding" v0
reset
echo "ord_a: 70" | policy
echo "priority: app files" | policy xdpswitch.conf
with xdp-loader load -P 3 v0 ord_a.o
with xdp-loader load v0 ord_b.o
proves "where the switch asks the application first" v0 "3 ord_a, 50 ord_b" ab
with xdp-loader load v1 ord_a.o
with xdp-loader load v1 ord_b.o
proves "which has not always an answer" v1 "50 ord_b, 70 ord_a" ba
reset
echo "chain-call-actions: btf" | policy xdpswitch.conf
with xdp-loader load -A XDP_DROP v0 ord_a.o
is "where only the author counts" "50 ord_a XDP_PASS" "$(chain v0)"

section "what others find later"
# The records of the hooks name the application's own value, not ours: a rule that is taken away
# gives it back.
reset
policy <<END
[here]
program   = ord_a
interface = v0
priority  = 70
END
with xdp-loader load -P 3 v0 ord_a.o
with xdp-loader load v0 ord_b.o
proves "a rule" v0 "50 ord_b, 70 ord_a" ba
is "apply has nothing to do" "" "$(xdp-policy apply v0 | grep -- '->')"
: | policy
succeeds "apply without it" xdp-policy apply v0
proves "the application's own value is back" v0 "3 ord_a, 50 ord_b" ab

section "one program on several interfaces"
reset
policy <<END
[first]
program   = ord_b
interface = v0
priority  = 5
[second]
program            = ord_b
interface          = v1
priority           = 70
chain-call-actions = PASS TX
END
for link in v0 v1 v2; do
	with xdp-loader load "$link" ord_a.o
done
with app-shared v0,v1,v2 ord_b.o >out 2>err
contains "the first" "^attach ord_b v0 rc=0" "$(cat out)"
contains "the second" "^attach ord_b v1 rc=0" "$(cat out)"
contains "the third" "^attach ord_b v2 rc=0" "$(cat out)"
proves "the first's rule" v0 "5 ord_b, 50 ord_a" ba
proves "the second's rule" v1 "50 ord_a, 70 ord_b" ab
is "and its actions" "70 ord_b XDP_PASS,XDP_TX" "$(chain v1 | tail -n 1)"
proves "the third has none" v2 "50 ord_a, 50 ord_b" ab
one_each "three interfaces" v0 v1 v2
reset
for link in v0 v1 v2; do
	with xdp-loader load "$link" ord_a.o
done
second()
{
	policy <<-END
	[second]
	program   = ord_b
	interface = v1
	priority  = 5
	END
}
second
with app-shared --prio 60 --action PASS --action DROP v0,v1,v2 ord_b.o >out 2>err
proves "an application's own value, first" v0 "50 ord_a, 60 ord_b" ab
proves "the second's rule against it" v1 "5 ord_b, 50 ord_a" ba
is "with its own actions" "5 ord_b XDP_DROP,XDP_PASS" "$(chain v1 | head -n 1)"
proves "an application's own value, third" v2 "50 ord_a, 60 ord_b" ab
reset
second
xdp-loader load v1 ord_a.o
is "detach of both" "detach ord_b v0 rc=0
detach ord_b v1 rc=0" "$(with app-shared --detach v0,v1 ord_b.o 2>/dev/null | grep '^detach')"
proves "after detach" v1 "50 ord_a" a
is "after detach, the other" "" "$(chain v0)"
one_each "after detach" v1
with app-shared --multi v0,v1 ord_a.o ord_b.o >out 2>err
proves "two at once: the first" v0 "50 ord_a, 50 ord_b" ab
proves "two at once: the second" v1 "5 ord_b, 50 ord_a, 50 ord_a" baa
reset
second
with app-shared --skb v0,v1 ord_b.o >out 2>err
with app-shared --skb v1 ord_a.o >/dev/null 2>&1
proves "skb mode" v1 "5 ord_b, 50 ord_a" ba
reset
with app-ctypes.py v0 ord_b.o >/dev/null 2>&1
with app-shared v1 ord_a.o >/dev/null 2>&1
proves "no trouble elsewhere" v0 "50 ord_b" b

section "a program that was loaded by somebody else"
reset
policy <<END
[there]
program   = ord_b
interface = v1
priority  = 5
END
xdp-loader load v0 ord_b.o
xdp-loader load v1 ord_a.o
cat >from-id.py <<'END'
import ctypes, socket, sys
xdp = ctypes.CDLL("libxdp.so.1")
xdp.xdp_program__from_id.restype = ctypes.c_void_p
prog = xdp.xdp_program__from_id(int(sys.argv[1]))
print(xdp.xdp_program__attach(ctypes.c_void_p(prog), socket.if_nametoindex(sys.argv[2]), 1, 0))
END
is "libxdp attaches it" 0 "$(with python3 from-id.py "$(program_id v0 ord_b)" v1 2>/dev/null)"
proves "the rule of the other interface" v1 "5 ord_b, 50 ord_a" ba
proves "the first is as it was" v0 "50 ord_b" b
tag=$(xdp-policy status --json v0 | sed -n 's/.*"tag": "\(.*\)",/\1/p')
xdp-loader unload v1 -i "$(program_id v0 ord_b)"
policy <<END
[by its tag]
tag       = $tag
priority  = 7
[by any tag]
tag       = *
program   = ord_a
priority  = 8
END
with python3 from-id.py "$(program_id v0 ord_b)" v1 >/dev/null 2>&1
proves "its tag is known" v1 "7 ord_b, 50 ord_a" ba
with app-shared v2 ord_a.o >/dev/null 2>&1
proves "that of a program that the application loads is not" v2 "50 ord_a" a
xdp-loader unload v2 --all
policy <<END
[there]
program   = ord_b
interface = v1
priority  = 5
END

# The same with libxdp linked in, where all that is seen of such a program is the dispatcher.
if [ -x /test/app-inside ]; then
	id=$(program_id v0 ord_b)
	xdp-loader unload v1 -i "$id"
	is "libxdp inside attaches it" "attach ord_b v1 rc=0" \
		"$(with app-inside v1 "@$id" 2>/dev/null | grep '^attach')"
	proves "the rule of the other interface, inside" v1 "5 ord_b, 50 ord_a" ba
	proves "the first is as it was, inside" v0 "50 ord_b" b
	one_each "inside" v0 v1
	cat >>/etc/xdp/priorities.conf <<-END
	[not there]
	program   = ord_b
	interface = v2
	attach    = deny
	END
	is "it may be denied" "attach ord_b v2 rc=-13" \
		"$(with app-inside v2 "@$id" 2>/dev/null | grep '^attach')"
	reset
	policy <<-END
	[not there]
	program   = ord_b
	interface = v1
	attach    = deny
	END
	xdp-loader load v1 ord_a.o
	is "so may an application's own, on the second interface" "attach ord_b v0 rc=0
attach ord_b v1 rc=-13" "$(with app-inside v0,v1 ord_b.o 2>/dev/null | grep '^attach')"
	proves "what was there stays" v1 "50 ord_a" a
	one_each "denied" v0 v1
else
	skip "a loaded program, libxdp inside" "no static libraries"
fi

section "dispatcher = required"
reset
policy <<END
[no way past it]
program    = ord_b
dispatcher = required
priority   = 5
END
xdp-loader load v0 ord_a.o
is "an application that skips the dispatcher" "attach ord_a v0 rc=-16" \
	"$(with env LIBXDP_SKIP_DISPATCHER=1 app-shared v0 ord_a.o 2>/dev/null | grep '^attach')"
is "a rule makes it join the chain" "attach ord_b v0 rc=0" \
	"$(with env LIBXDP_SKIP_DISPATCHER=1 app-shared v0 ord_b.o 2>/dev/null | grep '^attach')"
proves "beside others" v0 "5 ord_b, 50 ord_a" ba
cat >skip.py <<'END'
import ctypes, os, socket
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p
xdp = ctypes.CDLL("libxdp.so.1")
xdp.xdp_program__open_file.restype = ctypes.c_void_p
for name in "ord_b", "ord_a":
    prog = ctypes.c_void_p(xdp.xdp_program__open_file((name + ".o").encode(), None, None))
    rc = xdp.xdp_program__attach(prog, socket.if_nametoindex("v1"), 1, 0)
    print(name, rc, libc.getenv(b"LIBXDP_SKIP_DISPATCHER").decode())
END
is "the variable is there again, for the next" "ord_b 0 1
ord_a -16 1" "$(with env LIBXDP_SKIP_DISPATCHER=1 python3 skip.py 2>/dev/null)"
xdp-loader unload v1 --all
with env LIBXDP_SKIP_DISPATCHER=1 app-shared --native v1 ord_a.o >/dev/null 2>&1
contains "without a rule it is alone" "ord_a" "$(xdp-policy status v1)"
policy <<END
[no way past it]
dispatcher = required
END
contains "status says that the rule is not followed" "priorities.conf:2" "$(xdp-policy status v1)"
fails "apply cannot help it" "without libxdp's dispatcher" xdp-policy apply v1
contains "explain names the price" "price" "$(xdp-policy explain ord_a)"
/sbin/ip link set dev v1 xdpdrv off

section "another network namespace, between open and attach"
reset
policy <<END
[here]
program   = ord_b
interface = v0
priority  = 5
[there]
program   = ord_b
interface = other0
priority  = 7
END
cat >netns.py <<'END'
import ctypes, socket, subprocess, sys
xdp = ctypes.CDLL("libxdp.so.1")
xdp.xdp_program__open_file.restype = ctypes.c_void_p
def attach(prog, name):
    return xdp.xdp_program__attach(ctypes.c_void_p(prog), socket.if_nametoindex(name), 1, 0)
progs = [xdp.xdp_program__open_file(b"ord_b.o", None, None) for _ in range(2)]
print(attach(progs[0], "v0"))
assert not ctypes.CDLL(None).unshare(0x40000000)
index = int(sys.argv[1])
subprocess.run(["/sbin/ip", "link", "add", "other0", "index", str(index), "type", "veth",
                "peer", "name", "other1"], check=True)
print(attach(progs[1], "other0"))
for line in subprocess.run(["xdp-loader", "status", "other0"], capture_output=True,
                           text=True).stdout.splitlines():
    if "=>" in line:
        print(*line.split()[1:3])
xdp.xdp_program__detach(ctypes.c_void_p(progs[1]), index, 1, 0)
END
# Its number is that of another interface here.
is "interfaces have their names there" "0
0
7 ord_b" "$(with python3 netns.py "$(cat /sys/class/net/v1/ifindex)" 2>/dev/null)"
is "the one here" "5 ord_b" "$(order v0)"
xdp-loader unload v0 --all
is "nothing is left" "" "$(pins)"

section "nothing is in the way of others"
reset
mkdir -p /run/xdp
touch /run/xdp/disabled
policy <<END
[here]
program   = ord_b
interface = v0
priority  = 5
END
with xdp-loader load -P 60 v0 ord_b.o
is "switched off" "60 ord_b" "$(order v0)"
rm /run/xdp/disabled
reset
xdp-loader load v0 ord_b.o
with xdp-loader load v0 ord_a.o
proves "another's program is left alone" v0 "50 ord_a, 50 ord_b" ab

reset
exit 0
