# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=lib.sh
# What the preload leaves behind of what it attaches, and what becomes known of a live program by
# it: see libxdppolicy/chain/record.h.
. ../lib.sh

need_preload
links v0 v1
RUN=/run/xdp-policy

# Everything off, no policy, no records.
fresh()
{
	reset
	rm -rf "$RUN"
}

records()
{
	ls -A "$RUN/attached" 2>&1
}

# The record of a program on an interface, without what is another one in each run.
record()
{
	sed '/^loaded = /d; /^host = /d' "$RUN/attached/$(program_id "$1" "$2")" 2>&1
}

# fact INTERFACE PROGRAM NAME
fact()
{
	record "$1" "$2" | sed -n "s/^$3 = *//p"
}

# section_of INTERFACE PROGRAM SECTION: its values on one line.
section_of()
{
	record "$1" "$2" | awk -v wanted="[$3]" '
		/^\[/ { inside = $0 == wanted; next }
		inside { sub(/^[^=]*= */, ""); printf "%s%s", sep, $0; sep = ", " }'
}

section "a shared libxdp"
fresh
policy <<END
ord_a: 70 PASS DROP
ord_c: 60
END
with app-shared --prio 11 --action PASS --action TX v0 ord_a.o >/dev/null 2>&1
is "all that is known of it" "version = 1
program = ord_a
section = xdp
object = /test/bpf/ord_a.o
executable = /test/app-shared
user = root
unit =
uid = 0
[app]
priority = 11
chain-call-actions = PASS TX
attach-mode = native
[author]
priority = unset
chain-call-actions = unset" "$(record v0 ord_a)"
contains "when it was loaded" "^loaded = [1-9][0-9]{8,}$" "$(cat $RUN/attached/*)"
contains "where it was" "^host = " "$(cat $RUN/attached/*)"
is "directories and files are root's alone" "755 0 755 0 644 0" "$(stat -c '%a %u' "$RUN" \
	"$RUN/attached" "$RUN"/attached/* | tr '\n' ' ' | sed 's/ $//')"
with app-shared v0 ord_c.o >/dev/null 2>&1
is "the author's values" "10, PASS" "$(section_of v0 ord_c author)"
is "nothing of the application's" "unset, unset, native" "$(section_of v0 ord_c app)"
is "a record each" 2 "$(records | wc -l)"
fresh
with app-shared --multi --prio 11 v0 ord_a.o ord_b.o ord_c.o >/dev/null 2>&1
is "three at once" "ord_a ord_b ord_c" "$(fact v0 ord_a program) $(fact v0 ord_b program) $(
	fact v0 ord_c program)"
fresh
mkdir dir
ln -s ../ord_a.o "dir/a b;%.o"
cp ord_b.o "dir/b %;ü.o"
with app-shared v0 "dir/a b;%.o" "./dir/b %;ü.o" >/dev/null 2>&1
is "the object behind a link" "/test/bpf/ord_a.o" "$(fact v0 ord_a object)"
is "a path that INI would not keep" "/test/bpf/dir/b%20%25%3B%C3%BC.o" "$(fact v0 ord_b object)"
rm -r dir
fresh
with app-shared v0,v1 ord_a.o >/dev/null 2>&1
is "on two interfaces it is one program" 1 "$(records | wc -l)"
is "what was known first stays" "unset, unset, native" "$(section_of v1 ord_a app)"
fresh
with app-plugin ../plugin.so v0 ord_a.o >/dev/null 2>&1
is "a plug-in" "/test/app-plugin" "$(fact v0 ord_a executable)"
fresh
with app-ctypes.py --prio 11 v0 ord_a.o >/dev/null 2>&1
is "ctypes" "/usr/bin/python3 11, unset, native" "$(fact v0 ord_a executable |
	sed 's/python3.*/python3/') $(section_of v0 ord_a app)"
fresh
with app-xsk v0 1 20 >xsk.out 2>/dev/null &
wait_for xsk.out '^ready\|rc=-'
contains "AF_XDP" "/xsk_def_xdp_prog.*[.]o$" "$(fact v0 xsk_def_prog object)"
is "AF_XDP: its author" "20, PASS" "$(section_of v0 xsk_def_prog author)"
packets v0 >/dev/null
wait $!

