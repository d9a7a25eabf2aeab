#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Opens and attaches an XDP program by ctypes, as app-shared does in C; same output.

usage: app-ctypes.py [--prio N] IFACE OBJECT
"""
import ctypes
import os
import socket
import sys

XDP_MODE_NATIVE = 1

xdp = ctypes.CDLL("libxdp.so.1")
xdp.xdp_program__open_file.restype = ctypes.c_void_p
xdp.xdp_program__open_file.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p]
xdp.xdp_program__name.restype = ctypes.c_char_p
xdp.xdp_program__name.argtypes = [ctypes.c_void_p]
xdp.xdp_program__run_prio.restype = ctypes.c_uint
xdp.xdp_program__run_prio.argtypes = [ctypes.c_void_p]
xdp.xdp_program__print_chain_call_actions.argtypes = [ctypes.c_void_p, ctypes.c_char_p,
                                                      ctypes.c_size_t]
xdp.xdp_program__set_run_prio.argtypes = [ctypes.c_void_p, ctypes.c_uint]
xdp.xdp_program__attach.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_uint]
xdp.xdp_program__close.argtypes = [ctypes.c_void_p]
xdp.xdp_program__close.restype = None
xdp.libxdp_get_error.restype = ctypes.c_long
xdp.libxdp_get_error.argtypes = [ctypes.c_void_p]


def main():
    args = sys.argv[1:]
    prio = None
    if args and args[0] == "--prio":
        prio = int(args[1])
        args = args[2:]
    if len(args) != 2:
        sys.exit(__doc__)
    interface, path = args

    prog = xdp.xdp_program__open_file(path.encode(), None, None)
    error = xdp.libxdp_get_error(prog)
    print(f"open {os.path.basename(path)} rc={error}")
    if error:
        return 1
    name = xdp.xdp_program__name(prog).decode()
    actions = ctypes.create_string_buffer(128)
    xdp.xdp_program__print_chain_call_actions(prog, actions, len(actions))
    print(f"{name} prio={xdp.xdp_program__run_prio(prog)} actions={actions.value.decode()}")
    if prio is not None:
        print(f"set prio={prio} rc={xdp.xdp_program__set_run_prio(prog, prio)}")
    result = xdp.xdp_program__attach(prog, socket.if_nametoindex(interface), XDP_MODE_NATIVE, 0)
    print(f"attach {name} {interface} rc={result}")
    xdp.xdp_program__close(prog)
    return 1 if result else 0


sys.exit(main())
