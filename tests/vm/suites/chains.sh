# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# Chains from data: xdp-policy load, unload and save. Whatever is loaded runs in the order of its
# file, proved by the letters in received packets; whatever is refused changes nothing.
. ../chains-lib.sh

links v0 v1

section "four programs on two interfaces, and nothing was ever loaded"
cat >four.json <<'END'
{ "version": 1, "chains": {
    "v0": { "programs": [ { "object": "ord_a.o" }, { "object": "ord_b.o", "program": "ord_b" },
                          { "object": "ord_c.o", "section": "xdp" }, { "object": "/test/bpf/ord_d.o" } ] },
    "v1": { "programs": [ { "object": "ord_d.o" }, { "object": "ord_c.o" },
                          { "object": "ord_b.o" }, { "object": "ord_a.o" } ] } } }
END
succeeds "there are no pins and no records yet" test ! -e /sys/fs/bpf/xdp -a ! -e /run/xdp-policy
unchanged "--dry-run" does "--dry-run" 0 load --dry-run four.json
tells "--dry-run shows the order" "20 ord_b"
does "load" 0 load four.json
sed 's/^/#   /' does.out
proves "load" v0 "10 ord_a, 20 ord_b, 30 ord_c, 40 ord_d" abcd
proves "load" v1 "10 ord_d, 20 ord_c, 30 ord_b, 40 ord_a" dcba
is "two dispatchers, two directories of pins" "2 2" "$(dispatchers) $(pins | wc -l)"
unchanged "again" does "again" 0 load four.json
tells "again" "^v1.*nothing to do"
unchanged "from standard input" does "from standard input" 0 load - <four.json

section "another order"
same_programs=$(programs v0) same_chain=$(attached v1)
sed 's/"ord_a.o" }, /"ord_d.o" }, /; s/"\/test\/bpf\/ord_d.o"/"ord_a.o"/' four.json >edited.json
does "load" 0 load edited.json
proves "load" v0 "10 ord_d, 20 ord_b, 30 ord_c, 40 ord_a" dbca
is "the programs of v0 are the same" "$same_programs" "$(programs v0)"
is "v1 has not been touched" "$same_chain RECV $SENT dcba:$SENT" "$(attached v1) $(packets v1)"
unload v1
is "their maps count on" "$((2 * SENT)) $((2 * SENT))" "$(counted a) $(counted d)"
yaml v0 ord_c.o ord_a2.o >other.yaml
kept=$(program_id v0 ord_c)
does "one less, one in another version" 0 load other.yaml
proves "one less, one in another version" v0 "10 ord_c, 20 ord_a" cA
is "the one that is the same has stayed" "$kept" "$(program_id v0 ord_c)"
is "those that are gone are kept for --undo alone" "ord_b ord_d ord_b ord_d" \
	"$(bpftool prog show | sed -n 's/.*name \(ord_[bd]\) .*/\1/p' | sort | xargs) $(
		kept_for_undo | tr ' ' '\n' | sed -n 's/\(ord_[bd]\).*/\1/p' | sort | xargs)"

section "what is known to be unchanged is not loaded again"
if command -v strace >/dev/null; then
	# loaded DESCRIPTION STATUS ARGUMENT...: the names of the programs that a load gives the kernel
	loaded()
	{
		what=$1 expected=$2
		shift 2
		strace -f -qq -s 128 -o trace -e trace=bpf "$@" >does.out 2>&1
		rc=$?
		[ $rc = 0 ] || sed 's/^/#   /' does.out
		is "$what: programs that are loaded, status" "$expected 0" \
			"$(sed -n 's/.*BPF_PROG_LOAD.*prog_name="\([a-z0-9_]*\)".*/\1/p' trace |
				grep -E '^(ord|xdp)_' | sort | uniq | xargs) $rc"
	}
	yaml v0 ord_a.o 'ord_pair.o;program: ord_h' 'ord_pair.o;program: ord_g' >known.yaml
	clean
	loaded "anew" "ord_a ord_g ord_h xdp_dispatcher" xdp-policy load known.yaml
	same_programs=$(programs v0)
	unchanged "again" loaded "again" "" xdp-policy load known.yaml
	unchanged "--dry-run" loaded "--dry-run" "" xdp-policy load --dry-run known.yaml
	yaml v0 'ord_pair.o;program: ord_g' ord_a.o 'ord_pair.o;program: ord_h' >known.yaml
	loaded "another order" xdp_dispatcher xdp-policy load known.yaml
	proves "another order" v0 "10 ord_g, 20 ord_a, 30 ord_h" gah
	yaml v0 'ord_pair.o;program: ord_g' ord_a.o ord_b.o >known.yaml
	loaded "one more, one less" "ord_b xdp_dispatcher" xdp-policy load known.yaml
	proves "one more, one less" v0 "10 ord_g, 20 ord_a, 30 ord_b" gab
	kept=$(programs v0)

	# the same instructions, so the same program: but that is not known before
	mkdir other
	cp ord_*.o other/
	sed 's/ord_a.o/other\/&/' known.yaml >other.yaml
	loaded "a copy of an object" "" xdp-policy load other.yaml
	python3 -c '
