#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Names with any byte in them, threads by the thousand, disks that are full, readers that are gone."""

import json
import os
import re
import subprocess
import sys

from lib import *
from lib.scope import BINARY

COMMANDS = ("hist", "top", "blame", "watch", "list", "export", "check")
NAMES = {"a newline": "a\nb", "quotes": "\"a'b\\c", "escape sequences": "\x1b]0;owned\x07\x1b[31mred",
         "invalid UTF-8": "caf\udce9\udcff", "4 KiB": "x" * 4096}
LONGEST = 256
COMM = "\n\x1b[31m\"\\\udcff"
ANNOUNCED = re.compile(r"Tracing .* Hit Ctrl-C to end\.\n")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
CHURN = """
import threading
while True:
    threads = [threading.Thread(target=int) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(threads), flush=True)
"""


def called(name):
    """What a domain of that name is called: one that is long is cut, and a hash of the whole put to it."""
    raw = os.fsencode(name)
    if len(raw) <= LONGEST:
        return name
    mark = os.fsencode(f"…#{fnv1a(raw):016x}")
    return os.fsdecode(raw[:LONGEST - len(mark)] + mark)


def fnv1a(raw):
    value = 0xcbf29ce484222325
    for byte in raw:
        value = (value ^ byte) * 0x100000001b3 % (1 << 64)
    return value


