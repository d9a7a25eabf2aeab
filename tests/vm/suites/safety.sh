# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=lib.sh
# That nothing breaks: no policy, a bad policy, a broken installation, the kill switch; and what is
# told to whom.
. ../lib.sh

need_preload
links v0

# What programs print and leave behind, without what is different in each run.
steps()
{
	unload v0
	"$@" app-shared --prio 60 v0 ord_a.o
	"$@" app-shared v0 ord_b.o missing.o
	"$@" app-plugin ../plugin.so v0 ord_c.o
	"$@" xdp-loader load v0 ord_d.o
	"$@" xdp-loader load v0 missing.o
	"$@" xdp-loader status v0 | sed 's/  */ /g; s/\(native\|ord_[a-z]*\) [0-9]*/\1/'
	"$@" xdp-loader unload v0 -i 0
	"$@" xdp-loader unload v0 -i "$(program_id v0 ord_b)"
	order v0
	echo
	"$@" xdp-loader unload v0 --all
	order v0
	echo
}

# unchanged DESCRIPTION: the same output, status tables and errors with the preload as without.
unchanged()
{
	steps env >plain 2>&1
	steps with >preloaded 2>&1
	same "$1" plain preloaded
}

section "no policy"
reset
unchanged "nothing changes"

section "files that are refused"
# refused DESCRIPTION: priorities.conf is left out whole; a drop-in still counts.
refused()
{
	echo "ord_b: 5" | policy priorities.d/10-x.conf
	with app-shared v0 ord_a.o ord_b.o ord_c.o >/dev/null 2>&1
	proves "$1" v0 "5 ord_b, 10 ord_c, 50 ord_a" bca
	reset
}
printf 'ord_c: 90\nord_b: ten\n' | policy
refused "malformed"
printf 'ord_c: 90\n[not closed\npriority = 5\n' | policy
refused "not closed"
printf 'ord_c: 90\n[no such key]\nprogram = ord_a\npiority = 5\n' | policy
refused "unknown key"
echo "ord_c: 90" | policy
chmod 664 /etc/xdp/priorities.conf
refused "writable by the group"
echo "ord_c: 90" | policy
chown 1 /etc/xdp/priorities.conf
refused "owned by another user"
mkdir -p /etc/xdp/priorities.conf
refused "a directory"
mkdir -p /etc/xdp
mkfifo /etc/xdp/priorities.conf
refused "a FIFO"
echo "ord_b: 5" | policy priorities.d/10-x.conf
chmod 777 /etc/xdp/priorities.d
with xdp-loader load v0 ord_a.o ord_b.o
proves "a drop-in directory writable by everyone" v0 "50 ord_a, 50 ord_b" ab
reset
printf 'ord_c: 90\nord_b: ten\n' | policy
unchanged "a malformed file is silent"

section "on-error: deny"
reset
echo "on-error: deny" | policy xdpswitch.conf
printf 'ord_c: 90\nord_b: ten\n' | policy
contains "app-shared" "^attach ord_a v0 rc=-13" "$(with app-shared v0 ord_a.o 2>/dev/null)"
fails "xdp-loader" "Permission denied" with xdp-loader load v0 ord_a.o
is "nothing is left" "" "$(chain v0)"
xdp-loader load v0 ord_a.o
succeeds "detaching" with xdp-loader unload v0 --all
is "nothing is left of that either" "" "$(chain v0)"
echo "ord_b: 10" | policy
contains "once the file is mended" "^attach ord_a v0 rc=0" \
	"$(with app-shared v0 ord_a.o 2>/dev/null)"

section "the kill switch"
reset
echo "ord_a: 70" | policy
mkdir -p /run/xdp
touch /run/xdp/disabled
with app-shared --prio 11 v0 ord_a.o >/dev/null 2>&1
with xdp-loader load v0 ord_b.o
proves "nothing applies" v0 "11 ord_a, 50 ord_b" ab
unload v0
rm /run/xdp/disabled
with app-shared --prio 11 v0 ord_a.o >/dev/null 2>&1
with xdp-loader load v0 ord_b.o
proves "it applies again" v0 "50 ord_b, 70 ord_a" ba

