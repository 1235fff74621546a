#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Waits that go on on another CPU: the thieves of both are named, and nothing is lost on the way.
Then churn: every vCPU is moved every 10 ms while guests start and end.
"""

import time

from lib import *
from lib.mover import Mover
from lib.watch import Watch


def both_named():
    hogs = [Hog("live-hog-a", cpu=other_cpu()), Hog("live-hog-b")]
    guest = Guest("live-moved")
    window = Window(guest)
    watch = Watch("--over", "1ms", "--rate", "100000", "-d", guest.name)
    with window, Mover(*guest.tids):
        time.sleep(3)
    lines = watch.finish(guest)
    causes = window.stolen("moved", guest)
    taken = [window.taken_by(guest, cause="host", pid=hog.pid, comm=comm)
             for hog, comm in zip(hogs, ("live-hog-a", "live-hog-b"))]
    for ns, comm in zip(taken, ("live-hog-a", "live-hog-b")):
        ok(ns > 0.1 * causes["host"], f"{comm} is blamed", taken)
    pids = {hog.pid for hog in hogs}
    both = [line for line in lines if pids <= {thief["pid"] for thief in line["thieves"]
                                               if thief["cause"] == "host"}]
    ok(len(both) >= 10, "waits began behind one hog and ended behind the other", len(both))
    diag(f"{len(both)} of {len(lines)} waits over 1 ms")
    exact = [line for line in both if sum(thief["ns"] for thief in line["thieves"]
                                          if "pid" in thief) >= 0.99 * line["wait_ns"]]
    ok(len(exact) >= 0.9 * len(both), "their thieves explain all of the wait", len(exact))
    wrong = [(cause, line) for line in lines for cause in CAUSES
             if sum(thief["ns"] for thief in line["thieves"] if thief["cause"] == cause) >
             line["cause_ns"][cause]]
    equal(wrong, [], "no line's thieves took more than their cause")
    guest.quit()
    for hog in hogs:
        hog.end()


def add_up(scope):
    """Of every vCPU in every report. Returns the steal, and what of it is unknown."""
    steal = unknown = 0
    wrong = []
    for report in scope.reports:
        for domain in report["domains"]:
            for thread in domain["threads"]:
                causes = thread["cause_ns"]
                if sum(causes.values()) != thread["steal_ns"]:
                    wrong.append((domain["name"], thread["tid"], causes, thread["steal_ns"]))
                for cause in ("vm", "self", "host", "kernel"):
                    named = sum(thief["ns"] for thief in thread["thieves"]
                                if thief["cause"] == cause)
                    if named != causes[cause]:
                        wrong.append((domain["name"], thread["tid"], cause, named))
                steal += thread["steal_ns"]
                unknown += causes["unknown"]
    equal(wrong, [], "churn: thieves sum to causes, causes to the steal, in all reports")
    return steal, unknown


def churn():
    hog = Hog("live-hog")
    lasting = [Guest("live-spins", vcpus=2), Guest("live-sleeps", append="sleep=3000 work=2000")]
    scope = Scope()
    with Mover(hog.pid, *(tid for guest in lasting for tid in guest.tids)) as mover:
        for count in range(4):
            guest = Guest(f"live-short-{count}")
            mover.tids += guest.tids
            time.sleep(0.5)
            guest.quit()
    scope.settle()
    scope.finish()
    steal, unknown = add_up(scope)
    ok(steal > 3e9, "churn: there was much steal", steal)
    between(unknown / steal, 0, 0.005, "churn: unknown")


def test():
    if other_cpu() is None:
        skip_all("needs two CPUs")
    both_named()
    churn()


main(test)
