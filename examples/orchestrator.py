#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An orchestrator of XDP programs, as small as it can be: xdp-policy(8) does the work.

    orchestrator.py [--once] [--xdp-policy COMMAND] DIRECTORY

It watches a directory for documents, NAME.json, which whoever writes them puts in place by a
rename, so that none is read half. Each says which services an interface has, in their order:

    {"interface": "eth0",
     "mode": "native",
     "services": [{"name": "ddos", "object": "/usr/lib/bpf/ddos.o", "function": "xdp_ddos"},
                  {"name": "count", "object": "/usr/lib/bpf/count.o", "always": true}]}

"mode" (auto) and "function" (the only one of the object) can be left out. After a service that is
"always" there the next one runs whatever the verdict, but after ABORTED; the last one's
verdict stands. A document that is removed
takes the services off. What is wrong is told, with its place, and the interface keeps what it had.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import time

INTERVAL = 0.2  # seconds between two looks at the directory
KEYS = {"interface": str, "mode": str, "services": list}
SERVICE_KEYS = {"name": str, "object": str, "function": str, "always": bool}
REQUIRED = {"interface", "services", "name", "object"}


class Wrong(Exception):
    """What a document says cannot be done; the text begins with the place."""


def check(value, keys, place):
    if not isinstance(value, dict):
        raise Wrong(f"{place}: found {value!r}, expected an object with {', '.join(keys)}")
    for key in value:
        if key not in keys:
            raise Wrong(f"{place}: found {key!r}, expected one of {', '.join(keys)}")
    for key, kind in keys.items():
        if key not in value and key in REQUIRED:
            raise Wrong(f"{place}: found no {key!r}, expected one")
        if key in value and not isinstance(value[key], kind):
            raise Wrong(f"{place}.{key}: found {value[key]!r}, expected a {kind.__name__}")


def program(service, place, last):
    """
    A service as a program of xdp-chain(5). Behind the last one libxdp's dispatcher would make a
    PASS of whatever goes on, of a DROP, too.
    """
    check(service, SERVICE_KEYS, place)
    ret = {"object": os.path.abspath(service["object"])}
    if "function" in service:
        ret["program"] = service["function"]
    if service.get("always") and not last:
        ret["chain-call-actions"] = ["DROP", "PASS", "TX", "REDIRECT"]
    return ret


def read(path):
    """Returns the interface of a document, and a chain for it as xdp-chain(5) has them."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except json.JSONDecodeError as err:
        raise Wrong(f"{path}:{err.lineno}: {err.msg}") from err
    except (OSError, UnicodeDecodeError) as err:
        raise Wrong(f"{path}: {err}") from err
    check(document, KEYS, path)
    services = document["services"]
    chain = {
        "programs": [
            program(s, f"{path}: services[{i}]", i == len(services) - 1)
            for i, s in enumerate(services)
        ]
    }
    if "mode" in document:
        chain["mode"] = document["mode"]
    return document["interface"], chain


def load(args, path, interface, chain):
    """Puts the chain on its interface, or leaves the interface as it is."""
    command = [args.xdp_policy, "load", "--json", "-"]
    text = json.dumps({"version": 1, "chains": {interface: chain}})
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise Wrong(f"{path}: {done.stderr.strip()}") from None
    errors = [e["message"] for e in answer["errors"] if e["level"] == "error"]
    if errors:
        raise Wrong("\n".join(f"{path}: {e}" for e in errors))
    # the chain is there, but a part of the host's policy may be refused
    print(done.stderr, end="", file=sys.stderr)
    outcome = ", ".join(f"{i['interface']}: {i['outcome']}" for i in answer["interfaces"])
    print(f"{path}: {outcome}", flush=True)


def look(args, known):
    """known: path -> (stamp, the interface that has its services). True if nothing was wrong."""
    ok, now = True, {}
    for path in glob.glob(os.path.join(glob.escape(args.directory), "*.json")):
        try:
            stat = os.stat(path)
        except FileNotFoundError:
            continue  # taken away this very moment
        now[path] = (stat.st_mtime_ns, stat.st_ino)
    todo = [(path, None) for path in sorted(known) if path not in now]
    todo += [(p, stamp) for p, stamp in sorted(now.items()) if known.get(p, (None,))[0] != stamp]
    for path, stamp in todo:
        served = known.pop(path, (None, None))[1]
        if stamp:
            known[path] = (stamp, served)
        try:
            interface, chain = read(path) if stamp else (None, None)
            others = {k: v[1] for k, v in known.items() if k != path}
            if interface in others.values():
                raise Wrong(f"{path}: found {interface!r}, which another document has already")
            if interface:
                load(args, path, interface, chain)
                known[path] = (stamp, interface)
            if served and served != interface:
                load(args, path, served, {"programs": []})
        except Wrong as err:
            print(err, file=sys.stderr, flush=True)
            ok = False
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--once", action="store_true", help="look once and exit, 1 if any is wrong")
    parser.add_argument("--xdp-policy", default="xdp-policy", metavar="COMMAND")
    parser.add_argument("directory")
    args, known = parser.parse_args(), {}
    ok = look(args, known)
    while not args.once:
        time.sleep(INTERVAL)
        look(args, known)
    return 0 if ok else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
