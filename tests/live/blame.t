#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Guests that compete for one CPU name each other, and a hog beside them, as the thieves.

Anybody else may run on that CPU meanwhile: what the competitors did not get, by their own
schedstat, may be missing from what is blamed on them, and no more than that.
"""

import time

from lib import *

WINDOW = 3


def contest(guests, hogs):
    """(the window, [run ns of each, guests first], ns of the CPU that none of them got)."""
    everyone = guests + hogs
    window = Window(*guests)
    with window:
        begin = time.monotonic_ns()
        before = [one.schedstat().run for one in everyone]
        time.sleep(WINDOW)
        runs = [one.schedstat().run - run for one, run in zip(everyone, before)]
        lost = max(0, time.monotonic_ns() - begin - sum(runs))
    diag(f"{100 * lost / window.wall_ns:.2f} % of the CPU went to others")
    return window, runs, lost


def suffers(name, window, victim, rival, share, lost):
    """@rival took @share of the window from @victim. Returns what it took, and the causes."""
    causes = window.stolen(name, victim)
    taken = window.taken_by(victim, cause="vm", domain=rival.name, pid=rival.pid, role="vcpu",
                            index=0, tid=rival.tids[0])
    named = f"{name}: {victim.name}: by {rival.name}"
    slack = (lost + 0.03 * window.wall_ns) / window.wall_ns
    between(taken / window.wall_ns, share - slack, share + slack, named)
    between(taken / max(1, causes["vm"]), 0.99, 1, f"{named} and no other guest")
    for cause in ("quota", "self", "phantom"):
        equal(causes[cause], 0, f"{name}: {victim.name}: {cause}")
    return taken, causes


def two(one, other):
    window, _, lost = contest([one, other], [])
    for victim, rival in ((one, other), (other, one)):
        taken, causes = suffers("two guests", window, victim, rival, 1 / 2, lost)
        between(taken, sum(causes.values()) - lost - 0.03 * window.wall_ns, sum(causes.values()),
                f"two guests: {victim.name}: nothing else")


def three(one, other, hog):
    window, runs, lost = contest([one, other], [hog])
    for victim, rival in ((0, 1), (1, 0)):
        name = "two guests and a hog"
        victim, rival_run, rival = (one, other)[victim], runs[rival], (one, other)[rival]
        taken, causes = suffers(name, window, victim, rival, 1 / 3, lost)
        by_hog = window.taken_by(victim, cause="host", pid=hog.pid, comm="live-hog")
        slack = lost + 0.03 * window.wall_ns
        between(by_hog, window.wall_ns / 3 - slack, window.wall_ns / 3 + slack,
                f"{name}: {victim.name}: by the hog")
        near(taken / by_hog, rival_run / runs[2], 0.05,
             f"{name}: {victim.name}: in proportion to their run times")
        between(sum(causes.values()) - taken - by_hog, 0, slack,
                f"{name}: {victim.name}: nothing else")


def test():
    one, other = Guest("live-one"), Guest("live-two")
    two(one, other)
    three(one, other, Hog("live-hog"))


main(test)
