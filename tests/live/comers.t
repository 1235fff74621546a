#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Virtual machines of many threads come and go in a run without interval: their slots are used
again, and the one report at the end has all that every one of them counted.
"""

import json
import signal
import subprocess
import tempfile

from lib import *
from lib.scope import BINARY

THREADS = 280
SLOTS = 600  # which is rounded up to 1,023: for three of them at a time
GUESTS = 5
MARGIN = 0.2e9  # what a thread waits and runs until it is known, and to end


class Run:
    """hist without interval, and what it says on stderr."""

    def __init__(self, command, *options):
        self._out, self._err = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.child = start([BINARY, command, "--json", "-v", *options], stdout=self._out,
                           stderr=self._err, stdin=subprocess.DEVNULL, text=True)
        wait_for("it to trace", lambda: "Tracing" in self.stderr())

    def stderr(self):
        self._err.seek(0)
        return self._err.read()

    def finish(self):
        self.child.send_signal(signal.SIGINT)
        equal(self.child.wait(60), 0, "exit status")
        self._out.seek(0)
        return json.loads(self._out.read())


def comes_and_goes():
    """What its vCPU had: (pid, schedstat just before it ended)."""
    vm = Vm(THREADS)
    vm.run_for(0.5)
    vm.stop()
    last = vm.schedstat()
    vm.cont()
    vm.quit()
    return vm.pid, last


def check(report, guests):
    domains = {domain["pid"]: domain for domain in report["domains"]}
    equal({pid for pid, _ in guests} - set(domains), set(), "all of them are in the report")
    for number, (pid, last) in enumerate(guests):
        threads = domains.get(pid, {"threads": []})["threads"]
        vcpus = [thread for thread in threads if thread["role"] == "vcpu"]
        between(len(threads), THREADS + 1, THREADS + 2, f"guest {number}: all threads are watched")
        if not ok(len(vcpus) == 1, f"guest {number}: one is a vCPU"):
            continue
        between(vcpus[0]["run_ns"], last.run - MARGIN, last.run + MARGIN, f"guest {number}: run")
        between(vcpus[0]["steal_ns"], last.delay - MARGIN, last.delay + MARGIN,
                f"guest {number}: steal")
        right_maxima(vcpus[0], f"guest {number}: the longest wait is in the last bucket")
    equal(report["trace"]["dropped"], 0, "nobody was left out")


def right_maxima(vcpu, name):
    wrong = {kind: wait for kind, wait in vcpu["waits"].items()
             if wait["count"] and not
             wait["buckets"][-1][0] <= wait["max_ns"] < wait["buckets"][-1][1]}
    equal(wrong, {}, name)


def many():
    rival = Hog("live-hog")
    run = Run("hist", "--max-threads", str(SLOTS))
    guests = [comes_and_goes() for _ in range(GUESTS)]
    check(run.finish(), guests)
    rival.end()


def victims_and_thieves():
    """Of the dead too: who took what from whom over the whole run."""
    run = Run("blame", "--max-threads", str(SLOTS))
    rival = Vm(0)
    guests = [comes_and_goes() for _ in range(2)]
    rows = run.finish()["blame"]
    stolen = {(row["victim"]["tid"], row["thief"].get("tid")): row["ns"]
              for row in rows if row["victim"]["role"] == "vcpu"}
    for number, (pid, last) in enumerate(guests):
        between(stolen.get((pid, rival.pid), 0) / last.delay, 0.7, 1.01,
                f"guest {number}: its rival is blamed")
        if not between(stolen.get((rival.pid, pid), 0) / last.run, 0.7, 1.05,
                       f"guest {number}: and blames it"):
            diag([row for row in rows if row["victim"]["tid"] == rival.pid])
    rival.kill()


def test():
    if accel() != "kvm":
        skip_all("no /dev/kvm")
    many()
    victims_and_thieves()


main(test)