section "a libxdp that is linked in"
fresh
echo "ord_a: 70 DROP" | policy
with xdp-loader load v0 ord_a.o ord_c.o
is "all that is known of it" "version = 1
program = ord_a
section = xdp
object = /test/bpf/ord_a.o
executable = /usr/sbin/xdp-loader
user = root
unit =
uid = 0
[app]
priority = unset
chain-call-actions = unset
attach-mode = native
[author]
priority = unset
chain-call-actions = unset" "$(record v0 ord_a)"
is "without a rule it has what its author says" "10, PASS; unset, unset, native" \
	"$(section_of v0 ord_c author); $(section_of v0 ord_c app)"
fresh
echo "ord_a: 70" | policy
with xdp-loader load -P 33 -A XDP_TX v0 ord_a.o
with xdp-loader load v0 ord_c.o
is "what it had set itself" "33, TX, native" "$(section_of v0 ord_a app)"
before=$(records)
with xdp-loader unload v0 -i "$(program_id v0 ord_c)"
is "an unload records nothing" "$before" "$(records)"
fresh
with xdp-filter load v0
contains "xdp-filter" "/xdpfilt_alw_all[.]o$" "$(fact v0 xdpfilt_alw_all object)"
is "xdp-filter's executable" "/usr/sbin/xdp-filter" "$(fact v0 xdpfilt_alw_all executable)"

section "one program without a dispatcher"
fresh
with env LIBXDP_SKIP_DISPATCHER=1 app-shared --prio 11 v0 ord_a.o >/dev/null 2>&1
is "a shared libxdp" "/test/bpf/ord_a.o /test/app-shared" \
	"$(sed -n 's/^object = //p; s/^executable = //p' $RUN/attached/* | tr '\n' ' ' |
		sed 's/ $//')"
/sbin/ip link set dev v0 xdpdrv off
fresh
with env LIBXDP_SKIP_DISPATCHER=1 xdp-loader load v0 ord_a.o
is "one that is linked in" "/test/bpf/ord_a.o /usr/sbin/xdp-loader" \
	"$(sed -n 's/^object = //p; s/^executable = //p' $RUN/attached/* | tr '\n' ' ' |
		sed 's/ $//')"
/sbin/ip link set dev v0 xdpdrv off

section "before the attach"
# Who is woken by the attach finds the record. It prints what is there at the first event.
fresh
cat >listen.py <<'END'
import os, socket
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
s.bind((0, 1))
print("ready", flush=True)
s.recv(65536)
print(os.listdir("/run/xdp-policy/attached") if os.path.exists("/run/xdp-policy") else "none")
END
first_seen()
{
	python3 listen.py >listen.out 2>&1 &
	wait_for listen.out ready
	"$@" >/dev/null 2>&1
	wait $!
	tail -n 1 listen.out
}
contains "a shared libxdp" "^\\['[0-9]+'\\]$" "$(first_seen with app-shared v0 ord_a.o)"
fresh
contains "one that is linked in" "^\\['[0-9]+'\\]$" "$(first_seen with xdp-loader load v0 ord_a.o)"

section "where there is no record"
fresh
xdp-loader load v0 ord_a.o
app-shared v0 ord_b.o >/dev/null 2>&1
is "without the preload" "absent" "$([ -e "$RUN" ] || echo absent)"
if [ -e ../app-static ]; then
	with app-static v0 ord_c.o >/dev/null 2>&1
	is "a static application is attached" "10 ord_c, 50 ord_a, 50 ord_b" "$(order v0)"
	is "the preload does not reach it" "absent" "$([ -e "$RUN" ] || echo absent)"
else
	skip "a static application" "it was not built: no static libraries"