with open("ord_a.o", "rb") as f: was = f.read()
with open("other/ord_a.o", "wb") as f: f.write(was.replace(b"order.bpf.c", b"other.bpf.c"))'
	loaded "the name of its source" "ord_a xdp_dispatcher" xdp-policy load other.yaml
	is "the name of its source: the programs are the same" "$kept" "$(programs v0)"
	loaded "the same file again" "" xdp-policy load other.yaml
	loaded "the other one" "ord_a xdp_dispatcher" xdp-policy load known.yaml
	cp ord_b.o other/ord_a.o
	sed -i 's/ord_a.o/&;program: ord_b/; s/;/\n      /' other.yaml
	loaded "another object by the same name" "ord_b xdp_dispatcher" xdp-policy load other.yaml
	proves "another object by the same name" v0 "10 ord_g, 20 ord_b, 30 ord_b" gbb
	does "back" 0 load known.yaml
	# PER_LINUX with UNAME26: another release of the kernel, for all that asks uname()
	loaded "another kernel" "ord_a ord_b ord_g xdp_dispatcher" python3 -c '
import ctypes, os
ctypes.CDLL(None).personality(0x0020000)
os.execvp("xdp-policy", ["xdp-policy", "load", "known.yaml"])'
	does "back" 0 load known.yaml
	sed 's/ord_a.o/&\n      pin-path: \/sys\/fs\/bpf\/ours/' known.yaml >other.yaml
	loaded "another pin-path" "ord_a xdp_dispatcher" xdp-policy load other.yaml
	{ cat known.yaml && echo "    share-maps: [cnt_a]"; } >other.yaml
	loaded "other maps to share" "ord_a ord_b ord_g xdp_dispatcher" xdp-policy load other.yaml
	does "back" 0 load known.yaml
	sed -i 's/^load-key = ./load-key = x/' "/run/xdp-policy/attached/$(program_id v0 ord_a)"
	loaded "another key in its record" "ord_a xdp_dispatcher" xdp-policy load known.yaml
	sed -i '/^load-key/d' "/run/xdp-policy/attached/$(program_id v0 ord_a)"
	loaded "a record without one" "ord_a xdp_dispatcher" xdp-policy load known.yaml
	chmod 666 "/run/xdp-policy/attached/$(program_id v0 ord_a)"
	loaded "a record that anybody can write" "ord_a xdp_dispatcher" \
		xdp-policy load --replace-foreign known.yaml
	is "the chain" "10 ord_g, 20 ord_a, 30 ord_b" "$(order v0)"
	yaml v0 ord_core.o ord_config.o >known.yaml
	does "before" 0 load known.yaml
	kept=$(programs v0)
	loaded "what depends on the kernel" "ord_u ord_v xdp_dispatcher" xdp-policy load known.yaml
	is "it is kept nevertheless" "$kept" "$(programs v0)"
	does "before" 0 load four.json
else
	skip "what is unchanged is not loaded again" "no strace in the guest"
fi

section "one broken file of two interfaces"
does "before" 0 load four.json
echo "no object" >ord_text.o
for object in ord_gone.o ord_text.o ord_bad.o; do
	sed "s/\"ord_d.o\" }, {/\"$object\" }, {/; s/\"ord_a.o\" }, /\"ord_e.o\" }, /" four.json >bad.json
	unchanged "$object" does "$object" 1 load bad.json
	tells "$object: the line" "bad.json:4: .*$object"
