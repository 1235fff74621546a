#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
One virtual machine has more threads than the table: its share is bounded, it is said who is left
out, and a virtual machine that starts later is watched, all of it.
"""

import os
import re

from lib import *
from lib.newcomer import newcomer

SLOTS = 1000
ROUNDED = 1023  # as the table is
THREADS = 1500


def last(hist, pid):
    """The latest that was said of the domain."""
    return next(domain for report in reversed(hist.reports) for domain in report["domains"]
                if domain["pid"] == pid)


def map_bytes(pid):
    """As the kernel accounts the maps of a process."""
    total = 0
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}") as file:
            info = dict(line.split(":\t") for line in file if ":\t" in line)
        total += int(info["memlock"]) if "map_type" in info else 0
    return total


def birth(hist):
    greedy = Vm(THREADS)
    hist.wait("it to be refused more", lambda report: any(
        domain["pid"] == greedy.pid and domain["unwatched"] for domain in report["domains"]))
    hist.settle()
    return greedy


def test():
    if accel() != "kvm":
        skip_all("no /dev/kvm")
    hist = Scope("--max-threads", str(SLOTS))
    greedy = birth(hist)
    domain = last(hist, greedy.pid)
    between(len(domain["threads"]), ROUNDED / 4, ROUNDED / 2 + 1, "greedy: has its share of the slots")
    equal(len(domain["threads"]) + domain["unwatched"], len(greedy.tids()),
          "greedy: whoever is left out is counted")
    ok({greedy.pid} <= {thread["tid"] for thread in domain["threads"]},
       "greedy: its vCPU is not among them")
    equal(sum(report["trace"]["dropped"] for report in hist.reports), domain["unwatched"],
          "each once")

    guest = newcomer(hist)
    domain = last(hist, guest.pid)
    equal((len(domain["threads"]), domain["unwatched"]), (len(tasks(guest.pid)), 0),
          "newcomer: all of its threads are watched")
    told = re.findall(r"(\S+): (\d+) of its threads are not watched", hist.stderr())
    equal([name for name, _ in told], [last(hist, greedy.pid)["name"]],
          "the operator is told of whom, once")
    equal(hist.reports[-1]["trace"]["map_bytes"], map_bytes(hist.child.pid),
          "all of its maps are in what it says that they take")
    hist.finish()
    _, out, _ = tool("hist", "--max-threads", str(SLOTS), "1", "1")
    ok(re.search(rf"warning: \d+ threads are not watched, \d+ of them in vm-{greedy.pid}; raise "
                 "--max-threads", out), "text says it, too", out[-500:])
    guest.quit()

    greedy.kill()
    hist = Scope("--max-threads", str(SLOTS))
    greedy = birth(hist)
    greedy.kill()
    guest = Vm(SLOTS // 2 - 20)
    hist.wait("its slots to be free again", lambda report: any(
        len(domain["threads"]) >= len(guest.tids()) and not domain["unwatched"]
        for domain in report["domains"] if domain["pid"] == guest.pid))
    ok(True, "when it ends, others have its slots")
    guest.kill()


main(test)
