#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A service with User= and a policy that was made under umask 027 or 077: on-error: deny holds, and
# `check` names what is in the way.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

export LIBXDP_SKIP_DISPATCHER=1
a=$BUILD/bpf/ord_a.o
cp "$a" "$WORK/a.o"
chmod 1777 "$WORK/dev"
caps=+net_admin,+sys_admin,+bpf
# as_service COMMAND...: as systemd's User= with AmbientCapabilities=, which do not open files
as_service()
{
	setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps $caps --ambient-caps $caps "$@"
}
attach() { as_service env LD_PRELOAD="$PRELOAD" "$WORK/app" attach "$WORK/a.o" lo; }
if ! as_service "$WORK/app" attach "$WORK/a.o" lo >"$WORK/said" 2>&1 || [ "$(cat "$WORK/said")" != 0 ]
then
	skip perms "a program cannot be attached: $(cat "$WORK/said")"
	exit 0
fi
ip link set lo xdp off

# policy UMASK SWITCH: made as an administrator makes it who has that umask
policy()
{
	rm -rf /etc/xdp
	(umask "$1"; mkdir /etc/xdp; echo 'ord_b: 10' >/etc/xdp/priorities.conf
		[ -z "$2" ] || echo "$2" >/etc/xdp/xdpswitch.conf)
}
after() { ip link set lo xdp off; }

for umask in 027 077; do
	policy $umask "on-error: deny"
	says "umask $umask: on-error: deny holds" -13 attach
	chmod 755 /etc/xdp
	says "umask $umask: of a switch that is seen and cannot be read" -13 attach
	chmod 644 /etc/xdp/xdpswitch.conf
	says "umask $umask: of rules that cannot be read" -13 attach
	chmod 644 /etc/xdp/*.conf
	says "umask $umask: all can be read" 0 attach
	after
done
policy 077 ""
chmod 755 /etc/xdp
says "without a switch rules that cannot be read are left out" 0 attach
after
policy 022 "on-error: allow"
chmod 600 /etc/xdp/priorities.conf
says "on-error: allow" 0 attach
after
as_service env LD_PRELOAD="$PRELOAD" "$WORK/app" log attach "$WORK/a.o" lo show >/dev/null
after
chmod 600 /etc/xdp/xdpswitch.conf
as_service env LD_PRELOAD="$PRELOAD" "$WORK/app" log attach "$WORK/a.o" lo show >"$WORK/said"
says "the log says why" 1 grep -c \
	"attach denied (xdpswitch.conf cannot be read, and may say on-error: deny)" "$WORK/said"

# modes_of WHAT EXPECTED: the findings of check about modes
modes_of()
{
	says "$1" "$2" sh -c 'xdp-policy check | sed -n "s/: warning: found mode \(0[0-7]*\),.*\[XP017\]/ \1/p" |
		paste -sd " " -'
}
policy 077 "on-error: deny"
mkdir -m 750 /etc/xdp/priorities.d
modes_of "check: what is in the way" \
	"/etc/xdp 0700 /etc/xdp/priorities.conf 0600 /etc/xdp/priorities.d 0750 /etc/xdp/xdpswitch.conf 0600"
policy 022 ""
modes_of "check: nothing is in the way" ""
says "preload status: what is in the way" 1 sh -c \
	'chmod 600 /etc/xdp/priorities.conf; xdp-policy preload status 2>&1 |
		grep -c "^xdp-policy: /etc/xdp/priorities.conf: found mode 0600, expected that all users can read it"'
mkdir -m 700 "$WORK/private"
mkdir -m 755 "$WORK/private/xdp"
echo 'ord_b: 10' >"$WORK/private/xdp/priorities.conf"
rm -rf /etc/xdp
ln -s "$WORK/private/xdp" /etc/xdp
modes_of "check: a directory above" "$WORK/private 0700"
says "check, by another user: a directory above" 1 sh -c \
	'setpriv --reuid 1000 --regid 1000 --clear-groups xdp-policy check |
		grep -c "^/etc/xdp: cannot look at it: Permission denied"'
says "a policy that cannot be reached may deny" -13 attach
rm /etc/xdp
after

# what commands make, whatever the umask
cat >"$WORK/editor" <<'END'
#!/bin/sh
echo "ord_b: 10" >"$1"
END
cat >"$WORK/chains" <<'END'
#!/bin/sh
printf 'version: 1\nchains: {}\n' >"$1"
END
chmod 755 "$WORK/editor" "$WORK/chains"
(
	umask 077
	rm -rf /var/lib/xdp-policy
	EDITOR=$WORK/editor xdp-policy edit
	EDITOR=$WORK/editor xdp-policy edit 10-a.conf
	EDITOR=$WORK/chains xdp-policy edit /etc/xdp/chains.d/10-a.yaml
	xdp-policy convert /etc/xdp/priorities.conf -o /etc/xdp/priorities.d/20-b.json
	xdp-policy compile
	xdp-policy preload enable --force
) >"$WORK/log" 2>&1
says "umask 077: edit, convert, compile and preload enable" \
	"/etc/ld.so.preload 644,/etc/xdp 755,/etc/xdp/chains.d 755,/etc/xdp/chains.d/10-a.yaml 644,\
/etc/xdp/priorities.conf 644,/etc/xdp/priorities.d 755,/etc/xdp/priorities.d/10-a.conf 644,\
/etc/xdp/priorities.d/20-b.json 644,/var/lib/xdp-policy 755,/var/lib/xdp-policy/policy.cdb 644" \
	sh -c 'find /etc/xdp /etc/ld.so.preload /var/lib/xdp-policy -printf "%p %m\n" | sort | paste -sd , -'

EDITOR=$WORK/editor says "edit makes no directory of others" \
	"xdp-policy: /etc/others/: found no directory, expected one: No such file or directory status 2" \
	xdp-policy edit /etc/others/10-a.conf

# a root that is not searched would seem empty
mkdir -p /run/closed/etc/xdp
echo nonsense >/run/closed/etc/xdp/priorities.conf
chmod 600 /run/closed
says "--root: a directory that cannot be searched" \
	"xdp-policy check: /run/closed: cannot open: Permission denied status 4" \
	setpriv --reuid 65534 --regid 65534 --clear-groups xdp-policy check --root /run/closed