done

# log_of FILE: the verifier's log in it
log_of() { grep '^    ' "$1"; }
is "the verifier's log: in its own order" "invalid access to packet processed" \
	"$(log_of does.out | grep -oE 'invalid access to packet|^ *processed' | tr -s '\n ' ' ' | sed 's/ $//')"
xdp-policy load --verbose bad.json >whole.out 2>&1
n=$(log_of whole.out | wc -l)
is "the verifier's log: its last 30 lines, and how many are left out" \
	"    ... $((n - 30)) lines before these; --verbose shows all $(log_of whole.out | tail -n 30)" \
	"$(log_of does.out | head -n 1) $(log_of does.out | sed 1d)"
xdp-policy load --json bad.json >whole.json 2>/dev/null
is "the verifier's log: JSON has it whole" "$(log_of whole.out | sed 's/^    //')" \
	"$(python3 -c 'import json; print(json.load(open("whole.json"))["errors"][0]["log"], end="")')"
is "packets: the old chains run on" "RECV $SENT abcd:$SENT RECV $SENT dcba:$SENT" \
	"$(packets v0) $(packets v1)"

section "bad input: one clear message with its line, and nothing is changed"
# bad DESCRIPTION STATUS PATTERN FILE [OPTION...]
before=$(state)
bad()
{
	what=$1 expected=$2 pattern=$3
	shift 3
	xdp-policy load "$@" >does.out 2>&1
	rc=$?
	[ "$rc" = "$expected" ] && grep -Eq -- "$pattern" does.out
	result $? "$what" "exit status $expected, a line with: $pattern" \
		"exit status $rc, output: $(cat does.out)"
	grep -E -- "$pattern" does.out | head -n 1 | sed 's/^/#   /'
	is "$what: nothing is changed" "$before" "$(state)"
}
lines_of()
{
	printf 'version: 1\nchains:\n  v0:\n'
	sed 's/^/    /'
}

printf 'version: 1\nchain: {}\n' >bad.yaml
bad "an unknown key at the top" 3 "bad.yaml:2: .*found 'chain'.*did you mean chains" bad.yaml
lines_of >bad.yaml <<END
programs: []
prio: 5
END
bad "an unknown key of a chain" 3 "bad.yaml:5: .*found 'prio', expected mode" bad.yaml
yaml v0 'ord_a.o;prority: 5' >bad.yaml
bad "an unknown key of a program" 3 "bad.yaml:6: .*found 'prority'.*did you mean priority" bad.yaml
yaml v0 'ord_a.o;priority: high' >bad.yaml
bad "a priority in words" 3 "bad.yaml:6: .*found 'high', expected a run priority" bad.yaml
yaml v0 'ord_a.o;chain-call-actions: [PASS, FAIL]' >bad.yaml
bad "an action that is none" 3 "bad.yaml:6: .*found 'FAIL', expected" bad.yaml
lines_of >bad.yaml <<END
programs: ord_a.o
END
bad "a string for a list" 3 "bad.yaml:4: .*found 'ord_a.o', expected a list" bad.yaml
lines_of >bad.yaml <<END
add: perhaps
programs: []
END
bad "a word for a boolean" 3 "bad.yaml:4: .*found 'perhaps', expected true or false" bad.yaml
echo '{ "version": 1, "chains": { "v0": { "programs": [ { "object": "ord_a.o" } } } }' >bad.json
bad "JSON that is none" 3 "bad.json:1: " bad.json
printf 'version: 2\nchains: {}\n' >bad.yaml
bad "another version" 3 "bad.yaml:1: .*found '2', expected 1" bad.yaml
bad "no file" 1 "nothere.yaml: cannot open: No such file or directory" nothere.yaml
yaml v0 ord_a.o ord_gone.o >bad.yaml
bad "a missing object" 1 "bad.yaml:6: .*ord_gone.o: found no file" bad.yaml
yaml v0 ord_a.o ord_bad.o >bad.yaml
bad "the verifier refuses" 1 "bad.yaml:6: .*ord_bad.o: found program 'ord_s', which the kernel ref" \
	bad.yaml
