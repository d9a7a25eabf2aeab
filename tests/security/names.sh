#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names may be any bytes: of interfaces, namespaces, files and programs. Nothing that we print makes a
# terminal obey or a reader fail, nothing disappears, and no two names become one.
set -u
# shellcheck source=tests/security/lib.sh
. "$TOP/tests/security/lib.sh"

own_host "names of any bytes" names
bytes=$'x\xff\xfey'
same='x\xff\xfey' # as it is shown, which is a name, too
escape=$'e\e[31m'
turn=$'t\xe2\x80\xaeab'
names=("$bytes" "$same" "$escape" "$turn")
if ! ip link add va type veth peer name vb || ! ip link add vc type veth peer name vd; then
	skip "names of any bytes" "this kernel makes no interfaces"
	exit 0
fi
i=0
for old in va vb vc vd; do
	ip link set "$old" name "${names[i++]}" || exit 1
done

# Standard input is UTF-8 without anything that a terminal obeys.
is_clean() {
	python3 -c '
import sys, unicodedata
text = sys.stdin.buffer.read().decode()
bad = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
sys.exit(repr(bad) if bad else None)'
}

# What a command says on both streams is clean, and has PATTERN in it, a fixed string.
clean() { # WHAT PATTERN COMMAND...
	local what=$1 pattern=$2
	shift 2
	"$@" >out 2>&1
	if is_clean <out >why 2>&1 && grep -qF -e "$pattern" out; then ok "$what"; else
		cat -v out >>why
		not_ok "$what" why
	fi
}

# The values of KEY in JSON, decoded to bytes, are those of the names, each once.
all_there() { # KEY, JSON from standard input
	python3 -c '
import json, os, re, sys
def find(value):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == sys.argv[1]:
                yield item
            else:
                yield from find(item)
    elif isinstance(value, list):
        for item in value:
            yield from find(item)
def decode(text):
    return re.sub(rb"\\x(..)", lambda m: bytes.fromhex(m[1].decode()), text.encode())
found = sorted(decode(v) for v in find(json.loads(sys.stdin.buffer.read().decode())))
wanted = sorted(os.fsencode(name) for name in sys.argv[2:])
sys.exit(None if found == wanted else f"found {found}, expected {wanted}")' "$1" "${names[@]}"
}

json() { # WHAT KEY COMMAND...
	local what=$1 key=$2
	shift 2
	"$@" >out 2>why
	if all_there "$key" <out 2>>why; then ok "$what"; else not_ok "$what" why; fi
}

json "status --json: each interface is there" interface xdp-policy status --json "${names[@]}"
json "apply --json: the same" interface xdp-policy apply --json "${names[@]}"
clean "status" 'x\xff\xfey' xdp-policy status "$bytes"
clean "apply" 'x\xff\xfey' xdp-policy apply "$bytes"
clean "an interface that is not there" 'gone\x1b[31m' xdp-policy status $'gone\e[31m'
clean "save" 'e\x1b[31m' xdp-policy save "$escape"
clean "a namespace that is not there" 'no\x1b[31m' xdp-policy status --netns $'no\e[31m'

# files
mkdir -p etc/xdp/priorities.d
for name in "${names[@]}"; do echo 'a: x' >"etc/xdp/priorities.d/$name.conf"; done
names=("${names[@]/#//etc/xdp/priorities.d/}")
names=("${names[@]/%/.conf}")
json "check --json: each file is there" file xdp-policy check --json
json "cat --json: the same" file xdp-policy cat --json
clean "check" '/etc/xdp/priorities.d/e\x1b[31m.conf:1: ' xdp-policy check
clean "cat" '# /etc/xdp/priorities.d/x\xff\xfey.conf' xdp-policy cat
clean "a command that reads the policy" 'e\x1b[31m.conf:1: ' xdp-policy explain --interface eth0 x
clean "convert" 'e\x1b[31m: ' xdp-policy convert --to json "$escape"
clean "load" 'e\x1b[31m: ' xdp-policy load "$escape"
clean "import" 'e\x1b[31m: ' xdp-policy import "$escape"
clean "defaults" 'e\x1b[31m: ' xdp-policy defaults "$escape"
echo 'a: 1' >"$escape"
clean "compile" 'x\xff: 1 rule' xdp-policy compile "$escape" -o $'x\xff'
cat >editor <<'END'
#!/bin/sh
echo 'a: 2' >"$1"
END
chmod 755 editor
clean "edit" 'e\x1b[31m: saved' env EDITOR="$work/editor" xdp-policy edit "./$escape"
clean "explain" 'program \x1b[2J' xdp-policy explain $'program \e[2J'

# the daemon
clean "the daemon's messages" 'e\x1b[31m.conf:1: ' xdp-policyd --once --metrics figures.prom
figures_are_right() {
	is_clean <figures.prom && [ "$(grep -c '^xdp_policy_programs{.*interface="[xet]' figures.prom)" = 4 ] &&
		grep -F 'interface="x\\xff\\xfey"' figures.prom && grep -F 'interface="x\\x5cxff\\x5cxfey"' figures.prom
}
mapfile -t indices < <(ip -o link | sed -n 's/^\([0-9]*\): [xet].*/\1/p')
if "$TOP/tests/security/attach-xdp.py" "${indices[@]}" 2>why; then
	clean "status, of all" 'e\x1b[31m' xdp-policy status
	xdp-policyd --once --metrics figures.prom 2>/dev/null
	test_that "the daemon's figures" figures_are_right
else
	skip "the daemon's figures" "$(cat why)"
fi
clean "the daemon, of a namespace" 'no\x1b[31m' xdp-policyd --once --netns $'no\e[31m'
