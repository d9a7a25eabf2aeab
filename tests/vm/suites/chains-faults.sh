# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# under traffic: see tests/vm/run
# xdp-policy load is killed before each of its calls that changes something that outlives it, under
# traffic. Every packet passes all programs of the old chain or of the new one, the next load works,
# and nothing is left over.
. ../chains-lib.sh

if ! command -v strace >/dev/null; then
	skip "killed at every step" "no strace in the guest"
	exit 0
fi
links v0

# All calls that may change something; ? is for those that an architecture does not have.
calls='bpf,flock,?link,linkat,?mkdir,mkdirat,openat,?rename,?renameat,renameat2,?rmdir,sendmsg'
calls="$calls,sendto,?unlink,unlinkat,write,membarrier"

# What only reads, fails or makes what the kernel forgets with the process is passed over: to be
# killed there is to be killed before the next. Points are "CALL COUNT", as strace counts them.
points()
{
	awk '{
		sub(/^[0-9]+ +/, "")
		call = $0
		sub(/\(.*/, "", call)
		count[call]++
		if (/ = -1 E/ || (call == "openat" && !/O_CREAT/) || (call == "write" && /^write\([12],/))
			next
		if (call == "bpf" && !/BPF_(OBJ_PIN|LINK_CREATE|RAW_TRACEPOINT_OPEN|LINK_UPDATE)/)
			next
		print call, count[call]
	}' trace | sort -u -k 1,1 -k 2,2n
}

yaml v0 ord_a.o ord_b.o ord_c.o >abc.yaml
yaml v0 ord_c.o ord_a2.o ord_b.o >cAb.yaml

turn()
{
	case $wanted in
	abc) wanted=cAb expected="ord_c/$c ord_a/ ord_b/$b" ;;
	*) wanted=abc expected="ord_a/ ord_b/$b ord_c/$c" ;;
	esac
}

# Everything that must hold after a point; prints what does not. Few commands: there are many points.
look()
{
	[ "$killed" = 137 ] || echo "found exit status $killed of the killed, expected 137"
	[ "$next" = 0 ] || echo "found exit status $next of the next load: $(cat does.out)"
	[ "$(dispatchers) $(pins | wc -l)" = "1 1" ] ||
		echo "found $(dispatchers) dispatchers, pins: $(pins | tr '\n' ' ')"
	for journal in /run/xdp-policy/journal/*; do
		[ ! -e "$journal" ] || echo "found a journal: $journal"
	done
	now=$(slots v0)
	[ "$(echo "$now" | sed 's/ord_a.[0-9]*/ord_a\//')" = "$expected" ] ||
		echo "found programs $now, expected $expected"
}

kill_at()
{
	turn
	strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		xdp-policy load $wanted.yaml >/dev/null 2>&1
	killed=$?
	between=$(order v0 | sed 's/[^a-z ]//g; s/ *ord//g')
	set -- "$1" "$2" /sys/fs/bpf/xdp/dispatch-*
	[ $# = 3 ] || leftovers=$((leftovers + 1))
	xdp-policy load $wanted.yaml >does.out 2>&1
	next=$?
	wrong=$(look)
	[ -z "$wrong" ] || printf '%s\n' "$wrong" | sed "s/^/#   $1 $2: /"
	case $between in
	abc | cab) [ -z "$wrong" ] && return ;;
	*) echo "#   $1 $2: after the kill xdp-loader status shows '$between'" ;;
	esac
	false
}

section "killed before each call that changes something"
wanted=abc
does "before" 0 load abc.yaml
b=$(program_id v0 ord_b) c=$(program_id v0 ord_c)
turn
does "the other chain" 0 load $wanted.yaml

turn
strace -f -qq -o trace -e "trace=$calls" xdp-policy load $wanted.yaml >/dev/null 2>&1
points >points.out
contains "it makes the calls that the test must know of" \
	"^[1-9][0-9]* bpf_prog_load [1-9][0-9]* obj_pin 1 attach [1-9] records$" "$(
	grep -c BPF_PROG_LOAD trace) bpf_prog_load $(grep -c BPF_OBJ_PIN trace) obj_pin $(
	grep -c -E 'sendto|sendmsg' trace | grep -c '^[1-9]') attach $(grep -c rename trace) records"
kill_at_all_points
is "only whole chains" "abc cAb" "$(tail -n 1 flow.out | tr ' ' '\n' |
	sed -n 's/:[0-9]*$//p' | sort | tr '\n' ' ' | sed 's/ $//')"

section "afterwards"
turn
does "load" 0 load $wanted.yaml
sleep 12 # until what killed writers have left is old enough to be swept
succeeds "apply, which sweeps" xdp-policy apply v0
is "records are those of what runs, and of what can be had back" \
	"$(echo "$(slots v0) $(kept_for_undo)" | tr ' ' '\n' | sed 's/.*\///; /^$/d' | sort)" \
	"$(find /run/xdp-policy/attached -type f | sed 's/.*\///' | sort)"
succeeds "xdp-loader load" xdp-loader load v0 ord_d.o
succeeds "xdp-loader unload" xdp-loader unload v0 --all
is "nothing is left" " " "$(attached v0) $(pins)"
sweeps "apply with nothing attached, which sweeps: no program is left" any_program
succeeds "apply with nothing attached" xdp-policy apply
is "no file of ours is left" "" "$(find /run/xdp-policy -type f ! -name lock)"
exit 0
