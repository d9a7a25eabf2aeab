# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=lib.sh
# What the policy changes. Every order is proved twice: by what xdp-loader status shows, and by the
# letters in received packets.
. ../lib.sh

need_preload
links v0 v1

section "xdp-loader"
reset
policy <<END
ord_a: 30
ord_b: 10 PASS
END
with xdp-loader load v0 ord_a.o ord_b.o ord_c.o
proves "short form, and the author's 10 for ord_c" v0 "10 ord_b, 10 ord_c, 30 ord_a" bca
succeeds "unload -i" with xdp-loader unload v0 -i "$(program_id v0 ord_b)"
proves "after unload -i" v0 "10 ord_c, 30 ord_a" ca
succeeds "unload --all" with xdp-loader unload v0 --all
is "after unload --all" " " "$(chain v0) $(pins)"

reset
policy <<END
ord_b: 10
ord_*: 20 PASS DROP
ord_a: 30
END
with xdp-loader load v0 ord_a.o ord_b.o ord_c.o
is "a later rule overrides, attribute by attribute" "20 ord_b XDP_DROP,XDP_PASS
20 ord_c XDP_DROP,XDP_PASS
30 ord_a XDP_DROP,XDP_PASS" "$(chain v0)"
is "a later rule overrides: packets" "RECV $SENT bca:$SENT" "$(packets v0)"

reset
policy <<END
ord_h: 5
ord_l_longer_than_15: 7
END
with xdp-loader load v0 ord_pair.o
with xdp-loader load v0 ord_pair.o -n ord_h
with xdp-loader load v0 ord_long.o
proves "two programs in an object, a long name" v0 \
	"5 ord_h, 7 ord_l_longer_than_15, 50 ord_g" hlg

reset
echo "ord_a: 70" | policy
succeeds "xdp-policy run" xdp-policy run -- xdp-loader load v0 ord_a.o ord_b.o
proves "xdp-policy run" v0 "50 ord_b, 70 ord_a" ba

section "xdp-filter"
# What the filter drops is only counted by programs that ran before it.
reset
xdp-loader load v0 ord_a.o
xdp-filter load v0
xdp-filter port 9431 -p udp -m dst
is "without a policy it runs first" "10 xdpfilt_alw_all, 50 ord_a" "$(order v0)"
is "and drops first" "RECV 0 0" "$(packets v0) $(counted a)"
reset
echo "xdpfilt_*: 60" | policy
xdp-loader load v0 ord_a.o
with xdp-filter load v0
with xdp-filter port 9431 -p udp -m dst
is "with a policy it runs last" "50 ord_a, 60 xdpfilt_alw_all" "$(order v0)"
is "and drops last" "RECV 0 $SENT" "$(packets v0) $(counted a)"
contains "xdp-filter status" "v0 \(native mode\)" "$(with xdp-filter status)"
succeeds "xdp-filter unload" with xdp-filter unload v0
proves "after xdp-filter unload" v0 "50 ord_a" a

section "applications that set their own values"
reset
policy <<END
ord_a: 70 PASS DROP
ord_c: 60
END
with app-shared --prio 11 --action PASS --action TX v0 ord_a.o >out 2>/dev/null
contains "app-shared: its setters still succeed" "^set prio=11 rc=0" "$(cat out)"
with app-shared v0 ord_b.o ord_c.o >/dev/null 2>&1
is "app-shared: the policy's actions" "70 ord_a XDP_DROP,XDP_PASS" "$(chain v0 | tail -n 1)"
proves "app-shared" v0 "50 ord_b, 60 ord_c, 70 ord_a" bca
reset
echo "ord_a: 70" | policy
with app-shared --multi --prio 11 v0 ord_a.o ord_b.o ord_c.o >/dev/null 2>&1
proves "app-shared, three at once" v0 "11 ord_b, 11 ord_c, 70 ord_a" bca
reset
echo "ord_a: 70" | policy
with app-shared --skb v0 ord_a.o ord_b.o >/dev/null 2>&1
proves "app-shared, skb mode" v0 "50 ord_b, 70 ord_a" ba
reset
echo "ord_a: 70" | policy
is "app-shared: detach" "detach ord_a v0 rc=0" \
	"$(with app-shared --detach v0 ord_a.o 2>/dev/null | tail -n 1)"
