# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# load --undo gives back what load has replaced: proved by the letters in received packets, and by the
# programs, which are the very same. Whatever is refused changes nothing.
. ../chains-lib.sh

KEPT=/run/xdp-policy/undo
PINS=/sys/fs/bpf/xdp-policy-undo

links v0 v1
yaml v0 ord_a.o ord_b.o >ab.yaml
yaml v0 ord_c.o ord_b.o >cb.yaml
{ yaml v0 ord_a.o ord_b.o && chain_of v1 ord_d.o; } >both.yaml
{ yaml v0 ord_c.o && chain_of v1 ord_c.o ord_a.o; } >other.yaml

file_of() # IFACE
{
	echo "$KEPT/$(stat -L -c %i /proc/self/ns/net)-$(cat "/sys/class/net/$1/ifindex")"
}

kept()
{
	find $KEPT $PINS -mindepth 1 2>/dev/null
}

letters()
{
	packets "$1" | awk '{ print $3 }'
}

# refused DESCRIPTION PATTERN ARGUMENT...: load --undo changes nothing, and says why.
refused()
{
	why=$1 pattern=$2
	shift 2
	unchanged "$why" does "$why" 1 load --undo "$@"
	tells "$why" "$pattern"
	tells "$why: nothing is changed" "nothing is changed"
}

section "nothing to undo"
does "nothing was ever loaded" 1 load --undo
tells "nothing was ever loaded" "^xdp-policy: found nothing to undo: no load has"
does "nothing was ever loaded there" 1 load --undo v0
tells "nothing was ever loaded there" "v0: found nothing to undo: load has changed nothing here"
does "no such interface" 1 load --undo v0 nosuch
tells "no such interface" "nosuch: found no such interface, expected one"

section "one chain by another, and back"
does "load" 0 load ab.yaml
old=$(programs v0)
does "the other" 0 load cb.yaml
new=$(programs v0)
proves "the other" v0 "10 ord_c, 20 ord_b" cb
is "the program that runs nowhere is pinned, and no other" "$PINS/$(basename "$(file_of v0)")/$(
	echo "$old" | sed 's/.*ord_a.\([0-9]*\) .*/\1/')" "$(find $PINS -type f)"
is "the file" "644 root" "$(stat -c '%a %U' "$(file_of v0)")"
sed 's/^/#   /' "$(file_of v0)"
unchanged "--dry-run" does "--dry-run" 0 load --undo --dry-run
tells "--dry-run" "^v0.*would be undone"
tells "--dry-run shows the order" "10 ord_a"
does "undo" 0 load --undo
sed 's/^/#   /' does.out
tells "undo" "^v0.*: undone"
proves "undo" v0 "10 ord_a, 20 ord_b" ab
is "the programs are those that were there" "$old" "$(programs v0)"
is "no journal" "" "$(journals)"
does "undo again" 0 load --undo v0
proves "undo again" v0 "10 ord_c, 20 ord_b" cb
is "undo again: the programs" "$new" "$(programs v0)"
unchanged "what changes nothing" does "what changes nothing" 0 load cb.yaml
does "is not what is undone" 0 load --undo --json
contains "JSON" '"outcome": "undone"' "$(cat does.out)"
is "is not what is undone: the programs" "$old" "$(programs v0)"
unchanged "its file" does "its file" 0 load ab.yaml
tells "its file: nothing to load" "nothing to do"
does "unload" 0 unload v0
is "unload gives it up" "" "$(kept)"
is "no program is left" "" "$(bpftool prog show | grep -E 'name (ord|xdp)_')"

section "a first chain, and none"
does "load" 0 load ab.yaml
old=$(programs v0)
does "undo" 0 load --undo
is "nothing is attached" " NONE:$SENT" "$(attached v0) $(letters v0)"
does "undo again" 0 load --undo
proves "undo again" v0 "10 ord_a, 20 ord_b" ab
is "the programs are those that were there" "$old" "$(programs v0)"
yaml v0 >none.yaml
does "a chain of nothing" 0 load none.yaml
does "undo" 0 load --undo
is "the programs are those that were there again" "$old ab:$SENT" "$(programs v0) $(letters v0)"

