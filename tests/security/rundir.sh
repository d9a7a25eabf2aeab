#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A /run/xdp-policy that is refused is told with what was found, and a name that no network namespace
# has is told once.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

# says_only WHAT STATUS LINE COMMAND...: LINE is all of standard error
says_only() {
	local what=$1 expected="$2: $3"
	shift 3
	"$@" >/dev/null 2>"$WORK/errors"
	if [ "$?: $(cat "$WORK/errors")" = "$expected" ]; then ok "$what"; else not_ok "$what" "$WORK/errors"; fi
}

refused() { # REASON, of /run/xdp-policy
	says_only "apply: $1" "${2:-4}" "xdp-policy: /run/xdp-policy: $1" xdp-policy apply lo
	says_only "xdp-policyd: $1" 1 "xdp-policyd: /run/xdp-policy: $1" xdp-policyd --once
	says_only "watch: $1" "${2:-4}" "xdp-policy: /run/xdp-policy: $1" "$BUILD/xdp-policy-watch"
}

rm -rf /run/xdp-policy
mkdir -m 777 /run/xdp-policy
refused "found mode 0777, expected no write permission for group and others"
chmod 755 /run/xdp-policy
chown 65534 /run/xdp-policy
refused "found owner 65534, expected 0"
rmdir /run/xdp-policy
ln -s "$WORK" /run/xdp-policy
refused "found a link, expected a directory" 1
rm /run/xdp-policy
touch /run/xdp-policy
refused "found a file, expected a directory" 1
rm /run/xdp-policy

# below_refused DIR FOUND CONSEQUENCE: of a directory below it; what is asked for is not in its way
below_refused()
{
	local line="/run/xdp-policy/$1: found $2; $3"
	says_only "apply: $1: $2" 0 "xdp-policy: $line" xdp-policy apply lo
	says_only "status: $1: $2" 0 "xdp-policy: $line" xdp-policy status lo
	says_only "xdp-policyd: $1: $2" 0 "xdp-policyd: $line" xdp-policyd --once
}
mkdir -m 755 /run/xdp-policy
while read -r dir without; do
	mkdir -m 775 "/run/xdp-policy/$dir"
	below_refused "$dir" "mode 0775, expected no write permission for group and others" "$without"
	chmod 755 "/run/xdp-policy/$dir"
	chown 65534 "/run/xdp-policy/$dir"
	below_refused "$dir" "owner 65534, expected 0" "$without"
	rmdir "/run/xdp-policy/$dir"
	ln -s "$WORK" "/run/xdp-policy/$dir"
	below_refused "$dir" "a link, expected a directory" "$without"
	rm "/run/xdp-policy/$dir"
done <<'END'
attached what applications and load have attached is not known, and no chain can be loaded
seen what programs had before the policy changed them is not known, and not kept
journal no chain can be changed
retired what was replaced stays pinned
END
says_only "status: nothing is refused" 0 "" xdp-policy status lo

missing="xdp-policy: none: found no such interface in any network namespace, expected one"
mkdir -p /run/netns
for name in a b; do
	ip netns add "$name" && continue
	skip "names in all network namespaces" "none can be made here"
	exit 0
done
ip -n b link add there type veth peer name other || exit 1
for command in status apply unload; do
	says_only "$command: one namespace has it" 0 "" xdp-policy $command --netns all there
	says_only "$command: none has it" 1 "$missing" xdp-policy $command --netns all there none
	says_only "$command: a namespace without a name" 2 "xdp-policy $command: found an empty argument behind \
--netns, expected a word" xdp-policy $command --netns= there
done