fi
mkdir -p /run/xdp
touch /run/xdp/disabled
with app-shared v0 ord_d.o >/dev/null 2>&1
is "the policy is switched off" "absent" "$([ -e "$RUN" ] || echo absent)"
fresh
policy <<END
[not this one]
program = ord_b
attach  = deny
END
with app-shared v0 ord_b.o >/dev/null 2>&1
with xdp-loader load v0 ord_b.o >/dev/null 2>&1
is "an attach that is denied" "absent" "$([ -e "$RUN" ] || echo absent)"
fresh
# there is no native mode, and only the kernel knows it
contains "an attach that the kernel refuses" "^attach ord_a lo rc=-" \
	"$(with app-shared --native lo ord_a.o 2>/dev/null)"
is "its record was written and is gone" "" "$(records)"
fails "xdp-loader: an attach that the kernel refuses" "" with xdp-loader load -m native lo ord_a.o
is "xdp-loader: its record is gone" "" "$(records)"

section "what does not belong there"
fresh
with app-shared v0 ord_a.o >/dev/null 2>&1
old=$(records)
unload v0
touch "$RUN/attached/README" "$RUN/attached/$old.new-7"
with app-shared v0 ord_b.o >/dev/null 2>&1
is "records of programs that are gone" "README $(program_id v0 ord_b)" "$(records | sort -r |
	tr '\n' ' ' | sed 's/ $//')"

# quietly DESCRIPTION: an attach is as without the preload, and there is no record of it
quietly()
{
	unload v0
	app-shared v0 ord_a.o >out.without 2>&1
	unload v0
	with app-shared v0 ord_a.o >out.with 2>&1
	same "$1: the application sees nothing of it" out.without out.with
	is "$1: no record" "" "$(find "$RUN"/ -type f)"
}
fresh
mkdir -p "$RUN/attached"
chown 1000 "$RUN/attached"
quietly "a directory of somebody else"
fresh
mkdir -p "$RUN/attached"
chmod 775 "$RUN"
quietly "a directory that others can write to"
fresh
mkdir elsewhere
ln -s "$PWD/elsewhere" "$RUN"
quietly "a link in its place"
rm "$RUN"
mkdir "$RUN"
ln -s "$PWD/elsewhere" "$RUN/attached"
quietly "a link below"
is "nothing is written behind the link" "" "$(ls -A elsewhere)"
fresh
echo text >"$RUN"
quietly "a file in its place"
rm "$RUN"
mkdir "$RUN"
mount -t tmpfs -o ro tmpfs "$RUN"
quietly "nothing can be written"
umount "$RUN"
mkdir "$RUN/attached"
mount -t tmpfs -o size=4k,nr_inodes=1 tmpfs "$RUN/attached"
quietly "no room"
umount "$RUN/attached"

section "a live chain that follows the policy"
# priorities INTERFACE: a program a line, PROGRAM LIVE WANTED SOURCE, as status tells; - is undecided
priorities()
{
	xdp-policy status "$1" --json | python3 -c '
import json, sys
for interface in json.load(sys.stdin)["interfaces"]:
    for p in interface["programs"]:
        value = p["priority"]
        print(p["program"], value["live"], "-" if value["undecided"] else value["wanted"],
              value["source"])' 2>&1 | grep -w "$2"
}

# applies DESCRIPTION ORDER: to v0
applies()
{
	succeeds "$1: apply" xdp-policy apply v0
	is "$1: the chain" "$2" "$(order v0)"
}

fresh
policy <<END
[of one application]
executable = /test/app-*
program    = ord_a
priority   = 70
END
with app-shared v0 ord_a.o ord_b.o >/dev/null 2>&1
is "shared, a rule on the executable: status" "ord_a 70 70 files" "$(priorities v0 ord_a)"
applies "shared, a rule on the executable" "50 ord_b, 70 ord_a"
fresh
policy <<END
[of one application]
executable = /usr/sbin/xdp-loader
program    = ord_a
priority   = 70
END
with xdp-loader load v0 ord_a.o ord_b.o
is "linked in, a rule on the executable: status" "ord_a 70 70 files" "$(priorities v0 ord_a)"
applies "linked in, a rule on the executable" "50 ord_b, 70 ord_a"

