#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The place that a user names for output may be anything: it is written into, or refused; what is
# there is never lost.
set -u
# shellcheck source=tests/security/lib.sh
. "$TOP/tests/security/lib.sh"

# as root in mounts and a network of its own, where devices can be made and /etc is nobody's
if [ "$(id -u)" = 0 ] && [ -z "${INSIDE:-}" ] && unshare -mn true 2>/dev/null; then
	INSIDE=yes exec unshare -mn "$0"
fi
PATH=$BUILD:$PATH
work=$TMPDIR/outputs
mkdir "$work"
[ -z "${INSIDE:-}" ] || mount -t tmpfs -o mode=755 outputs "$work" || exit 1
cd "$work" || exit 1

printf 'ord_a: 11\nord_b: 12 PASS\n' >rules.conf
cat >fleet.json <<'END'
[{"host_name": "edge", "iface": "eth0", "bpf_programs": {"xdp_ingress": [
	{"name": "a", "seq_id": 1, "admin_status": "enabled", "prog_type": "xdp",
	 "object_file": "/usr/lib/bpf/a.o", "entry_function_name": "xdp_a"}]}}]
END

# All that write to a place: TO_WHERE.
to_text() { xdp-policy convert rules.conf --to json -o "$1"; }
to_db() { xdp-policy convert rules.conf --to cdb -o "$1"; }
to_compiled() { xdp-policy compile rules.conf -o "$1"; }
to_rules() { xdp-policy import fleet.json -o "$1"; }
to_chain() { xdp-policy import --chain fleet.json -o "$1"; }
to_figures() { xdp-policyd --once --root "$work/none" --metrics "$1"; }
writers="text db compiled rules chain"
# the host's own devices are not for a test that may fail
null=/dev/null
[ -z "${INSIDE:-}" ] || { null=$work/nothing && mknod "$null" c 1 3; }
mkdir none
if [ -n "${INSIDE:-}" ]; then
	mkdir run && mount --bind run /run
	writers="$writers figures"
else
	skip "the daemon's figures" "need root"
fi

# What import says besides is exit status 1.
write() { # WRITER WHERE
	rm -f said
	timeout 60 bash -c "$(declare -f "to_$1"); work=$work; to_$1 $2" >out 2>said
	status=$?
	[ "$1" != rules ] && [ "$1" != chain ] || [ $status != 1 ] ||
		! grep -q 'imported$' said || status=0
}

check() { # WHAT, after a test
	local rc=$?
	if [ $rc = 0 ]; then ok "$1"; else not_ok "$1" said; fi
}

refused() { # WRITER PATTERN
	[ $status != 124 ] && grep -q "$2" said && { [ $status != 0 ] || [ "$1" = figures ]; }
}

written_to_fifo() { # WRITER
	write "$1" ./fifo
	[ "$status" = 0 ] && ! grep -q 'no process reads' said
}

# The figures' time of the last success is that of each.
timeless() { LC_ALL=C sed 's/^\(xdp_policy_last_success_timestamp_seconds\) .*/\1/' "$1"; }
same() { cmp <(timeless "$1") <(timeless "$2"); }

nothing_left() { [ -z "$(find . -name '.*.??????' -print -quit)" ]; }

