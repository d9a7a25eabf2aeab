# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# For scripts about the preload: they source it after lib.sh and go on inside of a place of their
# own, where the build is installed and /etc, /usr, /run, /var and the network can be written to. It
# sets PRELOAD, its directory PRELOAD_DIR, and WORK; `app` there is app.c.
# shellcheck source=tests/security/lib.sh
. "$TOP/tests/security/lib.sh"

name=$(basename "$0" .sh)
if [ "${PLACE-}" != "$name" ]; then
	[ "$(id -u)" = 0 ] || { skip "$name" "needs root"; exit 0; }
	unshare -m -n true 2>/dev/null || { skip "$name" "no namespaces of its own can be made"; exit 0; }
	PLACE=$name exec unshare -m -n --propagation private "$0" "$@"
fi

place_fails() { not_ok "$name: the place: $*"; exit 1; }

WORK=$(mktemp -d)
{ mount -t tmpfs -o mode=755 tmpfs "$WORK" && mount -t tmpfs -o mode=755 tmpfs /run; } ||
	place_fails "no file system in memory"
make -s -C "$BUILD" install DESTDIR="$WORK/stage" >"$WORK/log" 2>&1 || place_fails "make install"
for dir in usr etc var; do
	mkdir -p "$WORK/stage/$dir" "$WORK/$dir" "$WORK/$dir.work"
	mount -t overlay overlay -o \
		"lowerdir=$WORK/stage/$dir:/$dir,upperdir=$WORK/$dir,workdir=$WORK/$dir.work" \
		"/$dir" 2>"$WORK/log" || { skip "$name" "no overlay on /$dir: $(cat "$WORK/log")"; exit 0; }
done
# a /dev without the host's /dev/log
mkdir "$WORK/dev"
for dev in null zero full random urandom tty; do
	: >"$WORK/dev/$dev"
	mount --bind "/dev/$dev" "$WORK/dev/$dev" || place_fails "/dev/$dev"
done
ln -s /proc/self/fd "$WORK/dev/fd"
mount --rbind "$WORK/dev" /dev || place_fails "no /dev"
mkdir -p /etc/xdp /run/xdp /run/xdp-policy
rm -f /etc/ld.so.preload /var/lib/xdp-policy/*
find /etc/xdp -mindepth 1 -delete
ip link set lo up
PRELOAD=$(find "$WORK/stage" -name libxdppolicy-preload.so)
PRELOAD=${PRELOAD#"$WORK/stage"}
PRELOAD_DIR=${PRELOAD%/*}
[ -e "$PRELOAD" ] || { skip "$name" "installed below $PRELOAD_DIR, expected /usr"; exit 0; }
export WORK PRELOAD PRELOAD_DIR

# place_compile NAME.c FLAGS...: into WORK/NAME, or what -o says
place_compile()
{
	local source=$1
	shift
	gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -I"$TOP/libxdppolicy" \
		-o "$WORK/${source%.*}" "$TOP/tests/security/$source" "$@" || place_fails "gcc $source"
}
place_compile app.c -pthread -lxdp -lbpf

# preloaded COMMAND...: with the preload, without a core file
preloaded() { (ulimit -c 0; LD_PRELOAD=$PRELOAD "$@"); }

# says WHAT EXPECTED COMMAND...: what it prints, and its exit status if that is not 0
says()
{
	local what=$1 expected=$2 said status
	shift 2
	said=$("$@" 2>&1)
	status=$?
	[ $status = 0 ] || said="$said${said:+ }status $status"
	if [ "$said" = "$expected" ]; then
		ok "$what"
	else
		printf 'found:    %s\nexpected: %s\n' "$said" "$expected" >"$WORK/why"
		not_ok "$what" "$WORK/why"
	fi
}
