# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR/../guest source=chains-lib.sh
# What status says of an interface that got another number in another network namespace, and of a
# host without a BPF file system.
. ../chains-lib.sh

links v0
yaml v0 /test/bpf/ord_a.o >c.yaml
xdp-policy load c.yaml >/dev/null
number=$(cat /sys/class/net/v0/ifindex)
unshare -n sleep 600 &
space=$!
until [ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$space/ns/net")" ]; do
	sleep 0.1
done
within() { nsenter -n -t $space "$@"; }
within /sbin/ip link add d0 index "$number" type veth peer name d1
/sbin/ip link set v0 netns $space
contains "status says that it was moved" \
	"found its pins at /sys/fs/bpf/xdp/dispatch-$number-.*moved here from another network namespace" \
	"$(within xdp-policy status)"
umount -l /sys/fs/bpf
contains "status says that there is no BPF file system" \
	"no BPF file system is mounted at /sys/fs/bpf" "$(within xdp-policy status)"
kill $space