# shellcheck disable=SC2046
yaml v0 ord_a.o ord_b.o ord_c.o ord_d.o ord_e.o ord_f.o ord_long.o ord_sock.o ord_a2.o \
	'ord_pair.o;program: ord_g' 'ord_pair.o;program: ord_h' >bad.yaml
bad "eleven programs" 3 "bad.yaml:16: .*found one program more, expected at most 10" bad.yaml
yaml v0 ord_a.o ord_nobtf.o >bad.yaml
bad "no BTF, and maps" 1 "bad.yaml:6: .*ord_nobtf.o: found no BTF in it, expected" bad.yaml
yaml v0 ord_a.o ord_bare.o >bad.yaml
bad "no BTF, and no maps" 1 "bad.yaml:6: .*ord_bare.o: found no BTF in it, expected" bad.yaml
yaml v0 ord_a.o ord_pair.o >bad.yaml
bad "which of two programs" 1 "bad.yaml:6: .*found several XDP programs.*ord_g.*ord_h" bad.yaml
yaml v0 ord_a.o 'ord_pair.o;program: ord_x' >bad.yaml
bad "a program that is not in the object" 1 "bad.yaml:6: .*found no program 'ord_x'" bad.yaml
yaml v0 ord_a.o ord_tc.o >bad.yaml
bad "a program for tc" 1 "bad.yaml:6: .*ord_tc.o: found no program in it that can be attached" bad.yaml
yaml v0 ord_a.o ord_frags.o >bad.yaml
bad "mixed frags" 1 "bad.yaml:6: .*several buffers.*'ord_a' does not take.*'ord_m' does" bad.yaml
sum=$(sha256sum ord_b.o | cut -d ' ' -f 1)
yaml v0 ord_a.o "ord_b.o;sha256: $(sha256sum ord_a.o | cut -d ' ' -f 1)" >bad.yaml
bad "a wrong SHA-256 sum" 1 "bad.yaml:6: .*ord_b.o: found SHA-256 sum $sum, expected" bad.yaml
cp ord_b.o ord_open.o
chmod 666 ord_open.o
yaml v0 ord_a.o ord_open.o >bad.yaml
bad "an object that others may write" 4 "bad.yaml:6: .*ord_open.o: found mode 0666, expected" bad.yaml
chmod 644 ord_open.o
chown 1000 ord_open.o
bad "an object of somebody else" 4 "bad.yaml:6: .*ord_open.o: found owner 1000, expected 0" bad.yaml
yaml v0 ord_a.o >bad.yaml
chmod 666 bad.yaml
bad "a file that others may write" 3 "bad.yaml: found mode 0666, expected" bad.yaml
chmod 644 bad.yaml
yaml v0 ord_a.o ord_a.o >bad.yaml
bad "a program twice" 3 "bad.yaml:6: .*found the program of line 5 a second time" bad.yaml
{ yaml v0 ord_e.o && chain_of 'v*' ord_f.o; } >bad.yaml
bad "a name and a glob for one interface" 3 "bad.yaml:6: .*v0.*second chain.*'v\\*'.*line 3" bad.yaml
{ yaml '*0' ord_e.o && chain_of 'v[0]' ord_f.o; } >bad.yaml
bad "two globs for one interface" 3 "bad.yaml:6: .*v0.*second chain.*line 3" bad.yaml
yaml nosuch0 ord_e.o >bad.yaml
bad "an interface that is not there" 1 "bad.yaml:3: found no interface 'nosuch0'" bad.yaml
yaml 'nosuch*' ord_e.o >bad.yaml
bad "a glob that matches none is no error" 0 "bad.yaml:3: found no interface for 'nosuch\\*'" bad.yaml
is "packets: the old chains run on" "RECV $SENT abcd:$SENT RECV $SENT dcba:$SENT" \
	"$(packets v0) $(packets v1)"
does "no file at all" 2 load