with app-ctypes.py v0 ord_a.o >/dev/null 2>&1
with app-shared v0 ord_b.o >/dev/null 2>&1
proves "ctypes" v0 "50 ord_b, 70 ord_a" ba
reset
echo "ord_a: 70" | policy
with app-ctypes.py --prio 11 v0 ord_a.o >/dev/null 2>&1
with app-shared v0 ord_b.o >/dev/null 2>&1
proves "ctypes that sets its own priority" v0 "50 ord_b, 70 ord_a" ba
reset
echo "ord_c: 50" | policy
cat >address.py <<'END'
import ctypes, socket
xdp = ctypes.CDLL("libxdp.so.1")
xdp.xdp_program__open_file.restype = ctypes.c_void_p
def attach(interface, name, prio=None):
    prog = xdp.xdp_program__open_file(name, None, None)
    if prio:
        xdp.xdp_program__set_run_prio(ctypes.c_void_p(prog), prio)
    xdp.xdp_program__attach(ctypes.c_void_p(prog), socket.if_nametoindex(interface), 1, 0)
    return prog
closed = [attach("v0", b"ord_c.o", 11) for _ in range(6)]
for prog in closed:
    xdp.xdp_program__close(ctypes.c_void_p(prog))
print(attach("v1", b"ord_a.o") in closed)
END
is "ctypes: a program where a closed one was" True \
	"$(LD_PRELOAD="$PRELOAD ../reuse.so" python3 address.py 2>/dev/null)"
is "the closed ones have their rule" "50 ord_c" "$(order v0 | cut -d , -f 6 | cut -c 2-)"
is "the second is not taken for the first" "50 ord_a" "$(order v1)"
reset
echo "ord_a: 70" | policy
with app-plugin ../plugin.so --prio 11 v0 ord_a.o >/dev/null 2>&1
with app-shared v0 ord_b.o >/dev/null 2>&1
proves "a plug-in" v0 "50 ord_b, 70 ord_a" ba

section "conditions"
reset
policy <<END
[of one application]
executable = /test/app-*
program    = ord_a
priority   = 70
[of one file]
object     = /test/bpf/ord_b.o
priority   = 60
[of nobody here]
user       = !root
priority   = 1
END
with app-shared v0 ord_a.o ord_c.o >/dev/null 2>&1
with xdp-loader load v0 ord_a.o ord_b.o
proves "executable, object, user" v0 "10 ord_c, 50 ord_a, 60 ord_b, 70 ord_a" caba

section "AF_XDP"
xsk()
{
	rm -f xsk.out
	with app-xsk v0 "$SENT" 20 >xsk.out 2>/dev/null &
	wait_for xsk.out '^ready\|rc=-'
	seen_order=$(order v0)
	packets v0 >/dev/null
	wait $!
}
reset
xdp-loader load v0 ord_a.o ord_b.o
xsk
is "no policy: status" "20 xsk_def_prog, 50 ord_a, 50 ord_b" "$seen_order"
is "no policy: nothing runs before the socket" "RECV $SENT NONE:$SENT" "$(tail -n 1 xsk.out)"
echo "xsk_def_prog: 90" | policy
xsk
is "policy: status" "50 ord_a, 50 ord_b, 90 xsk_def_prog" "$seen_order"
is "policy: two programs run before the socket" "RECV $SENT ab:$SENT" "$(tail -n 1 xsk.out)"
is "the default program goes with the application" "50 ord_a, 50 ord_b" "$(order v0)"

section "who decides: xdpswitch.conf"
# Of ord_a, the files say 5 and the application 60; of ord_c its author says 10.
three()
{
	reset
	echo "ord_a: 5" | policy
	echo "$1" | policy xdpswitch.conf
	with app-shared --prio 60 v0 ord_a.o >/dev/null 2>&1
	with app-shared v0 ord_b.o ord_c.o >/dev/null 2>&1
}
three "priority: files cdb app btf"
proves "the host's owner overrides" v0 "5 ord_a, 10 ord_c, 50 ord_b" acb
three "priority: app"
proves "the application decides alone" v0 "50 ord_b, 50 ord_c, 60 ord_a" bca
three "priority: files app"
proves "authors' defaults never count" v0 "5 ord_a, 50 ord_b, 50 ord_c" abc
reset
echo "priority: app" | policy xdpswitch.conf
with app-ctypes.py --prio 60 v0 ord_a.o >/dev/null 2>&1
with app-shared v0 ord_b.o >/dev/null 2>&1
proves "an application by ctypes decides alone" v0 "50 ord_b, 60 ord_a" ba

section "interfaces"
reset
policy <<END
[only here]
program   = ord_b
interface = v1
priority  = 5
END
with app-shared v0 ord_a.o ord_b.o >/dev/null 2>&1
with app-shared v1 ord_a.o ord_b.o >/dev/null 2>&1
proves "the other interface" v0 "50 ord_a, 50 ord_b" ab
proves "the rule's interface" v1 "5 ord_b, 50 ord_a" ba