section "two interfaces, all or nothing"
does "load" 0 load both.yaml
does "the others" 0 load other.yaml
is "the others" "c:$SENT ca:$SENT" "$(letters v0) $(letters v1)"
does "undo" 0 load --undo
is "undo" "ab:$SENT d:$SENT" "$(letters v0) $(letters v1)"
does "one of them" 0 load --undo v1
is "one of them" "ab:$SENT ca:$SENT" "$(letters v0) $(letters v1)"
does "the last load was about that one" 0 load --undo
is "the last load was about that one" "ab:$SENT d:$SENT" "$(letters v0) $(letters v1)"
xdp-loader load v1 ord_f.o
refused "a program has come" "v1: found program 'ord_f' \(id [0-9]*\), which came after the load" v0 v1
xdp-loader unload v1 -i "$(program_id v1 ord_f)"
does "it has gone again" 0 load --undo v1
is "it has gone again" "ca:$SENT" "$(letters v1)"
xdp-loader unload v1 -i "$(program_id v1 ord_c)"
does "one has gone" 1 load --undo --dry-run v1
tells "one has gone" "v1: found program [0-9]* taken off after the load"
does "the other interface" 0 load --undo v0
is "the other interface" "c:$SENT" "$(letters v0)"

section "the policy is asked again"
does "load" 0 load ab.yaml
does "the other" 0 load cb.yaml
printf '[no]\nprogram = ord_a\nattach = deny\n' | policy
refused "a program is denied" "v0: found program 'ord_a', which must not be attached: .*priorities.conf:3"
printf '[later]\nprogram = ord_a\npriority = 33\n' | policy
does "a program has another priority" 0 load --undo
proves "a program has another priority" v0 "20 ord_b, 33 ord_a" ba
rm -r /etc/xdp
does "the rule is gone" 0 load --undo
does "the rule is gone" 0 load --undo
proves "the rule is gone" v0 "10 ord_a, 20 ord_b" ab
applied "apply finds nothing to do" 0 v0
says "apply finds nothing to do" "nothing to do"

section "programs of others"
does "unload" 0 unload v0
xdp-loader load v0 ord_sock.o # at 50
does "load" 0 load --replace-foreign ab.yaml
does "undo" 0 load --undo
proves "undo" v0 "50 ord_n" n
unchanged "it is still somebody else's" does "it is still somebody else's" 1 load ab.yaml
does "again" 0 load --undo
proves "again" v0 "10 ord_a, 20 ord_b" ab

section "what is kept, and is not as it was written"
file=$(file_of v0)
cp -p "$file" good
bad() # DESCRIPTION PATTERN
{
	refused "$1" "$file: $2" v0
	refused "$1, unnamed" "$file: $2"
	rm -f "$file"
	cp -p good "$file"
}
head -c 40 good >"$file"
bad "a part of it" "found text that load has not written"
sed 's/^program \([0-9]*\) /program -\1 /' good >"$file"
bad "a sign" "found text that load has not written"
{ cat good && head -c 100000 /dev/zero; } >"$file"
bad "much more of it" "found text that load has not written"
: >"$file"
bad "empty" "found text that load has not written"
chmod 666 "$file"
bad "others can write to it" "found a file that others than root can write to"
rm "$file" && ln -s good "$file"
bad "a link" "cannot read: "
rm "$file" && mkfifo "$file"
bad "a pipe" "found a file that others"
sed 's/^\(program [0-9]*\) [0-9]*/\1 1/' good >"$file"
refused "another load time" "v0: program 'ord_n' .*is not there any more" v0
cp -p good "$file"
chmod 777 $KEPT
refused "the directory" "$KEPT: .*" v0
does "load" 0 load cb.yaml
tells "load: it can't be undone" "load --undo will not give back what was there before.*$KEPT: "
is "load" "cb:$SENT" "$(letters v0)"
chmod 755 $KEPT
rm -r $PINS
does "load" 0 load ab.yaml
does "load" 0 load cb.yaml
find $PINS -type f -exec rm {} +
tries=300
until [ -z "$(bpftool prog show name ord_a)" ] || [ $tries = 0 ]; do
	tries=$((tries - 1))
	sleep 0.2