for w in $writers; do
	# a file, as the others are compared with it
	write "$w" "./$w.right"
	[ $status = 0 ] && [ -s "$w.right" ] && [ "$(stat -c %a "$w.right")" = 644 ]
	check "$w: a new file"

	echo old >kept && chmod 640 kept
	[ -z "${INSIDE:-}" ] || chown 65534:65533 kept
	before=$(stat -c '%a %u %g' kept)
	write "$w" ./kept
	same "$w.right" kept && { [ "$w" = figures ] || [ "$(stat -c '%a %u %g' kept)" = "$before" ]; }
	check "$w: a file is replaced, and keeps mode and owner"
	rm -f kept

	write "$w" -
	[ $status = 0 ] && same "$w.right" out
	check "$w: standard output"

	mkfifo fifo
	timeout 60 cat fifo >received &
	reader=$!
	# a reader that has not opened it yet is none
	wait_for written_to_fifo "$w"
	wait $reader
	[ -p fifo ] && same "$w.right" received
	check "$w: into a FIFO"
	write "$w" ./fifo
	[ -p fifo ] && refused "$w" 'fifo: found a FIFO that no process reads'
	check "$w: not into a FIFO without a reader, and without waiting"
	rm -f fifo

	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
	write "$w" ./socket
	[ -S socket ] && refused "$w" 'socket: found a socket, expected a file'
	check "$w: not over a socket"
	rm -f socket

	mkdir dir
	write "$w" ./dir
	[ -d dir ] && refused "$w" 'dir: found a directory, expected a file'
	check "$w: not over a directory"
	write "$w" ./new/
	[ ! -e new ] && refused "$w" 'found the name of a directory'
	check "$w: not to a name that is a directory's"
	rmdir dir

	mkdir dir && echo old >dir/file && ln -s dir/file one && ln -s one two
	write "$w" ./two
	[ "$(readlink two)" = one ] && [ "$(readlink one)" = dir/file ] && same "$w.right" dir/file
	check "$w: a link stays, and what it leads to is replaced"
	rm -r dir
	write "$w" ./two
	[ -L two ] && [ -L one ] && refused "$w" "found a link to './dir/file', which is not there"
	check "$w: not to a link that leads nowhere"
	ln -sf two one
	write "$w" ./two
	[ -L two ] && [ -L one ] && refused "$w" 'two: cannot write: Too many levels'
	check "$w: not to a link to itself"
	rm one two
	ln -s "$null" masked
	write "$w" ./masked
	[ -c "$null" ] && [ "$(readlink masked)" = "$null" ] && refused "$w" "found a link to $null, which masks"
	check "$w: not where a link to the null device masks a file"
	rm masked

	echo before >appended
	# never by its name in /dev, which belongs to the whole host
	ln -s /proc/self/fd/1 stdout
	bash -c "$(declare -f "to_$w"); work=$work; to_$w ./stdout" >>appended 2>said
	[ -L stdout ] && same <(echo before; cat "$w.right") appended
	check "$w: a link as /dev/stdout is what was opened, written behind what is in it"
	rm -f appended stdout

	name=$(printf 'x%.0s' {1..255})
	write "$w" "./$name"
	same "$w.right" "$name"
	check "$w: a name as long as a name can be"
	rm -f "$name"
	nothing_left
	check "$w: no temporary file is left"
done

# --- devices, others' files and full disks: as root ---

if [ -z "${INSIDE:-}" ]; then
	skip "devices, files of others, full disks, /etc/xdp" "need root, and mounts of its own"
	exit 0
fi

