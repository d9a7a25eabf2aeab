#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What others send to our rtnetlink sockets: a container's root, who is nobody outside, to the daemon
# that serves his namespace; and root of the host to the daemon and to watch.
set -u
# shellcheck source=tests/security/lib.sh
. "$TOP/tests/security/lib.sh"

[ "$(id -u)" = 0 ] || { skip "forged messages" "needs root"; exit 0; }
if [ "${1:-}" != inside ]; then
	exec unshare -m -n --propagation private "$0" inside
fi
forge=$TOP/tests/security/forge-netlink.py
# what the container's root runs must be his to read; what /run has is the host's
cp "$forge" "$TMPDIR/forge.py"
mount -t tmpfs -o mode=755 none /run
mkdir -p /run/netns /run/udev /etc/xdp
mount -t tmpfs -o mode=755 none /etc/xdp
trap 'kill -KILL ${daemon:-} ${watch:-} ${container:-} 2>/dev/null' EXIT

# reads what it shall forge, says how much it did
# shellcheck disable=SC2016
coproc setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urn \
	bash -c 'while read -r kind; do python3 "$0" "$kind" || echo 0 0; done' "$TMPDIR/forge.py"
container=$COPROC_PID
forge() { echo "$1" >&"${COPROC[1]}" && read -r answer <&"${COPROC[0]}" && echo "$answer"; }
is_apart()
{
	[ "$(cat "/proc/$container/comm")" = bash ] &&
		[ "$(readlink "/proc/$container/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}
has_ended() { ! kill -0 "$1" 2>/dev/null || [ "$(awk '{ print $3 }' "/proc/$1/stat")" = Z ]; }
settled() { is_apart || has_ended "$container"; }
wait_for settled
is_apart || { skip "forged messages" "no user namespaces here"; exit 0; }

give_name() { # NAME PID: as `ip netns attach` does
	touch "/run/netns/$1"
	mount --bind "/proc/$2/ns/net" "/run/netns/$1"
}
served() { grep -q "network namespace $1: served" "$TMPDIR/daemon.log"; }

give_name container "$container"
"$BUILD/xdp-policyd" --netns all --metrics "$TMPDIR/metrics" 2>"$TMPDIR/daemon.log" &
daemon=$!
"$BUILD/xdp-policy-watch" >"$TMPDIR/watch.log" 2>&1 &
watch=$!
test_that "the daemon serves the container" wait_for served container
has_socket() { awk -v pid="$1" '$2 == 0 && $3 == pid { found = 1 } END { exit !found }' /proc/self/net/netlink; }
test_that "watch listens" wait_for has_socket "$watch"

rss() { awk '/VmRSS/ { print $2 }' "/proc/$daemon/status"; }
# nothing is left to be received, or nobody to do so
has_read()
{
	has_ended "$daemon" ||
		awk '$2 == 0 && $5 { left = 1 } END { exit left }' "/proc/$container/net/netlink" \
			/proc/self/net/netlink
}
lives() { ! has_ended "$1"; }

before=$(rss)
n=0
for kind in links gone end error short-error 0 0xf 0x31 0x7fffffff 0x80000000 0x90000000 \
	0xfffffff0 0xffffffff; do
	theirs=$(forge "$kind")
	ours=$(python3 "$TMPDIR/forge.py" "$kind")
	case "$theirs, $ours" in
	*[1-9]" "*[1-9]*", "*[2-9]" "*[1-9]*) ok "$kind: forged, sockets and messages: $theirs, $ours" ;;
	*) not_ok "$kind: forged, sockets and messages: $theirs, $ours" ;;
	esac
	wait_for has_read
	test_that "$kind: the daemon goes on" lives "$daemon"
	test_that "$kind: watch goes on" lives "$watch"
	lives "$daemon" || break
	# it still does what it is for
	n=$((n + 1))
	unshare -n sleep infinity &
	other=$!
	apart() { [ "$(readlink "/proc/$other/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
	wait_for apart
	give_name "n$n" "$other"
	kill "$other"
	test_that "$kind: another namespace is served" wait_for served "n$n"
done

after=$(rss)
grown=$((${after:-0} - ${before:-0}))
if [ -n "$after" ] && [ $grown -lt 4096 ]; then
	ok "its memory stays"
else
	not_ok "its memory stays: $before kB, then ${after:-none}"
fi
lines=$(grep -c "the kernel did not send" "$TMPDIR/daemon.log")
if [ "$lines" -ge 1 ] && [ "$lines" -le 10 ]; then
	ok "it is told, but not for each message"
else
	not_ok "it is told, but not for each message: $lines lines" "$TMPDIR/daemon.log"
fi
kill -TERM "$daemon" "$watch" 2>/dev/null
test_that "SIGTERM ends the daemon" wait_for has_ended "$daemon"
test_that "SIGTERM ends watch" wait_for has_ended "$watch"
wait "$daemon"
status=$?
test_that "the daemon ended with 0: $status" [ $status = 0 ]
if [ -s "$TMPDIR/metrics" ] && ! grep -q 'interface="' "$TMPDIR/metrics"; then
	ok "no figures of what does not exist"
else
	not_ok "no figures of what does not exist" "$TMPDIR/metrics"
fi
