#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""attach-xdp.py IFINDEX...: a program that lets everything pass, generic, without BTF, by netlink."""
import ctypes
import os
import platform
import socket
import struct
import sys

BPF_PROG_LOAD, XDP = 5, 6
NR_BPF = {"x86_64": 321, "aarch64": 280}
RTM_SETLINK, IFLA_XDP, IFLA_XDP_FD, IFLA_XDP_FLAGS, SKB_MODE = 19, 43 | 0x8000, 1, 3, 2


def load():
    insns = ctypes.create_string_buffer(struct.pack("<BBhi", 0xB7, 0, 0, 2) + struct.pack("<BBhi", 0x95, 0, 0, 0))
    gpl = ctypes.create_string_buffer(b"GPL")
    attr = struct.pack("<IIQQ", XDP, 2, ctypes.addressof(insns), ctypes.addressof(gpl)).ljust(120, b"\0")
    buf = ctypes.create_string_buffer(attr, len(attr))
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(NR_BPF[platform.machine()], BPF_PROG_LOAD, buf, len(attr))
    if fd < 0:
        sys.exit("cannot load a program: " + os.strerror(ctypes.get_errno()))
    return fd


def attach(netlink, ifindex, fd):
    xdp = struct.pack("<HHi", 8, IFLA_XDP_FD, fd) + struct.pack("<HHI", 8, IFLA_XDP_FLAGS, SKB_MODE)
    body = struct.pack("<BxHiII", 0, 0, ifindex, 0, 0) + struct.pack("<HH", 4 + len(xdp), IFLA_XDP) + xdp
    netlink.send(struct.pack("<IHHII", 16 + len(body), RTM_SETLINK, 5, 1, 0) + body)
    err = struct.unpack_from("<i", netlink.recv(4096), 16)[0]
    if err:
        sys.exit("cannot attach it: " + os.strerror(-err))


def main():
    fd = load()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.bind((0, 0))
        for arg in sys.argv[1:]:
            attach(netlink, int(arg), fd)


main()