section "programs of xdp-loader beside them"
clean
xdp-loader load v0 ord_sock.o # at 50
yaml v0 ord_a.o ord_b.o >ours.yaml
unchanged "exactly these" does "exactly these" 1 load ours.yaml
tells "exactly these: the other one is named" "ours.yaml:3: v0: found program 'ord_n'.*keep or"
does "--add" 0 load --add ours.yaml
proves "--add" v0 "10 ord_a, 20 ord_b, 50 ord_n" abn
unchanged "exactly these, later" does "exactly these, later" 1 load ours.yaml
yaml v0 ord_b.o >ours.yaml
does "--keep-foreign" 0 load --keep-foreign ours.yaml
proves "--keep-foreign" v0 "10 ord_b, 50 ord_n" bn
unchanged "--add adds nothing" does "--add adds nothing" 0 load --add ours.yaml
yaml v0 ord_c.o >ours.yaml
does "--add keeps ours as well" 0 load --add ours.yaml
proves "--add keeps ours as well" v0 "10 ord_b, 10 ord_c, 50 ord_n" bcn
does "--replace-foreign" 0 load --replace-foreign ours.yaml
proves "--replace-foreign" v0 "10 ord_c" c
is "the other one is kept for --undo alone" "1 1" "$(bpftool prog show | grep -c 'name ord_n') $(
	kept_for_undo | grep -c ord_n)"
xdp-loader load v0 ord_sock.o
for foreign in keep replace; do
	{ yaml v0 ord_a.o && echo "    foreign: $foreign"; } >ours.yaml
	does "foreign: $foreign" 0 load ours.yaml
	[ $foreign = keep ] || continue
	proves "foreign: $foreign" v0 "10 ord_a, 50 ord_n" an
done
proves "foreign: $foreign" v0 "10 ord_a" a
does "--keep-foreign and --replace-foreign" 2 load --keep-foreign --replace-foreign ours.yaml

section "xdp-loader works on what was loaded"
yaml v0 ord_a.o ord_b.o ord_c.o >ours.yaml
does "load" 0 load ours.yaml
succeeds "xdp-loader load" xdp-loader load v0 ord_d.o
proves "xdp-loader load" v0 "10 ord_a, 20 ord_b, 30 ord_c, 60 ord_d" abcd
succeeds "xdp-loader unload -i" xdp-loader unload v0 -i "$(program_id v0 ord_b)"
proves "xdp-loader unload -i" v0 "10 ord_a, 30 ord_c, 60 ord_d" acd
does "what xdp-loader took off comes back" 0 load --keep-foreign ours.yaml
proves "what xdp-loader took off comes back" v0 "10 ord_a, 20 ord_b, 30 ord_c, 60 ord_d" abcd
does "unload" 0 unload v0
proves "unload leaves what is not ours" v0 "60 ord_d" d
does "unload, nothing of ours" 0 unload v0
proves "unload, nothing of ours" v0 "60 ord_d" d
does "load" 0 load --keep-foreign ours.yaml
succeeds "xdp-loader unload --all" xdp-loader unload v0 --all
is "nothing is left" "  RECV $SENT NONE:$SENT" "$(attached v0) $(pins) $(packets v0)"
does "load again" 0 load ours.yaml
does "unload" 0 unload v0
is "nothing is left" "  RECV $SENT NONE:$SENT" "$(attached v0) $(pins) $(packets v0)"
is "no program is left" "" "$(bpftool prog show | grep -E 'name (ord|xdp)_')"
tries=100
until [ -z "$(find /run/xdp-policy/attached -type f)" ] || [ $tries = 0 ]; do
	tries=$((tries - 1))
	sleep 0.2 # until the kernel has forgotten them
	xdp-policy apply >apply.out 2>&1
done
applied "apply, which sweeps" 0
is "no record is left" "" "$(find /run/xdp-policy -type f ! -name lock)"

section "an empty chain"
does "load" 0 load four.json
yaml v0 >ours.yaml
does "an empty list takes off ours" 0 load ours.yaml
is "only those of that interface" "RECV $SENT NONE:$SENT RECV $SENT dcba:$SENT" \
	"$(packets v0) $(packets v1)"
does "unload --all" 0 unload --all
is "nothing is left" "  " "$(attached v0) $(attached v1) $(pins)"

