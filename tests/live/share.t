#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Two guests on one CPU lose half of it each; with a hog beside them two thirds.

Something else may run on that CPU meanwhile. What the competitors did not get, by their own
schedstat, is lost to all of them alike: that is added to the half and the two thirds.
"""

import time

from lib import *

WINDOW = 3


def contest(guests, hogs):
    """
    Let them compete: (scope, wall ns, [run ns of each, guests first], wall ns with starts and stops,
    [run ns of each guest in that]).
    """
    everyone = guests + hogs
    for guest in guests:
        guest.stop()
    scope = Scope()
    start, paused = time.monotonic_ns(), [guest.schedstat().run for guest in guests]
    for guest in guests:
        guest.cont()
    begin = time.monotonic_ns()
    before = [one.schedstat() for one in everyone]
    time.sleep(WINDOW)
    wall = time.monotonic_ns() - begin
    after = [one.schedstat() for one in everyone]
    for guest in guests:
        guest.stop()
    longest = time.monotonic_ns() - start
    grown = [guest.schedstat().run - run for guest, run in zip(guests, paused)]
    scope.settle()
    scope.finish()
    runs = [b.run - a.run for a, b in zip(before, after)]
    return scope, wall, runs, longest, grown


def busiest(scope, guest):
    """The vCPU's steal percentages of the intervals within the contest, the ends left out."""
    tid = guest.tids[0]
    rows = [thread for _, _, thread in scope.threads(guest.pid) if thread["tid"] == tid]
    busy = [row["steal_pct"] for row in rows if row["run_ns"] + row["steal_ns"] > 0]
    return busy[1:-1]


def judge(name, guests, hogs):
    scope, wall, runs, longest, grown = contest(guests, hogs)
    share = 100 / len(runs)
    lost = 100 - 100 * sum(runs) / wall
    diag(f"{name}: {lost:.2f} % of the CPU went to others")
    for guest, run, whole in zip(guests, runs, grown):
        between(100 * run / wall, share - lost - 3, share + 3, f"{name}: {guest.name}'s share")
        percents = busiest(scope, guest)
        if not ok(percents, f"{name}: whole intervals were seen"):
            continue
        mean = sum(percents) / len(percents)
        between(mean, 100 - share - 3, 100 - share + lost + 3, f"{name}: {guest.name}'s steal %")
        total = scope.total(guest.pid, guest.tids[0])
        near(total["run_ns"], whole, 0.01, f"{name}: {guest.name}'s run time")
        between(total["steal_ns"] + total["run_ns"], 0.97 * wall, 1.001 * longest,
                f"{name}: a spinning vCPU runs or waits")


def test():
    guests = [Guest("live-one"), Guest("live-two")]
    judge("two guests", guests, [])
    judge("two guests and a hog", guests, [Hog("live-hog")])


main(test)
