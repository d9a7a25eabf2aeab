# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# An interface has one name and alternative ones: a rule and a chain file may say any of them, and
# so may a command.
. ../chains-lib.sh

need_preload
links v0 v1
ip=$(command -v /sbin/ip || command -v ip)
if ! "$ip" link property add dev v0 altname enp0s3 2>/dev/null; then
	skip "alternative names" "this ip(8) or kernel has none"
	exit 0
fi
"$ip" link property add dev v0 altname enx0011223344556677
long=enx0011223344556677

section "a rule on the name, and commands that are given another"
reset
policy <<END
[order on the uplink]
interface = v0
order     = ord_b ord_a
END
succeeds "the preload, by another name" with xdp-loader load enp0s3 ord_a.o ord_b.o
is "as the rule wants it" "10 ord_b, 20 ord_a" "$(order v0)"
for name in v0 enp0s3 $long; do
	succeeds "status $name: no drift" xdp-policy status $name
	contains "status $name: shows the interface" '^v0 \(' "$(xdp-policy status $name)"
	succeeds "apply $name" xdp-policy apply $name
	is "apply $name changes nothing" "10 ord_b, 20 ord_a" "$(order v0)"
done
is "an interface that is named twice is shown once" 1 \
	"$(xdp-policy status v0 enp0s3 $long | grep -c '^v0 (')"
contains "explain" 'priority +10 ' "$(xdp-policy explain --interface enp0s3 ord_b)"

section "a rule on another name, everywhere"
for name in enp0s3 $long 'enp0*' 'v1 enx*'; do
	reset
	policy <<-END
	[order on the uplink]
	interface = $name
	order     = ord_b ord_a
	END
	is "check takes it: $name" "" "$(xdp-policy check -q 2>&1 | grep XP)"
	succeeds "the preload: $name" with xdp-loader load v0 ord_a.o ord_b.o
	is "the preload is right: $name" "10 ord_b, 20 ord_a" "$(order v0)"
	xdp-loader unload v0 --all
	succeeds "live: $name" xdp-loader load v0 ord_a.o ord_b.o
	fails "status sees the drift: $name" DRIFT xdp-policy status v0
	succeeds "apply: $name" xdp-policy apply v0
	is "apply is right: $name" "10 ord_b, 20 ord_a" "$(order v0)"
	xdp-loader unload v0 --all
	yaml v0 ord_a.o ord_b.o >v0.yaml
	succeeds "load: $name" xdp-policy load v0.yaml
	is "load is right: $name" "10 ord_b, 20 ord_a" "$(order v0)"
	contains "explain: $name" 'priority +10 ' "$(xdp-policy explain --interface v0 ord_b)"
	succeeds "unload: $name" xdp-policy unload enp0s3
	is "nothing is left: $name" "" "$(order v0)"
done
reset
policy <<END
[not there]
interface = * !enp0s3
priority  = 7
END
with xdp-loader load v0 ord_a.o
with xdp-loader load v1 ord_a.o
is "an exclusion counts by any name" "50 ord_a, 7 ord_a" "$(order v0), $(order v1)"

section "a chain file by another name"
reset
for name in enp0s3 $long 'enp*'; do
	yaml "$name" ord_a.o ord_b.o >alt.yaml
	succeeds "load for $name" xdp-policy load alt.yaml
	is "loaded for $name" "10 ord_a, 20 ord_b" "$(order v0)"
	xdp-policy unload v0 >/dev/null
done
{ yaml v0 ord_a.o; chain_of enp0s3 ord_b.o; } >two.yaml
fails "two chains for one interface" "a second chain" xdp-policy load two.yaml
contains "both lines are told" "^two.yaml:[0-9]+: v0: found a second chain for it, 'enp0s3', beside 'v0' in line 3" \
	"$(xdp-policy load two.yaml 2>&1)"
is "and nothing is loaded" "" "$(order v0)"

section "the daemon"
reset
policy <<END
[order on the uplink]
interface = $long
order     = ord_b ord_a
END
xdp-loader load v0 ord_a.o ord_b.o
succeeds "a look" xdp-policyd --once
is "the daemon follows it" "10 ord_b, 20 ord_a" "$(order v0)"
reset