mkdir sticky small && chmod 1777 sticky && mount -t tmpfs -o size=16k,mode=755 small small
for w in $writers; do
	mknod null c 1 3
	write "$w" ./null
	[ $status = 0 ] && [ "$(stat -c '%F %t %T' null)" = 'character special file 1 3' ]
	check "$w: into a character device"
	rm -f null
	mknod full c 1 7
	write "$w" ./full
	[ -c full ] && refused "$w" 'full: cannot write: No space left on device'
	check "$w: a device that is full"
	rm -f full
	mknod disk b 1 15
	write "$w" ./disk
	[ -b disk ] && refused "$w" 'disk: found a block device, expected a file'
	check "$w: not over a block device"
	rm -f disk

	echo old >file && ln -s ../file sticky/link && chown -h 65534 sticky/link
	write "$w" ./sticky/link
	[ "$(cat file)" = old ] && refused "$w" 'found a link of user 65534'
	check "$w: not where another user's link leads from a directory like /tmp"
	echo old >sticky/file && chown 65534 sticky/file && chmod 666 sticky/file
	write "$w" ./sticky/file
	[ "$(cat sticky/file)" = old ] && refused "$w" 'found a file of user 65534'
	check "$w: not over another user's file in a directory like /tmp"
	mkfifo sticky/fifo && chown 65534 sticky/fifo
	write "$w" ./sticky/fifo
	refused "$w" 'found a file of user 65534'
	check "$w: not into another user's FIFO there"
	rm -f sticky/* file

	echo old >small/file
	head -c 16384 /dev/zero 2>/dev/null | cat >small/filler 2>/dev/null
	write "$w" ./small/file
	[ "$(cat small/file)" = old ] && refused "$w" 'small/file: cannot write: ' && nothing_left
	check "$w: with a full disk the file stays as it was"
	rm -f small/filler

	echo old >small/file
	limited=$(bash -c "$(declare -f "to_$w"); work=$work; ulimit -f 0; to_$w ./small/file 2>&1")
	status=$?
	printf '%s\n' "$limited" >said
	[ "$(cat small/file)" = old ] && nothing_left && [ $status -lt 124 ] && grep -q 'File too large' said
	check "$w: with a limit of the size of files, too"
	rm -f small/file
done

# --- the policy's own directories ---

mkdir etc lib && mount --bind etc /etc && mount --bind lib /var/lib
umask 077
for dir in /etc/xdp/priorities.d /run/xdp/priorities.d /etc/xdp/chains.d /var/lib/xdp-policy; do
	write text $dir/x.json
	cmp text.right $dir/x.json && [ "$(stat -c %a $dir "${dir%/*}" | sort -u)" = 755 ]
	check "$dir is made, for all to read whatever the umask"
done
write text /etc/xdp/mine/x.json
[ ! -e /etc/xdp/mine ] && refused text 'cannot write: No such file or directory'
check "no other directory is made"
rm -rf /etc/xdp
cat >editor <<'END'
#!/bin/sh
echo 'ord_a: 7' >"$1"
END
chmod 755 editor
EDITOR=$work/editor xdp-policy edit >said 2>&1
[ "$(stat -c %a /etc/xdp)" = 755 ] && [ "$(stat -c %a /etc/xdp/priorities.conf)" = 644 ]
check "edit: the same"
(
	umask 022
	mkdir -p root/usr/lib/systemd/system
	echo '[Service]' >root/usr/lib/systemd/system/a.service
)
xdp-policy preload enable --root "$work/root" --unit a.service >said 2>&1
shim=$(sed -n 's/^xdp-policy: \(.*\): found no file, expected the preload library, .*$/\1/p' said)
(
	umask 022
	mkdir -p "${shim%/*}"
	cp "$BUILD/libxdppolicy-preload.so" "$BUILD/libxdppolicy-hooks.so" "${shim%/*}"
)
xdp-policy preload enable --root "$work/root" --unit a.service >said 2>&1
[ "$(stat -c %a root/etc/systemd/system/a.service.d)" = 755 ]
check "preload enable: a unit's directory, too"

# --- what standard output is does not matter to a file that has a name ---

ln -s /dev/null mask.conf
for w in text db; do
	"to_$w" "$work/mask.conf" >/dev/null 2>said
	status=$?
	[ $status != 0 ] && [ -L mask.conf ] && grep -q 'masks the file' said
	check "$w: a mask is refused, though standard output goes nowhere, too"
done
for option in --help --version 'convert --help'; do
	# shellcheck disable=SC2086 # two words
	xdp-policy $option >/dev/full 2>said
	[ $? = 1 ] && grep -qx 'xdp-policy: standard output: cannot write: No space left on device' said
	check "$option: what cannot be written is told"
done

xdp-policyd --once --root "$work/none" --metrics /dev/full >said 2>&1
[ $? = 1 ] && grep -q 'No space left on device' said
check "figures: --once fails if they cannot be written"
rm -rf /var/lib/xdp-policy
setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/xdp-policy" compile rules.conf >said 2>&1
status=$?
[ $status = 4 ] && grep -q 'cannot make its directory: Permission denied$' said
check "a directory that cannot be made is told with the kernel's reason"
