# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=lib.sh
# xdp-policy coverage: processes that hold programs, live interfaces, units, and all of a host.
. ../lib.sh

need_preload
links v0 v1

# told FIELDS [ARG...]: FIELDS, between blanks, of each application of the answer, a line each
told()
{
	fields=$1
	shift
	xdp-policy coverage --json "$@" 2>told.err | python3 -c '
import json, sys
text = sys.stdin.read()
try:
    for app in json.loads(text)["applications"]:
        show = lambda v: ",".join(v) or "-" if isinstance(v, list) else str(v)
        print(*(show(app.get(name)) for name in sys.argv[1].split()))
except ValueError:
    print(text or open("told.err").read())' "$fields"
}
STATE="class reason state reached notes"

# hold COMMAND...: an application that attaches ord_a to v0 and waits with it; $pid is its number
hold()
{
	rm -f lines hold.out
	mkfifo lines
	"$@" --loop v0 ord_a.o ord_b.o <lines >hold.out 2>&1 &
	pid=$!
	exec 3>lines
	echo >&3
	wait_for hold.out "^attach ord_a"
	contains "it has attached: $*" "^attach ord_a v0 rc=0" "$(cat hold.out)"
}

release()
{
	kill "$pid"
	wait "$pid" 2>/dev/null
	exec 3>&-
	unload v0
	rm -rf /run/xdp-policy
}

section "a shared libxdp"
reset
hold env app-shared
is "without the preload" "full shared-libxdp off False holds-programs" "$(told "$STATE" $pid)"
is "what to do" "xdp-policy preload enable, and restart it" "$(told advice $pid)"
xdp-policy coverage $pid >/dev/null 2>&1
is "its exit status" 1 $?
is "its interface" "daemon attached-without-preload off False -" \
	"$(told "kind name $STATE" | sed -n 's/^interface v0 //p')"
is "among all" "full shared-libxdp off False holds-programs" \
	"$(told "kind pid $STATE" | sed -n "s/^process $pid //p")"
release
hold env LD_PRELOAD="$PRELOAD" app-shared
is "with it" "full shared-libxdp active True holds-programs" "$(told "$STATE" $pid)"
succeeds "its exit status is 0" xdp-policy coverage $pid
is "its interface" "full attached-by-preload - True -" \
	"$(told "kind name $STATE" | sed -n 's/^interface v0 //p')"
contains "its line" "^v0 +in full " "$(xdp-policy coverage 2>/dev/null)"
contains "who attached" ": ord_a by /test/app-shared" "$(told "kind name why" | grep '^interface v0 ')"
with xdp-loader load v0 ord_c.o
contains "two of them" "ord_a by /test/app-shared, ord_c by /usr/sbin/xdp-loader|ord_c by /usr/sbin/xdp-loader, ord_a by /test/app-shared" \
	"$(told "kind name why" | grep '^interface v0 ')"
xdp-loader load v0 ord_d.o
is "one of them without the preload" "daemon attached-without-preload off False -" \
	"$(told "kind name $STATE" | sed -n 's/^interface v0 //p')"
mkdir -p /run/xdp
touch /run/xdp/disabled
is "all is switched off" "disabled False rm /run/xdp/disabled" "$(told "state reached advice" $pid)"
rm /run/xdp/disabled
release
env LD_PRELOAD="$PRELOAD" app-shared --loop v0 ord_a.o <lines >hold.out 2>&1 &
pid=$!
exec 3>lines
# it has opened no program yet
wait_for /proc/$pid/maps libxdp
is "before its first call" "full shared-libxdp loaded True -" "$(told "$STATE" $pid)"
release

section "past the preload"
if [ -e ../app-static ]; then
	hold env LD_PRELOAD="$PRELOAD" app-static
	is "a static application" "daemon static-libxdp off False holds-programs" \
		"$(told "$STATE" $pid)"
	contains "what to do" "^systemctl enable --now xdp-policyd" "$(told advice $pid)"
	xdp-policyd --metrics /tmp/metrics >/dev/null 2>&1 &
	daemon=$!
	wait_for /tmp/metrics xdp_policy_disabled
	is "with the daemon" "daemon static-libxdp daemon True holds-programs" \
		"$(told "$STATE" $pid)"
	is "the daemon itself" "full libxdppolicy - True" \
		"$(told "class reason state reached" $daemon)"
	kill $daemon
	wait $daemon 2>/dev/null
	release
else
	skip "a static application" "it was not built: no static libraries"