def shown(name):
    """What JSON makes of it."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def output(*arguments):
    code, out, err = tool(*arguments)
    ok(code == 0 and out, f"{' '.join(arguments)}: exit 0", (code, err))
    ok(not CONTROL.search(out + err), "… without control characters",
       ascii(CONTROL.findall(out + err)))
    return out


def of_vm():
    guests = {what: Guest(name, append="sleep=1000") for what, name in NAMES.items()}
    for command in (("list",), ("hist", "1", "1"), ("blame", "1", "1"), ("top", "-b", "1", "1")):
        text = output(*command)
        if command[0] in ("list", "hist"):
            for what, guest in guests.items():
                lines = re.findall(rf"^\S.*\(.*pid {guest.pid}\b.*$", text, re.M)
                equal(len(lines), 1, f"… {what}: one heading")
    for command in (("list", "--json"), ("hist", "--json", "1", "1")):
        found = {domain["pid"]: domain["name"] for domain in json.loads(output(*command))["domains"]}
        for what, guest in guests.items():
            equal(found.get(guest.pid), shown(called(guest.name)), f"… {what}")
    for what, guest in guests.items():
        glob = re.sub(r"([][*?\\])", r"\\\1", called(guest.name))
        found = [domain["pid"] for domain in json.loads(output("list", "--json", "-d", glob))["domains"]]
        equal(found, [guest.pid], f"-d with {what} finds that one")
    for guest in guests.values():
        guest.child.kill()
        guest.child.wait()


def of_process(guest):
    hog = start(["hog", COMM], executable=os.environ["HOG"])
    os.sched_setaffinity(hog.pid, {work_cpu()})
    before = schedstat(hog.pid).run
    wait_for("the hog to run", lambda: schedstat(hog.pid).run - before > 1e8)
    thieves = [row["thief"] for row in json.loads(output("blame", "--json", "1", "1"))["blame"]]
    names = {thief["comm"] for thief in thieves if thief.get("pid") == hog.pid}
    equal(names, {shown(COMM)}, "a process's name in JSON")
    for command in (("hist", "1", "1"), ("blame", "1", "1"), ("top", "-b", "1", "1")):
        output(*command)
    hog.kill()
    hog.wait()


def of_cgroup(guest):
    if not Cgroup.root:
        return skip("a cgroup's name", "no cgroup CPU controller")
    cgroup = Cgroup("\x1b[31m\"'\\\udcff")
    while len(cgroup.path) < 3600:
        cgroup = Cgroup("x" * 200, cgroup)
    cgroup.add(guest.pid)
    domains = json.loads(output("list", "--json"))["domains"]
    found = {thread["cgroup"] for domain in domains if domain["pid"] == guest.pid
             for thread in domain["threads"]}
    equal(found, {shown(cgroup.path)}, "a cgroup's path of 3,600 bytes, in JSON")
    output("list")


def resident(scope):
    return int(status(scope.child.pid)["VmRSS"].split()[0])


def short_lived(guest):
    scope = Scope()
    churn = start([sys.executable, "-c", CHURN], stdout=subprocess.PIPE, text=True)
    os.sched_setaffinity(churn.pid, {work_cpu()})
    sizes = []
    for threads in (2000, 4000):
        started = 0
        while started < threads:
            started += int(churn.stdout.readline())
        scope.settle()
        sizes.append(resident(scope))
    churn.kill()
    equal(scope.finish(), 0, "6,000 short-lived threads beside a guest: exit 0")
    between(sizes[1] - sizes[0], -1e6, 1024, "… KiB more after 4,000 of them than after 2,000")
    dropped = [report["trace"]["dropped"] for report in scope.reports]
    equal(max(dropped), 0, "… nothing dropped")
    total = scope.total(guest.pid, guest.tids[0])
    causes = {name: ns for name, ns in total.items() if name.startswith("cause.")}
    equal(sum(causes.values()), total["steal_ns"], "… and the causes sum to the guest's steal")
    diag(f"unknown: {causes['cause.unknown'] / total['steal_ns']:.2%} of it")


def full_disk():
    for arguments in (["hist", "1", "1"], ["blame", "1", "1"], ["blame", "--json", "1", "1"],
                      ["top", "-b", "1", "1"], ["list"], ["list", "--json"], ["check"],
                      ["check", "--json"], ["watch", "--over", "1us"]):
        with open("/dev/full", "w") as full:
            child = start([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True)
            _, err = child.communicate(timeout=60)
        equal(child.returncode, 1, f"{' '.join(arguments)} >/dev/full: exit 1")
        ok("space" in err, "… and why", err)
    code, _, err = tool("hist", "--record", "/dev/full", "1", "2")
    equal(code, 1, "--record /dev/full: exit 1")
    ok("space" in err and "/dev/full" in err, "… which file, and why", err)
    code, _, err = tool("hist", "--record", "/nonexistent/file", "1", "2")
    equal(code, 1, "--record where no directory is: exit 1")
    ok("/nonexistent/file" in err, "… which file", err)


def closed_pipe():
    for arguments in (["hist", "1"], ["blame", "1"], ["top", "-b", "1"], ["watch", "--over", "1us"],
                      ["list"], ["check"], ["check", "--json"]):
        reader, writer = os.pipe()
        os.close(reader)
        child = start([BINARY, *arguments], stdout=writer, stderr=subprocess.PIPE,
                      stdin=subprocess.DEVNULL, text=True)
        os.close(writer)
        _, err = child.communicate(timeout=60)
        equal(child.returncode, 0, f"{' '.join(arguments)} into a closed pipe: exit 0")
        equal(re.sub(ANNOUNCED, "", err), "", "… without a complaint")


def help_and_hints():
    for command in COMMANDS:
        code, out, err = tool(command, "--help")
        ok(code == 0 and f"stealscope {command} [OPTION...]" in out and not err, f"{command} --help",
           (code, out, err))
        code, out, err = tool(command, "--usage")
        ok(code == 0 and out and not err, f"{command} --usage", (code, out, err))
        for wrong in (["--nonsense"], ["-Z"], ["1", "2", "3"]):
            code, out, err = tool(command, *wrong)
            ok(code == 2 and not out and "--help" in err, f"{command} {' '.join(wrong)}: exit 2, a hint",
               (code, out, err))


def test():
    help_and_hints()
    of_vm()
    guest = Guest("live-hostile")
    of_process(guest)
    short_lived(guest)
    full_disk()
    closed_pipe()
    of_cgroup(guest)


main(test)