section "a broken installation"
reset
policy <<END
ord_*: 33
[not this one]
program = ord_b
attach = deny
END
mv "$HOOKS" hooks.so
unchanged "no hooks library"
head -c 5000 hooks.so >"$HOOKS"
unchanged "a truncated hooks library"
: >"$HOOKS"
unchanged "an empty hooks library"
cp "$(echo /usr/lib/*/libz.so.1)" "$HOOKS"
unchanged "some other library in its place"
cp hooks.so "$HOOKS"
with app-shared v0 ord_a.o >/dev/null 2>&1
is "and it works again" "33 ord_a" "$(order v0)"

section "out of reach"
reset
echo "ord_a: 70" | policy
is "a plug-in opened with RTLD_DEEPBIND runs unharmed" "$(app-plugin --deepbind ../plugin.so \
	--prio 11 --detach v0 ord_a.o 2>&1)" "$(with app-plugin --deepbind ../plugin.so \
	--prio 11 --detach v0 ord_a.o 2>&1)"

section "/etc/ld.so.preload"
reset
echo "ord_a: 70" | policy
echo "$PRELOAD" >/etc/ld.so.preload
xdp-loader load v0 ord_a.o ord_b.o
is "programs are silent" "" "$(python3 -c pass 2>&1; /sbin/ip link show lo 2>&1 >/dev/null)"
rm /etc/ld.so.preload
proves "every program follows" v0 "50 ord_b, 70 ord_a" ba

section "the system log"
reset
syslogd -n -O /tmp/log &
syslogd=$!
until [ -S /dev/log ]; do sleep 0.1; done
# logged DESCRIPTION PATTERN: exactly one new line with PATTERN.
logged()
{
	tries=600
	until grep -Eq -- "$2" /tmp/log || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	lines=$(cat /tmp/log)
	: >/tmp/log
	is "$1: one line" 1 "$(printf '%s\n' "$lines" | grep -Ec -- "$2")"
	contains "$1" "$2" "$lines"
}
policy <<END
# a comment
ord_a: 70
END
with xdp-loader load v0 ord_a.o
logged "xdp-loader: program, old and new value, file and line" \
	'ord_a.*50.*70.*/etc/xdp/priorities.conf:2|ord_a.*70.*50.*/etc/xdp/priorities.conf:2'
unload v0
with app-shared --prio 11 v0 ord_a.o >/dev/null 2>&1
logged "app-shared: program, old and new value, file and line" \
	'ord_a.*11.*70.*/etc/xdp/priorities.conf:2|ord_a.*70.*11.*/etc/xdp/priorities.conf:2'
unload v0
printf 'ord_c: 90\nord_b: ten\n' | policy
with app-shared v0 ord_a.o >/dev/null 2>&1
logged "a refused file, its line, what was found" '/etc/xdp/priorities.conf:2.*ten'
unload v0
policy <<END
[not this one]
program = ord_b
attach = deny
END
with app-shared v0 ord_b.o >/dev/null 2>&1
logged "app-shared: a denied attach" 'ord_b on v0.*denied.*/etc/xdp/priorities.conf:3'
with xdp-loader load v0 ord_b.o >/dev/null 2>&1
logged "xdp-loader: a denied attach" 'ord_b on v0.*denied.*/etc/xdp/priorities.conf:3'
unload v0
with app-shared --native v0 ord_a.o >/dev/null 2>&1
policy <<END
[never native]
attach-mode = skb
END
with app-shared --native v0 ord_b.o >/dev/null 2>&1
logged "a mode that is not applied" 'not applied, others are attached in another mode: ord_b on v0: attach-mode native -> skb'
kill $syslogd

section "xdp-policy status"
reset
echo "ord_a: 70" | policy
with xdp-loader load v0 ord_a.o ord_b.o
succeeds "as the policy wants" xdp-policy status v0
status=$(xdp-policy status v0)
contains "as the policy wants: ord_a" "ord_a +70 " "$status"
contains "as the policy wants: ord_b" "ord_b +50 " "$status"
is "as the policy wants: no drift" "" "$(echo "$status" | grep -i drift)"
echo "ord_a: 40" | policy
fails "after a change of the policy" "ord_a .*70 -> 40.*DRIFT.*/etc/xdp/priorities.conf:1" \
	xdp-policy status v0
reset
LIBXDP_SKIP_DISPATCHER=1 app-shared --native v0 ord_a.o >/dev/null 2>&1
is "alone and without a record: what the application wants is not known" "true false" \
	"$(xdp-policy status --json v0 | tr -d ' \n' |
		sed 's/.*"priority":{"undecided":\([a-z]*\),"drift":\([a-z]*\),.*/\1 \2/')"
/sbin/ip link set dev v0 xdpdrv off

reset
exit 0
