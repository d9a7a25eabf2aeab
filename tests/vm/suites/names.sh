# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=live.sh
# Programs without a name, or of whose name the kernel keeps 15 characters and no BTF has more:
# what is not known is not taken for something else.
. ../live.sh

need_apply
links v0

# of ATTRIBUTE KEY: what status says of the program, as JSON
of()
{
	xdp-policy status --json v0 | python3 -c '
import json, sys
program = json.load(sys.stdin)["interfaces"][0]["programs"][0]
for key in sys.argv[1:]:
    program = program.get(key, "(none)")
print(json.dumps(program))' "$@"
}

section "no name"
mkchain -n v0 ""
is "JSON: none" "null" "$(of program)"
contains "the table: none" "^.-- +- +- " "$(xdp-policy status v0)"
is "it has no priority and no actions" "null null" \
	"$(of priority live) $(of chain-call-actions live)"
applied "apply --json" 0 --json v0
says "its JSON has none either" '"priority": null'
printf '[all]\nprogram = !other\nattach = deny\n' | policy
is "whether it is another one is not known" "true" "$(of attach undecided)"
contains "what is missing" "undecided: .*:3 asks for the program's name, which the kernel does not have" \
	"$(xdp-policy status v0)"
applied "it is left alone" 0 --enforce-deny v0
is "it is left alone" "null" "$(of program)"
printf '[all]\ninterface = v0\nattach = deny\n' | policy
is "a rule that does not ask for a name" "false" "$(of attach undecided)"
rm -rf /etc/xdp
/sbin/ip link set v0 xdpdrv off

section "15 characters of a name"
mkchain -n v0 xdp_firewall_main_entry
is "what is known" '"xdp_firewall_ma"' "$(of program)"
printf '[not this]\nprogram = xdp_firewall_main_entry\nattach = deny\n' | policy
is "it may be the one" "true" "$(of attach undecided)"
is "what is missing" '"the full name; the kernel shows 15 characters"' "$(of attach missing)"
contains "what is missing" "undecided: .*:3 asks for the full name; the kernel shows 15 characters" \
	"$(xdp-policy status v0)"
applied "it is left alone" 0 --enforce-deny v0
is "it is left alone" '"xdp_firewall_ma"' "$(of program)"
printf '[not this]\nprogram = xdp_firewall_off_entry\nattach = deny\n' | policy
is "another one it is not" "false false" "$(of attach undecided) $(of attach drift)"
printf '[not this]\nprogram = xdp_firewall_*\nattach = deny\n' | policy
is "whatever begins so it is" "false true" "$(of attach undecided) $(of attach drift)"
applied "and that is taken off where it can be" 1 --enforce-deny v0
rm -rf /etc/xdp
/sbin/ip link set v0 xdpdrv off

section "15 characters, and a BTF"
xdp-loader load v0 ord_long.o
printf '[this]\nprogram = ord_l_longer_than_15\npriority = 7\n' | policy
applied "a long name of a chain's program" 0 v0
contains "a long name of a chain's program" "ord_l_longer_than_15 +7" "$(xdp-policy status v0)"
rm -rf /etc/xdp
exit 0
