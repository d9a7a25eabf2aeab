# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# Chain files of a host: the unit loads them at boot, and xdp-policy watch follows them. What other
# orchestrators have written is imported and runs.
. ../chains-lib.sh

links v0 v1
mkdir -p "$CHAINS" /run/xdp/chains.d /usr/lib/xdp/chains.d

# What a boot leaves: the files that are kept, and nothing in the kernel, in bpffs or in /run.
boot()
{
	for link in v0 v1; do
		/sbin/ip link del $link 2>/dev/null
	done
	umount /sys/fs/bpf
	mount -t bpf bpf /sys/fs/bpf
	rm -rf /run/xdp-policy /run/xdp
	links v0 v1
}

# The command that systemd would run, without its shell-like prefixes.
exec_start()
{
	sed -n 's/^ExecStart=[-@:+!]*//p' "$(find /usr/lib/systemd /lib/systemd -name "$1" | head -n 1)"
}

# chain_file FILE IFACE PROGRAM...: it is there in one step, as editors and programs do it.
chain_file()
{
	target=$1
	shift
	yaml "$@" >"$target.new"
	mv "$target.new" "$target"
}

section "boot"
load_all=$(exec_start xdp-chains.service)
watch=$(exec_start xdp-chains-watch.service)
is "the units' commands" "/usr/sbin/xdp-policy load --all, /usr/sbin/xdp-policy watch" \
	"$load_all, $watch"
does "no files" 0 load --all
tells "no files: it is said" "found no chain file in chains.d.*nothing to do"
chain_file "$CHAINS/10-first.yaml" v0 /test/bpf/ord_c.o /test/bpf/ord_a.o
chain_file "$CHAINS/20-second.yaml" v1 /test/bpf/ord_b.o ord_own.o
cp ord_d.o "$CHAINS/ord_own.o"
chain_file /usr/lib/xdp/chains.d/20-second.yaml v1 /test/bpf/ord_e.o
chain_file /usr/lib/xdp/chains.d/30-vendor.yaml v0 /test/bpf/ord_e.o
ln -s /dev/null "$CHAINS/30-vendor.yaml"
echo "ord_d: 5" | policy
$load_all >does.out 2>&1
is "the unit's command: status 0" "0 " "$? $(grep -v -E 'v[01]|BEFORE|ord_' does.out)"
proves "before" v0 "10 ord_c, 20 ord_a" ca
proves "before" v1 "5 ord_d, 10 ord_b" db
boot
is "after the boot nothing is attached" "RECV $SENT NONE:$SENT RECV $SENT NONE:$SENT " \
	"$(packets v0) $(packets v1) $(pins)"
$load_all >does.out 2>&1
is "the unit's command: status 0" 0 $?
proves "after" v0 "10 ord_c, 20 ord_a" ca
proves "after" v1 "5 ord_d, 10 ord_b" db
unchanged "again" does "again" 0 load --all

