#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""fake-systemd.py PATH [ARG...]: runs it as a service of systemd's would run, with sockets for notices
and for the journal, and prints what comes: "notify READY=1", "journal MESSAGE=..."."""
import os
import socket
import sys

NOTIFY = "/run/fake-notify"
JOURNAL = "/run/systemd/journal/socket"


def listen(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(path)
    sock.settimeout(0.1)
    return sock


def show(sock, kind):
    try:
        data = sock.recv(65536)
    except socket.timeout:
        return False
    print(kind, " ".join(data.decode().splitlines()), flush=True)
    return True


sockets = {"notify": listen(NOTIFY), "journal": listen(JOURNAL)}
with open("/run/fake-stderr", "wb") as stderr:
    st = os.fstat(stderr.fileno())
    os.environ.update({
        "NOTIFY_SOCKET": NOTIFY,
        "WATCHDOG_USEC": "1000000",
        "JOURNAL_STREAM": "%d:%d" % (st.st_dev, st.st_ino),
    })
    child = os.fork()
    if not child:
        os.dup2(stderr.fileno(), 2)
        os.execv(sys.argv[1], sys.argv[1:])
while True:
    for kind, sock in sockets.items():
        show(sock, kind)
    pid, status = os.waitpid(child, os.WNOHANG)
    if pid:
        break
for kind, sock in sockets.items():
    while show(sock, kind):
        pass
print("exit", status, flush=True)