fi
hold env LIBXDP_SKIP_DISPATCHER=1 LD_PRELOAD="$PRELOAD" app-shared
is "one that skips the dispatcher" "none skips-dispatcher - False holds-programs" \
	"$(told "$STATE" $pid)"
is "its interface" "none no-dispatcher - False -" \
	"$(told "kind name $STATE" | sed -n 's/^interface v0 //p')"
release
/sbin/ip link set dev v0 xdpdrv off
succeeds "ip attaches a program" /sbin/ip link set dev v1 xdp obj ord_a.o sec xdp
is "its interface" "none no-dispatcher - False -" \
	"$(told "kind name $STATE" | sed -n 's/^interface v1 //p')"
contains "what to do" "^take it off" "$(told "kind name advice" | sed -n 's/^interface v1 //p')"
/sbin/ip link set dev v1 xdp off
cat >link.py <<'END'
import ctypes, socket, sys, time
bpf = ctypes.CDLL("libbpf.so.1")
for name in ("bpf_object__open_file", "bpf_object__find_program_by_name", "bpf_program__attach_xdp"):
    getattr(bpf, name).restype = ctypes.c_void_p
p = ctypes.c_void_p
obj = bpf.bpf_object__open_file(b"ord_a.o", None)
assert not bpf.bpf_object__load(p(obj))
prog = bpf.bpf_object__find_program_by_name(p(obj), b"ord_a")
assert bpf.bpf_program__attach_xdp(p(prog), socket.if_nametoindex("v1"))
print("ready", flush=True)
time.sleep(600)
END
python3 link.py >link.out 2>&1 &
pid=$!
wait_for link.out ready
is "a bpf_link" "ready" "$(cat link.out)"
is "its holder" "none holds-link - False holds-programs" "$(told "$STATE" $pid)"
is "its interface" "none bpf-link - False -" \
	"$(told "kind name $STATE" | sed -n 's/^interface v1 //p')"
kill $pid
wait $pid 2>/dev/null

section "elsewhere"
rm -f lines
mkfifo lines
unshare -n app-shared --loop lo ord_a.o <lines >hold.out 2>&1 &
pid=$!
exec 3>lines
wait_for /proc/$pid/maps libxdp
is "another network namespace" "full shared-libxdp off False network-namespace" \
	"$(told "$STATE" $pid)"
release
unshare -m app-shared --loop lo ord_a.o <lines >hold.out 2>&1 &
pid=$!
exec 3>lines
wait_for /proc/$pid/maps libxdp
is "another mount namespace" "full shared-libxdp off False mount-namespace" \
	"$(told "$STATE" $pid)"
release

section "units"
mkdir -p /etc/systemd/system
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/system.slice/app.service
printf '[Service]\nExecStart=/test/app-shared v0 ord_a.o\n' >/etc/systemd/system/app.service
is "one that does not run" "executable None full shared-libxdp off False" \
	"$(told "kind pid class reason state reached" app.service)"
hold env app-shared
echo $pid >/sys/fs/cgroup/system.slice/app.service/cgroup.procs
is "one that runs" "process $pid app.service off xdp-policy preload enable --unit app.service, and restart it" \
	"$(told "kind pid unit state advice" app)"
succeeds "the preload for it" xdp-policy preload enable --unit app
is "it started before" "restart False restart it" "$(told "state reached advice" app)"
release
is "it has ended" "executable enabled True" "$(told "kind state reached" app)"
hold env LD_PRELOAD="$PRELOAD" app-shared
echo $pid >/sys/fs/cgroup/system.slice/app.service/cgroup.procs
is "it started again" "process $pid active True" "$(told "kind pid state reached" app.service)"
release
xdp-policy preload disable --unit app >/dev/null

section "all of a host"
# busybox, and whatever else the guest is made of
xdp-policy coverage >all.out 2>/dev/null
contains "an executable with libxdp inside" \
	"^/usr/sbin/xdp-loader +in full +off +libxdp inside," "$(cat all.out)"
contains "one with libbpf inside" "^/usr/sbin/bpftool +not at all" "$(cat all.out)"
contains "what cannot be told" "^[0-9]+ programs cannot be told" "$(cat all.out)"
is "no interface has a program, no process holds one" "" "$(told "kind name" | grep '^[ip]')"
succeeds "and so nothing is missed" xdp-policy coverage
succeeds "an executable without BPF" xdp-policy coverage /usr/bin/python3 --json
exit 0
