#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
What a virtual machine had until it ended is its own to the end: under its name and uuid, in the
interval in which it is killed, in the one report of a run without interval, in the exporter, and
as a thief.
"""

import json
import signal
import subprocess
import tempfile

from lib import *
from lib.exporter import Exporter
from lib.scope import BINARY, pids

NAME = "live-db-02"
UUID = "5fd41a7c-3c5a-4bc5-8a5b-36d5a2b5c09d"
SOON = 20  # well before everything is looked at anew, which is every 30 s
MARGIN = 1e9  # what a thread that is killed waits until it has got the CPU to die


class Silent:
    """stealscope without interval: one report, at its end."""

    def __init__(self, command, *options):
        self._out, self._err = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.child = host_start([BINARY, command, "--json", *options], stdout=self._out,
                                stderr=self._err)
        wait_for("it to trace", self._ready)

    def _ready(self):
        self._err.seek(0)
        return "Tracing" in self._err.read()

    def finish(self):
        self.child.send_signal(signal.SIGINT)
        equal(self.child.wait(60), 0, "exit status")
        self._out.seek(0)
        return json.loads(self._out.read())


def host_start(argv, **popen):
    return start(argv, text=True, stdin=subprocess.DEVNULL, **popen)


def doomed():
    return Guest(NAME, uuid=UUID)


def suffer(guest, ns=0.5e9):
    """Until it has waited so long from now on. The counters when it was paused, which it stays."""
    before = guest.schedstat()
    guest.cont()
    wait_for("some steal", lambda: guest.schedstat().delay - before.delay > ns)
    guest.stop()
    return guest.schedstat()


def kill(guest):
    guest.child.kill()
    guest.child.wait()


def vcpu_of(report, guest):
    found = [(domain, thread) for domain in report["domains"] if domain["pid"] == guest.pid
             for thread in domain["threads"] if thread["tid"] == guest.tids[0]]
    return found[0] if len(found) == 1 else (None, None)


def in_its_last_interval():
    guest = doomed()
    guest.stop()
    start = guest.schedstat()
    scope = Scope()
    end = suffer(guest)
    kill(guest)
    wait_for("the reports to drop it", lambda: guest.pid not in pids(scope.reports[-1]), SOON)
    scope.settle()
    equal(scope.finish(), 0, "exit status")
    found = {(domain["name"], domain["uuid"]) for _, domain, _ in scope.threads(guest.pid)}
    equal(found, {(NAME, UUID)}, "to its last interval it has its name and uuid")
    total = scope.total(guest.pid, guest.tids[0])
    between(total["steal_ns"], end.delay - start.delay, end.delay - start.delay + MARGIN,
            "all its steal is in the reports")
    between(total["run_delay_ns"], end.delay, end.delay + MARGIN, "to schedstat's last value")
    equal(sum(ns for key, ns in total.items() if key.startswith("cause.")), total["steal_ns"],
          "the causes sum to the steal")


def without_interval():
    guest = doomed()
    guest.stop()
    start = guest.schedstat()
    silent = Silent("hist", "-d", NAME)
    end = suffer(guest)
    kill(guest)
    report = silent.finish()
    domain, thread = vcpu_of(report, guest)
    if ok(domain, "without interval: a domain that has ended is in the report"):
        equal((domain["name"], domain["uuid"]), (NAME, UUID), "with its name and uuid")
        between(thread["steal_ns"], end.delay - start.delay, end.delay - start.delay + MARGIN,
                "and all its steal")
        right_maxima(thread, "and the longest wait")


def right_maxima(thread, name):
    """The longest wait of a kind is in its last bucket."""
    wrong = {kind: wait for kind, wait in thread["waits"].items()
             if wait["count"] and not
             wait["buckets"][-1][0] <= wait["max_ns"] < wait["buckets"][-1][1]}
    equal(wrong, {}, name)


def exported():
    guest = doomed()
    guest.stop()
    start = guest.schedstat()
    exporter = Exporter("1")
    exporter.wait("the guest", lambda samples: guest.pid in exporter.domains())
    end = suffer(guest)
    kill(guest)
    wait_for("the exporter to drop it", lambda: guest.pid not in exporter.domains(), SOON)
    samples = exporter.samples()
    steal = [(labels, value) for labels, value in samples["stealscope_vcpu_steal_seconds_total"]
             if labels["uuid"] == UUID]
    strangers = [labels for values in samples.values() for labels, _ in values
                 if labels.get("domain", "").startswith("qemu-")]
    equal(strangers, [], "no series of a domain that never was")
    between(1e9 * sum(value for _, value in steal), end.delay - start.delay,
            end.delay - start.delay + MARGIN, "its series have their end")
    exporter.finish()


def as_thief(*interval):
    name = f"as a thief, {'with' if interval else 'without'} interval"
    victim, guest = Guest("live-victim"), doomed()
    victim.stop()
    guest.stop()
    watching = Scope(command="blame") if interval else Silent("blame")
    guest.cont()
    suffer(victim, 1e9)
    kill(guest)
    if interval:
        watching.settle(3)
        watching.finish()
        rows = [row for report in watching.reports for row in report["blame"]]
    else:
        rows = watching.finish()["blame"]
    thieves = [(row["thief"], row["ns"]) for row in rows
               if row["victim"]["domain"] == victim.name and row["thief"]["cause"] == "vm"]
    named = sum(ns for thief, ns in thieves if thief.get("domain") == NAME and
                thief.get("role") == "vcpu" and thief.get("tid") == guest.tids[0])
    wrong = {thief.get("domain") for thief, _ in thieves} - {NAME, None}
    equal(wrong, set(), f"{name}: it keeps its name")
    between(named / max(1, sum(ns for _, ns in thieves)), 0.95, 1, f"{name}: and its thread's")
    victim.quit()


def test():
    rival = Hog("live-hog")
    in_its_last_interval()
    without_interval()
    exported()
    rival.end()
    as_thief(1)
    as_thief()


main(test)