section "the policy has the last word"
gives ord_a 45
does "load" 0 load four.json
proves "a rule's priority" v0 "20 ord_b, 30 ord_c, 40 ord_d, 45 ord_a" bcda
unchanged "again" does "again" 0 load four.json
unchanged "apply" applied "apply has nothing to do" 0
says "apply has nothing to do" "nothing to do"
gives ord_a 5
applied "the rule is another" 0 v0
proves "the rule is another" v0 "5 ord_a, 20 ord_b, 30 ord_c, 40 ord_d" abcd
policy <<END
[not this one]
program   = ord_c
interface = v1
attach    = deny
END
unchanged "attach = deny" does "attach = deny" 1 load edited.json
tells "attach = deny: the program and the rule" "edited.json:4: v1: .*ord_c.*/priorities.conf:4"
policy xdpswitch.conf <<END
priority: app
END
gives ord_a 45 ord_b 3
does "priority: app" 0 load four.json
proves "priority: app, the file decides" v0 "10 ord_a, 20 ord_b, 30 ord_c, 40 ord_d" abcd
rm -r /etc/xdp
unchanged "no policy" does "no policy" 0 load four.json

section "the daemon beside it"
xdp-policyd --metrics daemon.prom >daemon.out 2>&1 &
daemon=$!
wait_for daemon.prom xdp_policy_disabled
does "load" 0 load edited.json
xdp-loader load peer-v0 ord_e.o
wait_for daemon.prom '^xdp_policy_programs.*"peer-v0".* 1$' # it has looked at what came before, too
xdp-loader unload peer-v0 --all
proves "it corrects nothing" v0 "10 ord_d, 20 ord_b, 30 ord_c, 40 ord_a" dbca
kill $daemon
wait $daemon
is "it says nothing" "" "$(cat daemon.out)"
succeeds "status finds no difference" xdp-policy status v0
unchanged "apply" applied "apply has nothing to do" 0

section "save"
{ yaml v0 'ord_d.o;priority: 7;chain-call-actions: [PASS, TX]' 'ord_b.o;priority: 3' &&
	chain_of v1 'ord_pair.o;program: ord_h' ord_c.o; } >ours.yaml
does "load" 0 load ours.yaml
for format in yaml json; do
	does "save --format $format" 0 save --format $format -o "saved.$format"
	same_chains="$(attached v0) $(attached v1)"
	does "load" 0 load "saved.$format"
	is "what is saved is what is there ($format)" "$same_chains" "$(attached v0) $(attached v1)"
	tells "what is saved is what is there ($format)" "nothing to do"
done
is "save and load in a pipe" "0" "$(xdp-policy save v0 v1 | xdp-policy load - >does.out 2>&1
	echo $?)"
does "unload --all" 0 unload --all
does "load what was saved" 0 load saved.json
proves "load what was saved" v0 "3 ord_b, 7 ord_d" bd
is "its actions" "7 ord_d XDP_PASS,XDP_TX" "$(chain v0 | tail -n 1)"
proves "load what was saved" v1 "10 ord_h, 20 ord_c" hc
is "save --json: which file, which interfaces" "saved.yaml ['v0', 'v1'] [] False" \
	"$(xdp-policy save --json -o saved.yaml v0 v1 | python3 -c 'import json, sys
said = json.load(sys.stdin)
print(said["file"], said["interfaces"], said["left-out"], "chains" in said)')"
is "save --json: without a file it has the chains" "None ['v1'] [10, 20]" \
	"$(xdp-policy save --json v1 | python3 -c 'import json, sys
said = json.load(sys.stdin)
print(said["file"], said["interfaces"], [p["priority"] for p in said["chains"]["v1"]["programs"]])')"
cp /test/bpf/ord_c.o ord_moved.o
yaml v0 ord_b.o ord_moved.o >moved.yaml
does "one whose object goes" 0 load --replace-foreign moved.yaml
rm ord_moved.o
is "save --json: what is left out" "1 ['v0'] v0 ord_c found its object file no more" \
	"$(xdp-policy save --json -o saved.yaml v0 >save.json
	echo "$? $(python3 -c 'import json
said = json.load(open("save.json"))
out = said["left-out"][0]
print(said["interfaces"], out["interface"], out["program"], out["reason"])')")"
does "back" 0 load saved.json
does "save one" 0 save v1
tells "save one: what was asked for" "v1:"
is "save one: nothing else" "" "$(grep v0 does.out)"
clean

section "maps that outlive their programs"
yaml v0 ord_pin.o >ours.yaml
does "--dry-run" 0 load --dry-run ours.yaml
is "--dry-run leaves nothing behind" "/sys/fs/bpf /sys/fs/bpf/xdp " \
	"$(find /sys/fs/bpf | tr '\n' ' ')"
