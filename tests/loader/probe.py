#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The modes of main.c by ctypes, with the same output."""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time

MODE_SKB = 2
N_THREADS = 4
POLICY = "/etc/xdp/priorities.conf"
WATCHDOG = 10

xdp = ctypes.CDLL("libxdp.so.1", use_errno=True)
POINTER, STRING, INT, UNSIGNED = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint)
for name, result, *arguments in (
        ("xdp_program__open_file", POINTER, STRING, STRING, POINTER),
        ("libxdp_get_error", ctypes.c_long, POINTER),
        ("xdp_program__name", STRING, POINTER),
        ("xdp_program__run_prio", UNSIGNED, POINTER),
        ("xdp_program__print_chain_call_actions", INT, POINTER, STRING, ctypes.c_size_t),
        ("xdp_program__set_run_prio", INT, POINTER, UNSIGNED),
        ("xdp_program__attach", INT, POINTER, INT, INT, UNSIGNED),
        ("xdp_program__detach", INT, POINTER, INT, INT, UNSIGNED),
        ("xdp_program__close", None, POINTER)):
    function = getattr(xdp, name)
    function.restype = result
    function.argtypes = arguments


def describe(prog):
    actions = ctypes.create_string_buffer(100)
    xdp.xdp_program__print_chain_call_actions(prog, actions, len(actions))
    return (f"{xdp.xdp_program__name(prog).decode()} {xdp.xdp_program__run_prio(prog)} "
            f"{actions.value.decode()}")


def look(path):
    prog = xdp.xdp_program__open_file(path.encode(), None, None)
    error = xdp.libxdp_get_error(prog)
    if error:
        return f"error {error}"
    line = describe(prog)
    xdp.xdp_program__close(prog)
    return line


def mode_plain(*paths):
    for path in paths:
        print(look(path))
    return 0


def mode_attach(interface, path, prio=None):
    ifindex = socket.if_nametoindex(interface)
    prog = xdp.xdp_program__open_file(path.encode(), None, None)
    if xdp.libxdp_get_error(prog):
        return 1
    if prio:
        print("set", xdp.xdp_program__set_run_prio(prog, int(prio)))
    ctypes.set_errno(0)
    result = xdp.xdp_program__attach(prog, ifindex, MODE_SKB, 0)
    print("attach", result, describe(prog))
    if result:
        print("errno", ctypes.get_errno())
    else:
        print("detach", xdp.xdp_program__detach(prog, ifindex, MODE_SKB, 0))
    xdp.xdp_program__close(prog)
    return 0


class Work:
    """Threads that open one object again and again."""

    def __init__(self, path, expected):
        self.path = path
        self.expected = expected.split("|")
        self.stop = False
        self.seen = set()
        self.wrong = []
        self.threads = [threading.Thread(target=self.run) for _ in range(N_THREADS)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stop:
            line = look(self.path)
            if line in self.expected:
                self.seen.add(line)
            else:
                self.wrong.append(line)

    def complete(self):
        return len(self.seen) == len(self.expected)

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()
        if self.wrong:
            print(len(self.wrong), "wrong, the first:", self.wrong[0])
        return 1 if self.wrong else 0


def replace_policy(text):
    with open(POLICY + ".new", "w", encoding="ascii") as policy:
        policy.write(text)
    os.rename(POLICY + ".new", POLICY)


def mode_threads(seconds, path, expected, *policies):
    end = time.monotonic() + float(seconds)
    replace_policy(policies[0])
    work = Work(path, expected)
    i = 0
    while time.monotonic() < end or (not work.complete() and time.monotonic() < end + WATCHDOG):
        replace_policy(policies[i % len(policies)])
        i += 1
        time.sleep(i % 3 / 1000)
    result = work.end()
    print("threads:", "saw all that was expected" if work.complete() else "missed some")
    return 1 if result or not work.complete() else 0


def fork_and_look(path, expected):
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        signal.alarm(WATCHDOG)
        line = look(path)
        if line not in expected.split("|"):
            os.write(1, f"child saw: {line}\n".encode())
            os._exit(1)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        signo = os.WTERMSIG(status)
        print("a child hangs" if signo == signal.SIGALRM else f"a child died of signal {signo}")
    return 1 if status else 0


def mode_fork(path, expected):
    result = fork_and_look(path, expected)
    line = look(path)
    result |= fork_and_look(path, expected)
    print(f"fork: {line}, children {result}")
    return result


def mode_storm(seconds, path, expected):
    end = time.monotonic() + float(seconds)
    work = Work(path, expected)
    result = rounds = 0
    while not result and (time.monotonic() < end or rounds < 20):
        result = fork_and_look(path, expected)
        rounds += 1
    result |= work.end()
    print("storm:", "wrong" if result else "as expected")
    return result


def mode_vfork(*command):
    # close_fds=False: then subprocess uses vfork()
    return subprocess.call(command, close_fds=False)


sys.exit({"plain": mode_plain, "attach": mode_attach, "threads": mode_threads, "fork": mode_fork,
          "storm": mode_storm, "vfork": mode_vfork}[sys.argv[1]](*sys.argv[2:]))
