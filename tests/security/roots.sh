#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Code that others than root can write, or that is in a root directory or mount namespace that a
# process has entered, does not get into it.
set -u
# shellcheck source=tests/security/place.sh
. "$TOP/tests/security/place.sh"

place_compile evil.c -shared -fPIC
hooks=$PRELOAD_DIR/libxdppolicy-hooks.so
a=$BUILD/bpf/ord_a.o
app() { preloaded "$WORK/app" "$@"; }
echo 'ord_a: 33' >/etc/xdp/priorities.conf
says "roots: as installed" 33 app open "$a"

# --- a directory to chroot(2) to, of uid 1000, and one that is all root's ---

make_jail() # DIR OWNER
{
	mkdir -p "$1$PRELOAD_DIR" "$1/etc/xdp"
	cp "$WORK/evil" "$1$hooks"
	cp "$a" "$1/a.o"
	echo 'ord_a: 44' >"$1/etc/xdp/priorities.conf"
	chown -R "$2:$2" "$1"
}
make_jail "$WORK/jail" 1000
make_jail "$WORK/root" 0
says "roots: chroot to uid 1000's, then the first call" 50 app chroot "$WORK/jail" open /a.o
says "roots: chroot to root's, then the first call" 50 app chroot "$WORK/root" open /a.o
says "roots: a first call, then chroot to uid 1000's" "33 50" \
	app open "$a" chroot "$WORK/jail" open /a.o
says "roots: a first call, then chroot to root's" "33 44" \
	app open "$a" chroot "$WORK/root" open /a.o

plugin=$PRELOAD_DIR/libxdppolicy_evil.so.0
rm "$WORK/jail$hooks" "$WORK/root$hooks"
cp "$WORK/evil" "$WORK/root$plugin"
echo 'priority: evil files' >"$WORK/root/etc/xdp/xdpswitch.conf"
says "roots: a plug-in that root's jail names" "33 44" \
	app open "$a" chroot "$WORK/root" open /a.o

# --- another mount namespace, of the same user namespace ---

mkdir "$WORK/over"
cp "$WORK/evil" "$WORK/over/libxdppolicy-hooks.so"
cp "$PRELOAD" "$WORK/over/"
cp "$WORK/evil" "$WORK/over/${plugin##*/}"
mkfifo "$WORK/up"
# shellcheck disable=SC2016
unshare -m --propagation private bash -c '
	mount --bind "$WORK/over" "$PRELOAD_DIR"
	mount -t tmpfs -o mode=755 tmpfs /etc/xdp
	echo "priority: evil files" >/etc/xdp/xdpswitch.conf
	echo "ord_a: 55" >/etc/xdp/priorities.conf
	echo >"$WORK/up"
	exec sleep 600' &
other=$!
read -r _ <"$WORK/up"
says "roots: setns, then the first call" 50 app setns /proc/$other/ns/mnt open "$a"
says "roots: a first call, then setns" "33 55" app open "$a" setns /proc/$other/ns/mnt open "$a"
kill $other
wait $other 2>/dev/null

# shellcheck disable=SC2016
says "roots: a program that is started in another namespace" 33 \
	unshare -m bash -c 'LD_PRELOAD=$PRELOAD exec "$WORK/app" open "$0"' "$a"
cp "$WORK/app" "$WORK/replaced"
says "roots: a program whose file is gone meanwhile" 33 \
	preloaded "$WORK/replaced" unlink "$WORK/replaced" open "$a"
cp "$WORK/app" "$WORK/replaced"
printf '[of one file]\nexecutable = %s\npriority = 34\n' "$WORK/replaced" >>/etc/xdp/priorities.conf
says "roots: a rule for the path that it had" 34 \
	preloaded "$WORK/replaced" unlink "$WORK/replaced" open "$a"
echo 'ord_a: 33' >/etc/xdp/priorities.conf

cp "$WORK/app" "$WORK/replaced"
ln "$WORK/replaced" "$WORK/linked"
cp "$WORK/app" "$WORK/new"
says "roots: a program that was replaced while a hard link to it is left" 33 \
	preloaded "$WORK/replaced" rename "$WORK/new" "$WORK/replaced" open "$a"
mkdir -p "$WORK/version/bin"
cp "$WORK/app" "$WORK/version/bin/app"
says "roots: a program whose directory has another name" 33 \
	preloaded "$WORK/version/bin/app" rename "$WORK/version" "$WORK/old" open "$a"
cp "$WORK/app" "$WORK/old/bin/app"
says "roots: a program whose directories are gone" 33 \
	preloaded "$WORK/old/bin/app" unlink "$WORK/old/bin/app" rmdir "$WORK/old/bin" \
	rmdir "$WORK/old" open "$a"
deep=$WORK/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})/$(printf 'f%.0s' {1..200})
deep=$deep/$(printf 'g%.0s' {1..200})/$(printf 'h%.0s' {1..200})/$(printf 'i%.0s' {1..200})
mkdir -p "$deep"
cp "$WORK/app" "$deep/app"
says "roots: a program with a long path" 33 preloaded "$deep/app" open "$a"

# the same mount, and a directory of the program's path
mkdir -p "$WORK/root$WORK" "$WORK/root/proc"
mount --rbind /proc "$WORK/root/proc" || place_fails "/proc in a jail"
cp "$a" "$WORK/root/a.o"
cp "$WORK/evil" "$WORK/root$hooks"
cp "$WORK/app" "$WORK/replaced"
says "roots: its file is gone, and then chroot to root's" 50 \
	preloaded "$WORK/replaced" unlink "$WORK/replaced" chroot "$WORK/root" open /a.o
umount -l "$WORK/root/proc"
rm "$WORK/root$hooks"

# --- who can write to the hooks and to a plug-in ---

cp "$WORK/evil" "$plugin"
# attempt WHAT PATH: by each owner and mode that is not root's alone
attempt()
{
	local what=$1 path=$2 mode
	for mode in 1000:755 0:775 0:757; do
		chown "${mode%:*}" "$path"
		chmod "${mode#*:}" "$path"
		says "roots: $what of owner and mode $mode" 50 app open "$a"
		says "roots: $what of owner and mode $mode, preload enable" refused enable_refuses
	done
	chown 0 "$path"
	chmod 755 "$path"
	says "roots: $what of root's again" 33 app open "$a"
}
enable_refuses()
{
	xdp-policy preload enable --force >"$WORK/log" 2>&1 && { rm /etc/ld.so.preload; return 1; }
	grep -q "no write permission\|found owner" "$WORK/log" && echo refused
}
attempt "the hooks" "$hooks"
attempt "the hooks' directory" "$PRELOAD_DIR"
attempt "a directory above the hooks" "${PRELOAD_DIR%/*}"

echo 'priority: evil' >/etc/xdp/xdpswitch.conf
for mode in 1000:755 0:775 0:757; do
	chown "${mode%:*}" "$plugin"
	chmod "${mode#*:}" "$plugin"
	says "roots: a plug-in of owner and mode $mode" 50 app open "$a"
done
chown 0 "$plugin"
chmod 755 "$plugin"
says "roots: a plug-in of root's is opened" "EVIL 50" app open "$a"
