# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=live.sh
# under traffic: see tests/vm/run
# xdp-policy apply is killed before each of its calls that changes anything, under traffic. Whatever
# it leaves behind, every packet passes all programs, the next apply works and cleans up, and what
# belongs to another network namespace stays.
. ../live.sh

need_apply
if ! command -v strace >/dev/null; then
	skip "killed at every step" "no strace in the guest"
	exit 0
fi
links v0
other_namespace

# All calls that may change something; ? is for those that an architecture does not have.
calls='bpf,flock,?link,linkat,?mkdir,mkdirat,openat,?rename,?renameat,renameat2,?rmdir,sendmsg'
calls="$calls,sendto,?unlink,unlinkat,write,membarrier"

# What only reads or fails is passed over: to be killed there is to be killed before the next. Points
# are "CALL COUNT", as strace counts each call for itself.
points()
{
	awk '{
		sub(/^[0-9]+ +/, "")
		call = $0
		sub(/\(.*/, "", call)
		count[call]++
		if (/ = -1 E/ || (call == "openat" && !/O_CREAT/))
			next
		if (call == "bpf" && /BPF_(OBJ_GET|[A-Z_]*GET_[A-Z_]*ID|MAP_LOOKUP_ELEM|[A-Z_]*QUERY)/)
			next
		print call, count[call]
	}' trace | sort -u -k 1,1 -k 2,2n
}

turn()
{
	if [ "$wanted" = bca ]; then
		wanted=abc expected="ord_a/$a ord_b/$b ord_c/$c"
		gives ord_a 10 ord_b 20 ord_c 30
	else
		wanted=bca expected="ord_b/$b ord_c/$c ord_a/$a"
		gives ord_a 30 ord_b 10 ord_c 20
	fi
}

# Everything that must hold after a point; prints what does not. Few commands: there are many points.
look()
{
	[ "$killed" = 137 ] || echo "found exit status $killed of the killed, expected 137"
	[ "$next" = 0 ] || echo "found exit status $next of the next apply: $(cat apply.out)"
	[ "$(dispatchers) $(pins | wc -l)" = "2 2" ] ||
		echo "found $(dispatchers) dispatchers, pins: $(pins | tr '\n' ' ')"
	for journal in /run/xdp-policy/journal/*; do
		[ ! -e "$journal" ] || echo "found a journal: $journal"
	done
	now=$(slots v0)
	[ "$now" = "$expected" ] || echo "found programs $now, expected $expected"
}

kill_at()
{
	turn
	strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		xdp-policy apply v0 >/dev/null 2>&1
	killed=$?
	between=$(order v0 | sed 's/[^a-z ]//g; s/ *ord//g')
	case $between in
	abc | bca) ;;
	*) echo "#   $1 $2: after the kill xdp-loader status shows '$between'" ;;
	esac
	set -- "$1" "$2" /sys/fs/bpf/xdp/dispatch-*
	[ $# = 4 ] || leftovers=$((leftovers + 1))
	xdp-policy apply v0 >apply.out 2>&1
	next=$?
	wrong=$(look)
	[ -z "$wrong" ] || printf '%s\n' "$wrong" | sed "s/^/#   $1 $2: /"
	[ -z "$wrong" ] && case $between in abc | bca) ;; *) false ;; esac
}

section "killed before each call that changes something"
in_other xdp-loader load w0 ord_b.o ord_a.o
xdp-loader load v0 ord_a.o ord_b.o ord_c.o
a=$(program_id v0 ord_a) b=$(program_id v0 ord_b) c=$(program_id v0 ord_c)
wanted=bca
turn
xdp-policy apply v0 >/dev/null
theirs=$(find /sys/fs/bpf/xdp | sort | grep -v "$(pin_dir v0)")

turn
strace -f -qq -o trace -e "trace=$calls" xdp-policy apply v0 >/dev/null 2>&1
points >points.out
contains "it makes the calls that the test must know of" \
	"^[1-9][0-9]* bpf_prog_load [1-9][0-9]* obj_pin 1 attach$" "$(
	grep -c BPF_PROG_LOAD trace) bpf_prog_load $(grep -c BPF_OBJ_PIN trace) obj_pin $(
	grep -c -E 'sendto|sendmsg' trace | grep -c '^[1-9]') attach"
kill_at_all_points

section "what a program had at first is known, whenever apply is killed"
reset
xdp-loader load v0 ord_a.o ord_b.o
gives ord_b 7
strace -f -qq -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=KILL:when=1 \
	xdp-policy apply v0 >/dev/null 2>&1
proves "killed before it is kept" v0 "7 ord_b, 50 ord_a" ba
contains "the journal has it" "^[0-9]+ [0-9]+ 50 4$" "$(cat /run/xdp-policy/journal/*)"
rm -r /etc/xdp
succeeds "apply without the rule" xdp-policy apply v0
proves "apply without the rule" v0 "50 ord_a, 50 ord_b" ab
is "no journal" "" "$(journals)"

section "afterwards"
is "what belongs to the other namespace has stayed" "$theirs" \
	"$(find /sys/fs/bpf/xdp | sort | grep -v "$(pin_dir v0)")"
is "its packets" "RECV $SENT ab:$SENT" "$(other_packets)"
succeeds "xdp-loader unload there" in_other xdp-loader unload w0 --all
succeeds "xdp-loader load" xdp-loader load v0 ord_d.o
succeeds "xdp-loader unload" xdp-loader unload v0 --all
is "nothing is left" " " "$(attached v0) $(pins)"
is "no program is left" "" "$(bpftool prog show | grep -E 'name (ord|xdp)_')"
succeeds "apply with nothing attached, which sweeps" xdp-policy apply
is "no file of ours is left" "" "$(find /run/xdp-policy -type f ! -name lock)"
exit 0
