# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For those who make a guest's file system: what they all put into it. Needs $here (tests/vm) and
# "set -euo pipefail".

PATH=$PATH:/usr/sbin:/sbin

# put_modules KERNEL_ROOT DIR NAME...: modules of the kernel unpacked at KERNEL_ROOT with all that
# they need, named in the order in which they must be loaded. What is built in is not there.
put_modules()
{
	local kernel=$1 dir=$2 number=10 release module target
	shift 2

	mkdir -p "$dir"
	release=$(basename "$kernel"/lib/modules/*)
	while read -r module; do
		target=$dir/$number-$(basename "${module%.xz}")
		case $module in
		*.xz) xz -dc "$module" >"$target" ;;
		*) cp "$module" "$target" ;;
		esac
		number=$((number + 1))
	done < <(modprobe -d "$kernel" -S "$release" -a --show-depends "$@" |
		sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++')
	[ "$number" -gt 10 ] || die "found none of the modules $* in $kernel"
}

# put_tests ROOT BUILD [STAGE]: what is tested, the test programs of the build directory BUILD, and
# what the guest's scripts need.
put_tests()
{
	local root=$1 build=$2 stage=${3:-} app file program

	mkdir -p "$root/test/bpf"
	if [ -n "$stage" ]; then
		[ -d "$stage" ] || die "$stage is missing (make install DESTDIR=$stage)"
		tar -C "$stage" -c . | tar -C "$root" -x --keep-directory-symlink --no-same-owner
	fi
	cp "$build"/bpf/ord_*.o "$root/test/bpf"
	for app in app-shared app-plugin app-xsk plugin.so reuse.so; do
		file=$build/tests/apps/$app
		[ -e "$file" ] || file=$build/tests/apps/.libs/$app
		cp "$file" "$root/test/"
	done
	# only where there are static libraries
	for app in app-static app-inside app-xsk-inside; do
		[ ! -e "$build/tests/apps/$app" ] || cp "$build/tests/apps/$app" "$root/test/"
	done
	cp -L "$build/tests/plugin/libxdppolicy_example.so.0" "$root/test/"
	install -m 755 "$here/../apps/app-ctypes.py" "$build/tests/vm/pkt" "$root/test/"

	# What makes and watches live chains, and what kills those who change them.
	cp "$build"/bpf/test-dispatcher-*.o "$root/test/bpf"
	install -m 755 "$build"/tests/vm/{mkchain,stream,watch-xdp} "$root/test/"
	# What is linked with the library, or contains it.
	if [ -n "$stage" ]; then
		install -m 755 "$build/tests/vm/chain-api" "$root/test/"
		for program in chain-api-cxx chain-failures; do
			[ ! -e "$build/tests/vm/$program" ] ||
				install -m 755 "$build/tests/vm/$program" "$root/test/"
		done
	fi
	cp -r "$here"/suites/. "$root/test/"
	install -m 755 "$here/guest/init" "$root/init"
	install -m 644 "$here"/guest/*.sh "$root/test/"
	install -m 755 "$here/guest/fake-systemd.py" "$here/../../examples/orchestrator.py" \
		"$root/test/"
}
