# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source=app-cells.sh
# For the scripts about name servers: 10.9.0.1 is v0's address here, and whoever asks is at the other
# end, in a network namespace of its own.
. ../app-cells.sh

ZONE=/tmp/zone

in_client()
{
	nsenter --net=/run/netns/client "$@"
}

mkdir -p /run/netns
/sbin/ip netns add client
/sbin/ip link set peer-v0 netns client
/sbin/ip addr add 10.9.0.1/24 dev v0
in_client /sbin/ip addr add 10.9.0.2/24 dev peer-v0
in_client /sbin/ip link set peer-v0 up
cat >$ZONE <<END
\$ORIGIN example.
@	60 IN SOA ns hostmaster 1 60 60 60 60
@	60 IN NS ns
ns	60 IN A 10.9.0.1
www	60 IN A 192.0.2.7
END

# The address that the server has for www.example, or why there is none.
asked()
{
	in_client kdig +timeout=5 +retry=2 @10.9.0.1 www.example A +short 2>&1 | tail -n 1
}

# What programs leave attached that no chain holds.
clear_links()
{
	/sbin/ip link set dev v0 xdpdrv off
	in_client /sbin/ip link set dev peer-v0 xdpdrv off
	rm -rf /sys/fs/bpf/xdp
}
