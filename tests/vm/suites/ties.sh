# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# Programs of one priority: what libxdp puts first we put first, so that neither undoes the other's
# order. The letters in received packets are the order; libxdp's own tool says what is alone.
. ../chains-lib.sh

links v0

letters()
{
	packets "$1" | awk '{ print $3 }'
}

# both DESCRIPTION OBJECT[;KEY: VALUE]...: by libxdp and by us, and after a third has joined by each.
# Those that were loaded are sorted otherwise than those that come.
both()
{
	of=$1
	shift
	objects=
	programs=
	for program; do
		objects="$objects ${program%%;*}"
		programs="$programs '$program;priority: 50'"
	done
	# shellcheck disable=SC2086
	xdp-loader load v0 $objects
	alone=$(letters v0)
	xdp-loader load v0 ord_c.o # its author says 10
	joined=$(letters v0)
	contains "$of: libxdp loads it" "^[a-zA-Z][a-zA-Z]:$SENT [a-zA-Z]{3}:$SENT$" "$alone $joined"
	xdp-loader unload v0 --all
	eval "yaml v0 $programs" >ties.yaml
	does "$of" 0 load ties.yaml
	is "$of: load has libxdp's order" "$alone" "$(letters v0)"
	unchanged "$of: the same file again" does "$of: again" 0 load ties.yaml
	printf 'version: 1\nchains: {v0: {programs: [{object: ord_c.o, priority: 10}]}}\n' >joins.yaml
	does "$of: one joins" 0 load --add joins.yaml
	is "$of: one that joins by load" "$joined" "$(letters v0)"
	xdp-loader unload v0 --all
	# shellcheck disable=SC2086
	xdp-loader load v0 $objects
	does "$of: one joins what libxdp has" 0 load --add joins.yaml
	is "$of: one that joins by load what libxdp has" "$joined" "$(letters v0)"
	xdp-loader unload v0 --all
	does "$of: to be corrected" 0 load ties.yaml
	xdp-loader load v0 ord_c.o
	echo "ord_c: 5" | policy
	applied "$of: a correction" 0 v0
	is "$of: a correction" "$joined" "$(letters v0)"
	rm -rf /etc/xdp
	xdp-loader unload v0 --all
}

section "long names of two objects"
both "two objects" ord_tie1.o ord_tie2.o
both "the other way round" ord_tie2.o ord_tie1.o

section "one name, and another size"
both "the small one first" ord_b.o ord_big.o
both "the large one first" ord_big.o ord_b.o

section "long names in one object: libxdp finds both in its BTF, and believes neither"
both_names="'ord_ties.o;program: ord_same_first_15_one;priority: 50' \
	'ord_ties.o;program: ord_same_first_15_two;priority: 50'"
eval "yaml v0 $both_names" >ties.yaml
does "one object" 0 load ties.yaml
is "one object: of new ones the names are known" "vw:$SENT" "$(letters v0)"
xdp-loader load v0 ord_c.o
joined=$(letters v0)
contains "one object: one joins by libxdp" "^[a-z]{3}:$SENT$" "$joined"
xdp-loader unload v0 --all
does "one object" 0 load ties.yaml
printf 'version: 1\nchains: {v0: {programs: [{object: ord_c.o, priority: 10}]}}\n' >joins.yaml
does "one joins" 0 load --add joins.yaml
is "one object: one that joins" "$joined" "$(letters v0)"

section "under the preload"
# libxdp has sorted by the application's priority; what is built in its place is sorted again
if [ -e ../app-inside ]; then
	xdp-loader unload v0 --all
	xdp-loader load v0 ord_tie2.o ord_tie1.o
	printf '[x]\ninterface = v0\nprogram = ord_c\npriority = 60\n' | policy
	with app-inside v0 ord_c.o >/dev/null 2>&1
	is "an application with libxdp inside joins two of one priority" "tuc:$SENT" "$(letters v0)"
	rm -rf /etc/xdp
	xdp-loader unload v0 --all
	xdp-loader load v0 ord_tie1.o
	printf '[x]\ninterface = v0\nprogram = ord_*\npriority = 60\n' | policy
	with app-inside v0 ord_tie2.o >/dev/null 2>&1
	applied "to 60, both" 0 v0
	is "one joins another of its priority" "tu:$SENT" "$(letters v0)"
	rm -rf /etc/xdp
else
	skip "an application with libxdp inside" "it was not built: no static libraries"
fi

section "it is said"
xdp-loader unload v0 --all
yaml v0 'ord_tie1.o;priority: 50' 'ord_tie2.o;priority: 50' >ties.yaml
does "load" 0 load ties.yaml
tells "load says it" "ord_same_first_15_beta.*same priority as ord_same_first_15_alpha: by name"
contains "so does status" "ord_same_first_15_beta.*same priority as ord_same_first_15_alpha: by name" \
	"$(xdp-policy status v0)"
contains "and its JSON" '"same priority as ord_same_first_15_alpha: by name"' \
	"$(xdp-policy status --json v0)"
printf 'ord_same*: 7\n' | policy
applied "apply" 0 v0
says "so does apply" "7 ord_same_first_15_beta.*same priority as ord_same_first_15_alpha: by name"
rm -rf /etc/xdp
xdp-loader unload v0 --all
exit 0