does "a map that wants to be pinned" 0 load ours.yaml
is "packets" "RECV $SENT p:$SENT $SENT" "$(packets v0) $(counted p)"
succeeds "it is pinned" test -e /sys/fs/bpf/cnt_p
yaml v0 ord_pin2.o >ours.yaml
does "its program's next version" 0 load ours.yaml
is "it counts on" "RECV $SENT P:$SENT $((2 * SENT))" "$(packets v0) $(counted p)"
is "there is one" 1 "$(bpftool map show name cnt_p | grep -c name)"
does "unload" 0 unload v0
rm -f /sys/fs/bpf/cnt_p
yaml v0 'ord_pin.o;pin-path: /sys/fs/bpf/ours' >ours.yaml
mkdir -p /sys/fs/bpf/ours
does "pin-path" 0 load ours.yaml
succeeds "it is pinned there" test -e /sys/fs/bpf/ours/cnt_p -a ! -e /sys/fs/bpf/cnt_p
yaml v1 ord_pin.o ord_bad.o >bad.yaml
before=$(state)
bad "a failure takes new pins away" 1 "ord_bad.o" bad.yaml
clean
rm -rf /sys/fs/bpf/ours
# of the program that runs; what load keeps has a map of that name, too
counted_live()
{
	bpftool -j map dump id "$(bpftool -j prog show id "$(program_id v0 ord_a)" |
		sed 's/.*"map_ids":\[\([0-9]*\).*/\1/')" | sed 's/.*"formatted".*"value":\([0-9]*\)}.*/\1/'
}
for share in "[]" "[cnt_a]"; do
	for object in ord_a.o ord_a2.o; do
		{ yaml v0 $object && echo "    share-maps: $share"; } >ours.yaml
		does "share-maps: $share, $object" 0 load ours.yaml
		packets v0 >packets.out
	done
	is "packets" "RECV $SENT A:$SENT" "$(cat packets.out)"
	case $share in
	*a*) is "share-maps: it counts on" $((2 * SENT)) "$(counted_live)" ;;
	*) is "without share-maps it begins anew" $SENT "$(counted_live)" ;;
	esac
	unload v0
done

section "a program that is pinned, one of several programs, skb mode"
yaml v0 ord_a.o ord_b.o >ours.yaml
does "load" 0 load ours.yaml
bpftool prog pin id "$(program_id v0 ord_a)" /sys/fs/bpf/ours
yaml v0 ord_b.o >ours.yaml
does "it is taken off" 0 load ours.yaml
is "packets" "RECV $SENT b:$SENT" "$(packets v0)"
cat >ours.yaml <<END
version: 1
chains:
  v0:
    programs:
    - object: ord_b.o
    - pin: /sys/fs/bpf/ours
END
does "and comes back by its pin" 0 load ours.yaml
proves "and comes back by its pin" v0 "10 ord_b, 20 ord_a" ba
unchanged "again" does "again" 0 load ours.yaml
rm /sys/fs/bpf/ours
clean
{ yaml v0 'ord_pair.o;program: ord_h' ord_a.o 'ord_pair.o;program: ord_g' &&
	echo "    mode: skb"; } >ours.yaml
does "skb mode" 0 load ours.yaml
proves "skb mode" v0 "10 ord_h, 20 ord_a, 30 ord_g" hag
contains "skb mode" "xdp_dispatcher +skb" "$(xdp-loader status v0)"
before=$(program_id v0 ord_g)
{ yaml v0 'ord_pair.o;program: ord_g' ord_a.o && echo "    mode: skb"; } >ours.yaml
does "one program of an object goes, one stays" 0 load ours.yaml
proves "one program of an object goes, one stays" v0 "10 ord_g, 20 ord_a" ga
is "the one that stays is the same" "$before" "$(program_id v0 ord_g)"
sed -i s/skb/native/ ours.yaml
before=$(state)
bad "another mode" 1 "ours.yaml:3: v0: found programs attached in mode skb, expected native" ours.yaml
clean

