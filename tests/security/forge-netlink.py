#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""forge-netlink.py KIND: sends forged rtnetlink messages to everybody in this network namespace who
has such a socket, to each by its port and to all by the group of links. Prints how many could be
sent by the group, which the kernel refuses nobody who has CAP_NET_ADMIN over the namespace."""
import socket
import struct
import sys

NLMSG_ERROR, NLMSG_DONE, RTM_NEWLINK, RTM_DELLINK = 2, 3, 16, 17
RTMGRP_LINK = 1
MANY = 50000


def message(kind, body, length=None, flags=0):
    length = 16 + len(body) if length is None else length
    return struct.pack("=IHHII", length, kind, flags, 1, 0) + body


def attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def link(kind, index, name):
    xdp = attr(2, b"\x02") + attr(4, struct.pack("=I", 1)) + attr(6, struct.pack("=I", 1))
    return message(kind, struct.pack("=BBHiII", 0, 0, 1, index, 0x1043, 0) +
                   attr(3, name + b"\0") + attr(43 | 0x8000, xdp))


def forged(kind):
    if kind == "links":
        for i in range(MANY):
            yield link(RTM_NEWLINK, 100 + i, b"forged%d" % i)
    elif kind == "gone":
        for i in range(1, 100):
            yield link(RTM_DELLINK, i, b"lo")
    elif kind == "end":
        yield message(NLMSG_DONE, struct.pack("=i", 0), flags=2)
    elif kind == "error":
        for error in (-17, -2**31, 2**31 - 1):
            yield message(NLMSG_ERROR, struct.pack("=i", error) + bytes(16))
    elif kind == "short-error":
        for n in range(5):
            yield message(NLMSG_ERROR, bytes(n))
    else:
        yield message(RTM_NEWLINK, bytes(32), int(kind, 0))


def main():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    sock.bind((0, 0))
    with open("/proc/self/net/netlink") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    ports = {int(row[2]) for row in rows if row[1] == "0"} - {0, sock.getsockname()[0]}
    sent = 0
    for data in forged(sys.argv[1]):
        for port in ports:
            try:
                sock.sendto(data, socket.MSG_DONTWAIT, (port, 0))
            except OSError:
                pass
        sock.sendto(data, (0, RTMGRP_LINK))
        sent += 1
    print(len(ports), sent)


main()