# libxdp cannot change a program once it is loaded: the second interface gets what the first has.
reset
policy <<END
[only here]
program   = ord_b
interface = v0
priority  = 5
END
with app-shared v0,v1 ord_b.o >out 2>/dev/null
contains "one process, two interfaces: the first" "^attach ord_b v0 rc=0" "$(cat out)"
contains "one process, two interfaces: the second" "^attach ord_b v1 rc=0" "$(cat out)"
proves "one process, the rule's interface first" v0 "5 ord_b" b

section "attach = deny"
reset
policy <<END
[not this one]
program = ord_b xsk_def_prog
attach  = deny
END
contains "app-shared" "^attach ord_b v0 rc=-13" "$(with app-shared v0 ord_b.o 2>/dev/null)"
contains "app-shared, two at once" "^attach all v0 rc=-13" \
	"$(with app-shared --multi v0 ord_a.o ord_b.o 2>/dev/null)"
contains "ctypes" "^attach ord_b v0 rc=-13" "$(with app-ctypes.py v0 ord_b.o 2>/dev/null)"
contains "a plug-in" "^attach ord_b v0 rc=-13" \
	"$(with app-plugin ../plugin.so v0 ord_b.o 2>/dev/null)"
fails "xdp-loader" "Permission denied" with xdp-loader load v0 ord_b.o
contains "AF_XDP" "^socket rc=-13" "$(with app-xsk v0 1 1 2>/dev/null)"
is "nothing is left" " " "$(chain v0) $(pins)"
contains "another program" "^attach ord_a v0 rc=0" "$(with app-shared v0 ord_a.o 2>/dev/null)"
fails "xdp-loader, beside another program" "Permission denied" with xdp-loader load v0 ord_b.o
with xdp-loader load v0 ord_c.o
proves "the others" v0 "10 ord_c, 50 ord_a" ca
succeeds "unload of another program" with xdp-loader unload v0 -i "$(program_id v0 ord_c)"
proves "after unload" v0 "50 ord_a" a
reset
policy <<END
[not here]
interface = v0
attach    = deny
END
contains "app-shared on that interface" "^attach ord_a v0 rc=-13" \
	"$(with app-shared v0 ord_a.o 2>/dev/null)"
contains "app-shared on another" "^attach ord_a v1 rc=0" "$(with app-shared v1 ord_a.o 2>/dev/null)"
fails "xdp-loader on that interface" "Permission denied" with xdp-loader load v0 ord_b.o
succeeds "xdp-loader on another" with xdp-loader load v1 ord_b.o
is "that interface" "" "$(chain v0)"
proves "another interface" v1 "50 ord_a, 50 ord_b" ab

section "chain-call-actions"
drop_first()
{
	reset
	policy <<-END
	[first]
	program            = ord_e
	priority           = 10
	chain-call-actions = $1
	END
	with xdp-loader load v0 ord_e.o ord_b.o
}
drop_first PASS
is "PASS: status" "10 ord_e XDP_PASS" "$(chain v0 | head -n 1)"
is "PASS: the chain ends after a DROP" "RECV 0 0" "$(packets v0) $(counted b)"
drop_first +DROP
is "+DROP: status" "10 ord_e XDP_DROP,XDP_PASS" "$(chain v0 | head -n 1)"
is "+DROP: the chain goes on after it" "RECV $SENT eb:$SENT $SENT" "$(packets v0) $(counted b)"
reset
policy <<END
[ends the chain]
program            = ord_a
chain-call-actions = -PASS
END
with app-shared v0 ord_a.o ord_b.o >/dev/null 2>&1
is "-PASS: the chain ends after a PASS" "RECV $SENT a:$SENT" "$(packets v0)"
# What libxdp's dispatcher does with them, and 'xdp-policy check' warns of.
reset
policy <<END
[last]
program            = ord_e
chain-call-actions = +DROP
END
with xdp-loader load v0 ord_e.o
is "of a program that is alone: no effect" "RECV 0" "$(packets v0)"
with xdp-loader load v0 ord_b.o
is "of the last program: its DROP becomes a PASS" "RECV $SENT be:$SENT" "$(packets v0)"

section "a long-running application"
reset
rm -f in out
mkfifo in
echo "ord_*: 30" | policy
with app-shared --loop v0 ord_a.o ord_b.o <in >out 2>/dev/null &
exec 3>in
wait_for out ready
echo >&3
wait_for out '^attach ord_a'
echo "ord_*: 20" | policy
echo >&3
exec 3>&-
wait $!
proves "it follows a changed policy at its next open" v0 "20 ord_b, 30 ord_a" ba

reset
exit 0