section "--json"
json()
{
	python3 -c '
import json, sys
out = json.load(sys.stdin)
print("version", out["version"], *[i["interface"] + " " + i["outcome"] for i in out["interfaces"]],
	*[str(e["line"]) + " " + e["level"] for e in out["errors"]])' 2>&1
}
is "load --json" "version 1 v0 loaded v1 loaded" "$(xdp-policy load --json four.json | json)"
is "load --json, again" "version 1 v0 nothing to do v1 nothing to do" \
	"$(xdp-policy load --json four.json | json)"
is "load --json, what is wrong" "version 1 6 error None note" "$(yaml v0 ord_a.o ord_gone.o |
	xdp-policy load --json - | json)"
is "unload --all --json" "version 1 v0 unloaded v1 unloaded" "$(xdp-policy unload --all --json | json)"

section "who may not, and where it can't be"
does "before" 0 load four.json
before=$(state)
chmod 755 /test /test/bpf
as_user load edited.json >does.out 2>&1
is "not root: status 4" 4 $?
sed 's/^/#   /' does.out
unshare -m sh -c 'umount /sys/fs/bpf; xdp-policy load edited.json' >does.out 2>&1
is "no bpffs: status 1" 1 $?
sed 's/^/#   /' does.out
tells "no bpffs: told" "v0: .*bpf"
is "nothing is changed" "$before" "$(state)"
is "packets" "RECV $SENT abcd:$SENT" "$(packets v0)"

section "another network namespace"
other_namespace
yaml 'w*' ord_b.o ord_a.o >ours.yaml
does "load --netns" 0 load --netns other ours.yaml
is "there" "RECV $SENT ba:$SENT" "$(other_packets)"
is "here it is as it was" "RECV $SENT abcd:$SENT RECV $SENT dcba:$SENT" \
	"$(packets v0) $(packets v1)"
does "unload here" 0 unload --all
is "there it is as it was" "RECV $SENT ba:$SENT" "$(other_packets)"
does "unload there" 0 unload --netns other --all
is "nothing is left" " RECV $SENT NONE:$SENT" "$(pins) $(other_packets)"

section "the second of two interfaces fails when the first has its new chain"
if ! command -v strace >/dev/null; then
	skip "the second fails" "no strace in the guest"
	exit 0
fi
does "before" 0 load four.json
before="$(attached v0) $(attached v1) $(pins | sort | tr '\n' ' ')$(programs v0) $(programs v1)"
sed 's/"ord_d.o" }, {/"ord_a2.o" }, {/; s/, { "object": "ord_a.o" }//' four.json >swap.json
sed -i 's/"ord_a.o" }, /"ord_d.o" }, /; s/"\/test\/bpf\/ord_d.o"/"ord_a.o"/' swap.json
# The place among all such calls of the one that attaches to the second interface.
strace -f -qq -o trace -e trace=sendto xdp-policy load swap.json >does.out 2>&1
count=$(awk '/sendto/ { n++ } /RTM_SETLINK|type=0x13/ && ++set == 2 { print n }' trace)
is "without a failure both change" "RECV $SENT dbca:$SENT RECV $SENT Acb:$SENT" \
	"$(packets v0) $(packets v1)"
does "back" 0 load four.json
flow v0 4
strace -f -qq -o trace -e trace=sendto -e "inject=sendto:error=EINVAL:when=$count" \
	xdp-policy load swap.json >does.out 2>&1
is "it fails" 1 $?
flow_end >/dev/null
tells "it fails: the second interface" "swap.json:.*v1"
unharmed "the first one had a whole chain at any time"
contains "the first one has had its new chain, and lost it" "CHANGES 2 " "$(tail -n 1 flow.out)"
is "the old chains run on" "RECV $SENT abcd:$SENT RECV $SENT dcba:$SENT" \
	"$(packets v0) $(packets v1)"
is "nothing is left over" "2 2 " "$(dispatchers) $(pins | wc -l) $(journals)"
is "records of all that run" 8 "$(records)"
does "the next load works" 0 load swap.json
is "the next load works: packets" "RECV $SENT dbca:$SENT RECV $SENT Acb:$SENT" \
	"$(packets v0) $(packets v1)"
does "unload --all" 0 unload --all
is "nothing is left" "   " "$(attached v0) $(attached v1) $(pins) $(journals)"
is "no program is left" "" "$(bpftool prog show | grep -E 'name (ord|xdp)_')"
exit 0
