# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For those who run guests: boots a virtual machine, shows and counts what its script prints, which
# is also in the file seen in a directory $work that goes away at the end. Needs "set -euo pipefail".

limit=3600		# seconds for one script
boot_limit=300		# seconds until the guest's first line
boots=3			# attempts, as long as that line does not come

# What the caller may set: the rest of the kernel's command line, more options for QEMU.
guest_words=
guest_options=(-m 512 -nic none)

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

command -v qemu-system-x86_64 >/dev/null || die "qemu-system-x86_64 is missing"

passed=0 failed=0 skipped=0
work=$(mktemp -d)
guest_pid=
stop_guest()
{
	[ -z "$guest_pid" ] || kill "$guest_pid" 2>/dev/null || true
	guest_pid=
}
trap 'stop_guest; rm -rf "$work"' EXIT

fail()
{
	echo "not ok - $*"
	failed=$((failed + 1))
}

count()
{
	case $1 in
	'ok - '*) passed=$((passed + 1)) ;;
	'not ok - '*) failed=$((failed + 1)) ;;
	'skip - '*) skipped=$((skipped + 1)) ;;
	esac
}

# Boots once and shows what the guest's script prints. Sets state: boot, started or ended.
boot() # VERSION VMLINUZ INITRD SCRIPT
{
	local version=$1 vmlinuz=$2 initrd=$3 script=$4
	local name line='' part rc begin=$SECONDS guest threads=multi words=$guest_words
	local megabytes seconds processors=(-smp 2)

	state=boot
	name=$(basename "$script" .sh)
	# Never with KVM: guests hang on the machines these tests run on. Without cx16: QEMU 7.2's
	# emulation of cmpxchg16b breaks newer kernels. So do threads, sometimes, if the kernel
	# patches its code on one processor (each XDP attach does) while another runs it (packets).
	[ "$version" = 6.1 ] || ! grep -q '^# under traffic' "$script" || threads=single
	# For figures: the emulator translates the code of a process anew wherever it is placed, which
	# takes longer than to run it, and which no processor does.
	! grep -q '^# at fixed addresses' "$script" || words+=' norandmaps'
	# Nor is the host's load to be in them: a clock that goes on with each instruction of the guest.
	! grep -q '^# by instructions' "$script" ||
		threads=single processors=(-smp 1 -icount "shift=0,sleep=off")
	megabytes=$(sed -n 's/^# memory \([0-9]*\)$/\1/p' "$script")
	seconds=$(sed -n 's/^# limit \([0-9]*\)$/\1/p' "$script")
	exec {guest}< <(exec timeout -k 5 "${seconds:-$limit}" qemu-system-x86_64 \
		-accel "tcg,thread=$threads" -cpu max,-cx16 "${processors[@]}" "${guest_options[@]}" \
		${megabytes:+-m "$megabytes"} \
		-nographic -no-reboot -kernel "$vmlinuz" -initrd "$initrd" \
		-append "console=ttyS0 quiet panic=-1 $words suite=$name" </dev/null 2>&1)
	guest_pid=$!
	while :; do
		rc=0
		IFS= read -r -t 5 part <&"$guest" || rc=$?
		line+=${part%$'\r'}
		if [ "$rc" -gt 128 ]; then
			[ "$state" = boot ] && [ $((SECONDS - begin)) -gt "$boot_limit" ] && break
			continue
		fi
		case $line in
		*'@@ start'*) state=started ;;
		'@@ end 0') state=ended ;;
		esac
		if [ "$state" != boot ] && [ -n "$line" ]; then
			echo "$line" | tee -a "$work/seen"
			count "$line"
		elif [ -n "$line" ]; then
			echo "$line" >>"$work/console"
		fi
		line=
		if [ "$rc" -ne 0 ] || [ "$state" = ended ]; then
			break
		fi
	done
	stop_guest
	exec {guest}<&-
}

# Boots until the guest's script has started; a run that has started is never repeated.
run_guest() # WHERE VERSION VMLINUZ INITRD SCRIPT
{
	local where=$1 name attempt before=$((passed + failed + skipped))
	shift
	name=$(basename "$4" .sh)
	: >"$work/seen"

	for ((attempt = 1; attempt <= boots; attempt++)); do
		: >"$work/console"
		echo "${0##*/}: $name on $where, boot $attempt" >&2
		boot "$@"
		[ "$state" = boot ] || break
	done
	case $state in
	boot)
		fail "$name: the guest did not start in $boots attempts"
		tail -n 40 "$work/console" | sed 's/^/#   /'
		;;
	started) fail "$name: it did not run to its end" ;;
	esac
	[ $((passed + failed + skipped)) -gt "$before" ] || fail "$name: it ran no test"
}

# The last line, and the exit status.
summary()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
}