# undecided DESCRIPTION: ord_a stays as it is, and status says why
undecided()
{
	is "$1: undecided" "ord_a 50 -" "$(priorities v0 ord_a | cut -d ' ' -f 1-3)"
	contains "$1: the fact that is missing" "ord_a.*undecided.* executable" \
		"$(xdp-policy status v0)"
	applies "$1" "50 ord_a, 50 ord_b"
}
reset
policy <<END
[of one application]
executable = /usr/sbin/xdp-loader
program    = ord_a
priority   = 70
END
xdp-loader load v0 ord_a.o ord_b.o
undecided "without the preload"
rm -rf "$RUN"
rm /etc/xdp/priorities.conf
with xdp-loader load v1 ord_c.o
unload v0
with xdp-loader load v0 ord_a.o ord_b.o
policy <<END
[of one application]
executable = /usr/sbin/xdp-loader
program    = ord_a
priority   = 70
END
is "a rule that comes later" "ord_a 50 70 files" "$(priorities v0 ord_a)"
own="$RUN/attached/$(program_id v0 ord_a)"
chown 1000 "$own"
undecided "a record of somebody else"
chown 0 "$own"
chmod 666 "$own"
undecided "a record that others can write to"
chmod 644 "$own"
mv "$own" elsewhere/record
ln -s "$PWD/elsewhere/record" "$own"
undecided "a link to a record"
rm "$own"
sed 's/^loaded = ./&1/' elsewhere/record >"$own"
undecided "a record of another program with that id"
echo "program = x" >"$own"
undecided "a record that is malformed"
mv elsewhere/record "$own"
chown 1000 "$RUN/attached"
undecided "a directory of somebody else"
chown 0 "$RUN/attached"
applies "the record as it was" "50 ord_b, 70 ord_a"

section "a rule that is taken away"
# gives_back DESCRIPTION ORDER
gives_back()
{
	rm /etc/xdp/priorities.conf
	applies "$1" "$2"
}
fresh
echo "ord_a: 70" | policy
with app-shared --prio 11 v0 ord_a.o >/dev/null 2>&1
with app-shared v0 ord_b.o >/dev/null 2>&1
is "shared, it had set its own: before" "50 ord_b, 70 ord_a" "$(order v0)"
gives_back "shared, it had set its own" "11 ord_a, 50 ord_b"
fresh
echo "ord_c: 70" | policy
with app-shared v0 ord_c.o ord_b.o >/dev/null 2>&1
gives_back "shared, the author's" "10 ord_c, 50 ord_b"
fresh
echo "ord_[ac]: 70" | policy
with xdp-loader load v0 ord_a.o ord_b.o ord_c.o
is "linked in: before" "50 ord_b, 70 ord_a, 70 ord_c" "$(order v0)"
gives_back "linked in, the author's or none" "10 ord_c, 50 ord_a, 50 ord_b"
fresh
echo "ord_a: 70 PASS DROP" | policy
with xdp-loader load -P 33 v0 ord_a.o
is "linked in, it had set its own: before" "70 ord_a XDP_DROP,XDP_PASS" "$(chain v0)"
gives_back "linked in, it had set its own" "33 ord_a"
is "and the actions that it had not set" "33 ord_a XDP_PASS" "$(chain v0)"
fresh
xdp-loader load -P 33 v0 ord_a.o
xdp-loader load v0 ord_b.o
echo "ord_a: 70" | policy
applies "without the preload: the rule" "50 ord_b, 70 ord_a"
gives_back "without the preload, what it had at first" "33 ord_a, 50 ord_b"
echo "priority: app" | policy xdpswitch.conf
policy <<END
ord_a: 70
END
applies "the application decides alone" "33 ord_a, 50 ord_b"
if [ -e ../app-static ]; then
	fresh
	app-static --prio 11 v0 ord_a.o >/dev/null 2>&1
	app-static v0 ord_b.o >/dev/null 2>&1
	echo "ord_a: 70" | policy
	applies "a static application: the rule" "50 ord_b, 70 ord_a"
	gives_back "a static application, what it had at first" "11 ord_a, 50 ord_b"
else
	skip "a static application's own values" "it was not built: no static libraries"
fi

fresh
exit 0