section "what is wrong with one file"
rm "$CHAINS/30-vendor.yaml"
unchanged "two files for one interface" does "two files for one interface" 3 load --all
tells "two files for one interface" "30-vendor.yaml:3: v0: found a chain.*10-first.yaml:3"
rm /usr/lib/xdp/chains.d/30-vendor.yaml
boot
echo "chains: 5" >"$CHAINS/05-bad.yaml"
does "a bad file" 3 load --all
tells "a bad file" "05-bad.yaml:1: "
proves "the others count" v0 "10 ord_c, 20 ord_a" ca
rm "$CHAINS/05-bad.yaml"
does "unload --all" 0 unload --all
rm "$CHAINS"/*.yaml

section "watch"
rm /usr/lib/xdp/chains.d/20-second.yaml
LOG=/tmp/watch.log
start_watch()
{
	$watch >"$LOG" 2>&1 &
	watch_pid=$!
}
boot
start_watch
tries=600
until grep -qs inotify "/proc/$watch_pid/fdinfo/"* || [ $tries = 0 ]; do
	tries=$((tries - 1))
	sleep 0.2
done
chain_file "$CHAINS/10-first.yaml" v0 /test/bpf/ord_c.o /test/bpf/ord_a.o
follows "a file is renamed into the directory" v0 "10 ord_c, 20 ord_a" ca
fails "a second one" "already running, as process $watch_pid" timeout 10 xdp-policy watch
chain_file "$CHAINS/10-first.yaml" v0 /test/bpf/ord_a.o /test/bpf/ord_c.o
follows "another order" v0 "10 ord_a, 20 ord_c" ac
before=$(attached v0)
chain_file "$CHAINS/10-first.yaml" v0 /test/bpf/ord_a.o /test/bpf/ord_gone.o
wait_for "$LOG" "10-first.yaml:6: .*ord_gone"
contains "a missing object is told" "10-first.yaml:6: .*ord_gone.o: found no file" "$(cat "$LOG")"
wait_for "$LOG" "xdp-policy: failing: not all chains are as their files say"
contains "and that it fails" "xdp-policy: failing: not all chains" "$(cat "$LOG")"
is "the chain runs on" "$before RECV $SENT ac:$SENT" "$(attached v0) $(packets v0)"
printf 'version: 1\nchains: {v0: {program: []}}\n' >"$CHAINS/10-first.yaml"
wait_for "$LOG" "10-first.yaml:2: "
contains "a bad file is told" "10-first.yaml:2: .*found 'program'" "$(cat "$LOG")"
is "the chain runs on" "$before RECV $SENT ac:$SENT" "$(attached v0) $(packets v0)"
chain_file "$CHAINS/10-first.yaml" v0 /test/bpf/ord_c.o
follows "it is mended" v0 "10 ord_c" c
wait_for "$LOG" "xdp-policy: well again: all chains are as their files say"
is "once it fails, once it is well" "1 1" "$(grep -c failing: "$LOG") $(grep -c 'well again' "$LOG")"
chain_file "$CHAINS/20-later.yaml" 'w*' /test/bpf/ord_b.o /test/bpf/ord_a.o
is "v0 is as it was" "RECV $SENT c:$SENT" "$(packets v0)"
links w0
follows "an interface appears" w0 "10 ord_b, 20 ord_a" ba
/sbin/ip link del w0
links w0
follows "it goes and comes again" w0 "10 ord_b, 20 ord_a" ba
mkdir -p /run/xdp/chains.d
chain_file /run/xdp/chains.d/30-run.yaml v1 /test/bpf/ord_d.o
follows "another directory, that was not there" v1 "5 ord_d" d
xdp-loader load v1 ord_sock.o
rm /run/xdp/chains.d/30-run.yaml
follows "a file is removed: what is not ours stays" v1 "50 ord_n" n
rm "$CHAINS/20-later.yaml"
follows "a file is removed" w0 "" NONE
before="$(attached v0) $(attached v1)"
kill -TERM $watch_pid
wait $watch_pid
is "SIGTERM ends it with status 0" 0 $?
is "the chains stay" "$before RECV $SENT c:$SENT" "$(attached v0) $(attached v1) $(packets v0)"
chain_file "$CHAINS/20-later.yaml" w0 /test/bpf/ord_b.o
start_watch
follows "it starts again: a file that is new" w0 "10 ord_b" b
is "nothing else is changed" "$before RECV $SENT c:$SENT" \
	"$(attached v0) $(attached v1) $(packets v0)"
rm "$CHAINS/20-later.yaml"
follows "the new file is removed" w0 "" NONE
rm "$CHAINS/10-first.yaml"
follows "a file that it has not loaded itself is removed" v0 "" NONE
kill $watch_pid
wait $watch_pid
$watch --json >watch.json 2>"$LOG" &
watch_pid=$!
wait_for watch.json '"failing":false'
chain_file "$CHAINS/10-first.yaml" v0 /test/bpf/ord_a.o /test/bpf/ord_gone.o
wait_for watch.json '"failing":true'
chain_file "$CHAINS/10-first.yaml" v0 /test/bpf/ord_c.o
follows "--json: it is mended" v0 "10 ord_c" c
rm "$CHAINS/10-first.yaml"
follows "--json: it is removed" v0 "" NONE
kill $watch_pid
wait $watch_pid
is "--json: an object a line" "False 0 0|True 0 1|False 1 0 loaded v0|False 1 0 unloaded v0" \
	"$(python3 -c 'import json
lines = [json.loads(line) for line in open("watch.json")]
first = lines[0]["last-success"]
assert first and all(line["last-success"] >= first for line in lines), lines
assert not any(line["pending"] or line["disabled"] for line in lines), lines
assert lines[1]["errors"][0]["line"] == 6 and "ord_gone" in lines[1]["errors"][0]["message"], lines
print("|".join(" ".join([str(line["failing"]), str(len(line["interfaces"])), str(len([e for e in
    line["errors"] if e["level"] == "error"]))] + [i["outcome"] + " " + i["interface"] for i in
    line["interfaces"]]) for line in lines))')"
sed 's/^/#   /' "$LOG" | head -n 20
/sbin/ip link del w0
boot

section "what l3afd and bpfman have"
cat >l3afd.json <<END
[ { "host_name": "edge1", "iface": "v0", "bpf_programs": { "xdp_ingress": [
    { "name": "ratelimiting", "seq_id": 2, "admin_status": "enabled", "prog_type": "xdp",
      "object_file": "ord_a.o", "entry_function_name": "ord_a", "version": "latest",
      "map_args": [{"name": "rl_config_map", "args": [{"key": 0, "value": 2}]}] },
    { "name": "connection-limit", "seq_id": 1, "admin_status": "enabled",
      "object_file": "ord_b.o", "entry_function_name": "ord_b" },
    { "name": "old-filter", "seq_id": 3, "admin_status": "disabled",
      "object_file": "ord_c.o", "entry_function_name": "ord_c" } ],
  "tc_ingress": [ { "name": "mirroring", "seq_id": 1, "admin_status": "enabled" } ] } } ]
END
xdp-policy import --chain --objects /test/bpf l3afd.json >ours.yaml 2>import.out
does "l3afd: load" 0 load ours.yaml
proves "l3afd" v0 "10 ord_b, 20 ord_a" ba
is "l3afd: the actions" "10 ord_b XDP_PASS" "$(chain v0 | head -n 1)"
cat >bpfman.yaml <<END
apiVersion: bpfman.io/v1alpha1
kind: ClusterBpfApplication
metadata: {name: guard}
spec:
  byteCode: {path: /test/bpf/ord_pair.o}
  programs:
  - name: ord_g
    type: XDP
    xdp:
      links:
      - interfaceSelector: {interfaces: [v0, v1]}
        priority: 60
        proceedOn: [Pass, DispatcherReturn]
  - name: ord_h
    type: XDP
    xdp:
      links:
      - interfaceSelector: {interfaces: [v1]}
        priority: 55
END
xdp-policy import --chain bpfman.yaml >ours.yaml 2>import.out
does "bpfman: load" 0 load ours.yaml
proves "bpfman" v0 "60 ord_g" g
proves "bpfman" v1 "55 ord_h, 60 ord_g" hg
does "unload --all" 0 unload --all

section "an orchestrator on top of it"
orchestrator=/test/orchestrator.py
documents=/tmp/documents
mkdir $documents
# document SERVICE...: what the orchestrator is told to have on v0; SERVICE+ is always there
document()
{
	printf '{"interface": "v0", "services": [' >$documents/new
	comma=
	for service; do
		always=false name=${service%+}
		[ "$name" = "$service" ] || always=true
		printf '%s{"name": "%s", "object": "%s", "always": %s}' "$comma" "$name" \
			"/test/bpf/$name.o" $always
		comma=,
	done >>$documents/new
	echo ']}' >>$documents/new
	mv $documents/new $documents/v0.json
}
document ord_a ord_b
python3 "$orchestrator" $documents >"$LOG" 2>&1 &
orchestrator_pid=$!
follows "a document" v0 "10 ord_a, 20 ord_b" ab
before=$(programs v0)
document ord_b ord_a
follows "another order" v0 "10 ord_b, 20 ord_a" ba
is "the same programs" "$before" "$(programs v0)"
document ord_b ord_gone
wait_for "$LOG" ord_gone
contains "what is wrong is told" "v0.json: .*ord_gone.o: found no file" "$(cat "$LOG")"
is "the services run on" "RECV $SENT ba:$SENT" "$(packets v0)"
document ord_e+ ord_b
follows "behind one that is always there the next one runs" v0 "10 ord_e, 20 ord_b" eb
document ord_b ord_e+
i=0
until [ "$(order v0)" = "10 ord_b, 20 ord_e" ] || [ $i = 300 ]; do
	sleep 0.1
	i=$((i + 1))
done
is "the last one's verdict stands" "10 ord_b, 20 ord_e, RECV 0" "$(order v0), $(packets v0)"
rm $documents/v0.json
follows "it is removed" v0 "" NONE
kill $orchestrator_pid
wait $orchestrator_pid
is "nothing is left" "   " "$(attached v0) $(attached v1) $(pins) $(journals)"
exit 0
