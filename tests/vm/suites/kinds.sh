# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# Objects with several XDP programs: only what can be attached to an interface gets into its chain.
# What libbpf has to say of an object that it refuses is told.
. ../chains-lib.sh

links v0

section "programs for a cpumap and a devmap"
yaml v0 ord_kinds.o ord_a.o >kinds.yaml
does "the only one for an interface is meant" 0 load kinds.yaml
is "the only one for an interface is meant" "10 kind_main, 20 ord_a" "$(order v0)"
does "unload" 0 unload v0
yaml v0 'ord_kinds.o;program: kind_cpumap' >kinds.yaml
unchanged "by its name" does "by its name" 1 load kinds.yaml
tells "by its name" "ord_kinds.o: found no program by the name kind_cpumap in it that can be attached"
yaml v0 'ord_kinds.o;section: xdp.frags/devmap' >kinds.yaml
unchanged "by its section" does "by its section" 1 load kinds.yaml
tells "by its section" "ord_kinds.o: found no program .*that can be attached"
yaml v0 ord_maps.o >kinds.yaml
unchanged "no other" does "no other" 1 load kinds.yaml
tells "no other" "ord_maps.o: found no program in it that can be attached"
is "defaults" '"kind_main"' "$(xdp-policy defaults ord_kinds.o | sed -n 's/.*"program": \("[^"]*"\).*/\1/p')"
does "explain" 0 explain ord_kinds.o
is "explain" "kind_main" "$(sed -n 's/^\(kind_[a-z]*\),.*/\1/p' does.out)"

section "several"
yaml v0 ord_many.o >kinds.yaml
unchanged "one must be named" does "one must be named" 1 load kinds.yaml
tells "all are listed" "found several XDP programs in it, 'many_a', 'many_b' and 'many_c', expected the name of one"

section "tail calls"
yaml v0 ord_tail.o >kinds.yaml
unchanged "one must be named" does "one must be named" 1 load kinds.yaml
tells "both are listed" "'tail_second' and 'tail_first', expected the name of one"
yaml v0 'ord_tail.o;program: tail_first' ord_a.o >kinds.yaml
unchanged "libbpf cannot fill its map" does "libbpf cannot fill its map" 1 load kinds.yaml
tells "libbpf cannot fill its map" "ord_tail.o: found programs for tail calls in map 'jumps', which are not loaded"

section "libbpf's words"
yaml v0 ord_old.o >kinds.yaml
unchanged "maps of before libbpf 1.0" does "maps of before libbpf 1.0" 1 load kinds.yaml
tells "load" "ord_old.o: found an object that libbpf cannot open.*legacy map definitions"
fails "explain" "legacy map definitions" xdp-policy explain ord_old.o
fails "defaults" "legacy map definitions" xdp-policy defaults ord_old.o
exit 0
