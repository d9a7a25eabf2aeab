# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=policyd.sh
# An application of libxdp that is stopped between a dispatcher's id and its pins, while the daemon
# or apply replaces that dispatcher: it must find what it has begun to read, and begin anew after
# that. Nothing waits for it, and when it is done nothing is left over.
. ../policyd.sh

if ! command -v strace >/dev/null; then
	skip "an application between id and pins" "no strace in the guest"
	exit 0
fi

state_of()
{
	sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null
}

# hold COMMAND...: runs it until it has opened libxdp's directory, whose lock it takes next; by then
# it has the dispatcher in hand.
hold()
{
	rm -f held.trace
	strace -f -qq -o held.trace -P /sys/fs/bpf/xdp -e trace=openat \
		-e inject=openat:signal=STOP:when=1 "$@" >held.out 2>&1 &
	strace_pid=$!
	wait_for held.trace 'SIGSTOP'
	held_pid=$(sed -n 's/^\([0-9]*\) .*/\1/p' held.trace | head -n 1)
	tries=100
	until [ "$(state_of "$held_pid")" = t ] || [ "$(state_of "$held_pid")" = T ] ||
		[ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
	contains "$1 stands still before it looks at the pins" '^[tT]$' "$(state_of "$held_pid")"
	held_dir=$(pin_dir v0)
}
release()
{
	kill -CONT "$held_pid"
	wait $strace_pid
	is "$1: it succeeds" "0 " "$? $(grep -v -e '^$' held.out)"
}

# becomes DESCRIPTION LETTERS: as follows, without xdp-loader: that lets nobody beside it.
becomes()
{
	tries=100
	until [ "$(packets v0)" = "RECV $SENT $2:$SENT" ] || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	is "$1" "RECV $SENT $2:$SENT" "$(packets v0)"
}

# nothing_left DESCRIPTION: what nobody reads goes soon.
nothing_left()
{
	tries=100
	until [ "$(dispatchers) $(pins | wc -l)" = "1 1" ] || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	is "$1: one dispatcher, one directory, no journal" "1 1 " \
		"$(dispatchers) $(pins | wc -l) $(journals)"
	is "$1: nothing is to be collected" "" "$(find /run/xdp-policy/retired -type f)"
}

section "the daemon corrects while an application reads"
gives ord_a 10 ord_b 20 ord_c 30 ord_d 40
xdp-loader load v0 ord_a.o ord_b.o ord_c.o
start --rescan 60
becomes "before" abc
hold xdp-loader load v0 ord_d.o
gives ord_a 25 ord_b 20 ord_c 30 ord_d 40
becomes "a correction beside it" bac
gives ord_a 35 ord_b 20 ord_c 30 ord_d 40
becomes "another one" bca
gives ord_a 10 ord_b 20 ord_c 30 ord_d 40
becomes "a third one" abc
sleep 1 # ten times what an application once had
succeeds "what it is about to read is there" test -e "$held_dir/prog0-prog"
release "an application that was stopped"
becomes "its program is in the chain" abcd
nothing_left "after it"

section "an unload that was stopped"
hold xdp-loader unload v0 -i "$(program_id v0 ord_d)"
gives ord_a 35 ord_b 20 ord_c 30 ord_d 40
becomes "a correction beside it" bcad
sleep 1
release "an unload that was stopped"
becomes "its program is out of the chain" bca
nothing_left "after it"

section "the daemon ends while an application reads"
hold xdp-loader load v0 ord_d.o
gives ord_a 10 ord_b 20 ord_c 30 ord_d 40
becomes "a correction beside it" abc
stop "beside a reader"
succeeds "what it is about to read is there" test -e "$held_dir/prog0-prog"
release "an application that was stopped"
applied "apply collects what the daemon has left" 0 v0
becomes "its program is in the chain" abcd
nothing_left "after apply"

section "apply while an application reads"
hold xdp-loader unload v0 -i "$(program_id v0 ord_d)"
gives ord_a 25 ord_b 20 ord_c 30 ord_d 40
applied "apply beside it" 0 v0
becomes "the chain" bacd
succeeds "what it is about to read is there" test -e "$held_dir/prog0-prog"
release "an unload that was stopped"
becomes "its program is out of the chain" bac
applied "the next apply" 0 v0
nothing_left "after it"
reset
exit 0