done
refused "its pin is gone" "v0: program 'ord_a' .*is not there any more: No such file"
rm -r $KEPT
mount -t tmpfs -o nr_inodes=1,mode=755 full /run/xdp-policy/retired
mkdir $KEPT
mount -t tmpfs -o nr_inodes=1,mode=755 full $KEPT
umount /run/xdp-policy/retired
does "no room" 0 load ab.yaml
tells "no room" "load --undo will not give back .*No space left on device"
is "no room: it is loaded, and nothing is kept" "ab:$SENT " "$(letters v0) $(kept)"
umount $KEPT

section "interfaces and namespaces that are gone"
does "unload" 0 unload --all
does "load" 0 load both.yaml
does "the others" 0 load other.yaml
v1_file=$(file_of v1)
applied "apply" 0
succeeds "apply leaves what can be undone" test -e "$v1_file" -a -e "$PINS/$(basename "$v1_file")"
/sbin/ip link del v1
sweeps "gone with the interface" test -e "$v1_file" -o -e "$PINS/$(basename "$v1_file")"
does "undo" 0 load --undo
is "undo of the interface that is there" "ab:$SENT" "$(letters v0)"
other_namespace
yaml w0 ord_a.o >w0.yaml
there=$KEPT/$(in_other stat -L -c %i /proc/self/ns/net)-$(cat /sys/class/net/v0/ifindex)
in_other xdp-policy load w0.yaml >/dev/null
does "undo, here" 1 load --undo
tells "undo, here" "found nothing to undo here: the last load has changed interfaces of another"
in_other xdp-policy load --undo >/dev/null
succeeds "apply" xdp-policy apply
succeeds "what a namespace has that is there stays" test -e "$there" -a -e "$PINS/$(basename "$there")"
does "undo, there" 0 load --undo --netns other
is "undo, there" "RECV $SENT a:$SENT" "$(other_packets)"
does "undo, there, to nothing" 0 load --undo --netns all w0
/sbin/ip netns del other
sweeps "gone with the namespace, and nothing was attached" test -e "$there"
/sbin/ip netns add other
in_other /sbin/ip link add w0 type veth peer name peer-w0
in_other xdp-policy load w0.yaml >/dev/null
/sbin/ip netns del other
sweeps "gone with the namespace" sh -c "ls $KEPT | grep -qv '$(basename "$(file_of v0)")'"
succeeds "here it stays" test -e "$(file_of v0)"
touch "$(file_of v0).new-7"
rm "$(file_of v0)"
applied "apply" 0
is "of what somebody has removed, and what was never finished, nothing stays" "" "$(kept)"

section "killed in the middle"
does "load" 0 load ab.yaml
does "the other" 0 load cb.yaml
strace -f -qq -o trace -e trace=renameat2,sendto,unlinkat,bpf xdp-policy load --undo >does.out 2>&1
is "undo" "ab:$SENT" "$(letters v0)"
awk '{ sub(/^[0-9]+ +/, ""); sub(/\(.*/, "", $1); print $1 }' trace | sort | uniq -c | sed 's/^/#  /'
# A killed one leaves one whole chain; the next loads and the next undo are as if it had not been.
# Prints what is not so.
killed_at() # CALL COUNT
{
	xdp-policy load ab.yaml >/dev/null
	xdp-policy load cb.yaml >/dev/null
	strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		xdp-policy load --undo >/dev/null 2>&1
	seen="$? $(letters v0)"
	case $seen in
	"137 ab:$SENT" | "137 cb:$SENT") ;;
	*) echo "$1 $2: found $seen, expected 137 and one whole chain" ;;
	esac
	for next in "load ab.yaml" "load cb.yaml" "load --undo"; do
		# shellcheck disable=SC2086
		xdp-policy $next >does.out 2>&1 || echo "$1 $2: $next: $(cat does.out)"
	done
	seen="$(letters v0) $(journals)$(pins | wc -l)"
	[ "$seen" = "ab:$SENT 1" ] || echo "$1 $2: found $seen after it"
}
every=$(rounds 3 9)
for call in renameat2 sendto unlinkat bpf; do
	points=$(seq 1 "$every" "$(grep -c "^[0-9]* *$call(" trace)" | xargs)
	is "killed at $call $points" "" "$(for at in $points; do killed_at $call "$at"; done)"
done
does "unload" 0 unload v0
applied "apply" 0
is "nothing is left" " " "$(kept) $(bpftool prog show | grep -E 'name (ord|xdp)_')"
exit 0
