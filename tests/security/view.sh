#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `xdp-policy coverage` of a process that has the preload, and not all of what that needs of the host,
# such as a service with InaccessiblePaths=.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

mkdir -p /usr/lib/xdp /var/lib/xdp-policy
echo 'ord_a: 33' >/etc/xdp/priorities.conf
mkfifo "$WORK/gate"

# is_open: it is in a hook, and waits there for the one who writes its object
is_open() { grep -q libxdppolicy-hooks "/proc/$pid/maps" 2>/dev/null; }

# view WHAT EXPECTED COMMAND: of a process in a mount namespace in which COMMAND was done
view()
{
	local pid found
	# shellcheck disable=SC2016 # for the other shell
	unshare -m --propagation private sh -c "$3"' && LD_PRELOAD=$PRELOAD exec "$WORK/app" open "$WORK/gate"' \
		>/dev/null 2>"$WORK/why" &
	pid=$!
	wait_for is_open
	"$BUILD/xdp-policy" coverage --json "$pid" >"$WORK/said" 2>&1
	found=$(grep -oE '"(class|reason|state)": "[^"]*"' "$WORK/said" | cut -d '"' -f 4 | xargs)
	if [ "$found" = "$2" ]; then ok "view: $1"; else not_ok "view: $1: found $found" "$WORK/said"; fi
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	return 0
}

reached="full shared-libxdp active" hidden="unknown hidden-files -"
view "all of the host" "$reached" true
view "the same, read-only" "$reached" "mount --bind /etc/xdp /etc/xdp && mount -o remount,ro,bind /etc/xdp"
view "what does not matter" "$reached" "mount -t tmpfs tmpfs /mnt"
for path in /etc/xdp /etc /run /run/xdp /run/xdp-policy /usr/lib/xdp /var/lib/xdp-policy; do
	view "$path is empty" "$hidden" "mount -t tmpfs tmpfs $path"
done
view "one file of the policy" "$hidden" "mount --bind /dev/null /etc/xdp/priorities.conf"
