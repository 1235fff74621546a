#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A guest that sleeps and wakes on a CPU of its own waits for hardly anything, and for nobody: the CPU
was idle. Each of its waits is seen in schedstat, too, which is read more often than it wakes up:
that is what the median has to be. Whoever else ran there was in its way for no longer than he ran.
"""

import time

from lib import *
from lib.window import MAX_UNKNOWN

WINDOW = 2
RESOLUTION = 1.0625  # of a quantile; waits below 16 ns are one bucket
FIRST_NS = 16


def waits_of(guest, seconds):
    """The waits of which each is seen alone, ascending."""
    waits, last = [], guest.schedstat()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.0001)
        now = guest.schedstat()
        if now.count == last.count + 1:
            waits.append(now.delay - last.delay)
        last = now
    return sorted(waits)


def undisturbed(guest):
    """One window in three in which no wakeup was hidden from tracing (docs/validation.md): it waits for so
    little that a single one is more than half a percent of it."""
    for _ in range(3):
        window, before = Window(guest), run_times()
        with window:
            waits = waits_of(guest, WINDOW)
        after, total = run_times(), window.hist.total(guest.pid, guest.tids[0])
        if total["cause.unknown"] <= MAX_UNKNOWN * total["steal_ns"]:
            break
        diag(f"{total['cause.unknown']} ns of {total['steal_ns']} unknown: once more")
    return window, waits, before, after


def test():
    guest = Guest("live-sleeper", append="sleep=1000 work=20")
    window, waits, before, after = undisturbed(guest)
    causes = window.stolen("sleeper", guest)
    wakeups = [thread["waits"]["wakeup"] for _, _, thread in window.hist.threads(guest.pid)
               if thread["tid"] == guest.tids[0]]
    busiest = max(wakeups, key=lambda wait: wait["count"])
    between(busiest["count"], 100, 2000, "it wakes up hundreds of times in a second")
    ok(len(waits) > WINDOW * 100, "schedstat shows hundreds of waits one by one", len(waits))
    low, high = waits[int(0.35 * len(waits))], waits[int(0.65 * len(waits))]
    between(busiest["p50_ns"], low / RESOLUTION, high * RESOLUTION + FIRST_NS,
            "the median wait is schedstat's, in nanoseconds")
    for cause in ("quota", "vm", "phantom"):
        equal(causes[cause], 0, f"no {cause}")
    for thief, ns in window.thieves(guest):
        if "comm" not in thief:
            continue
        ran = [run - before.get(who, 0) for who, run in after.items()
               if thief["pid"] == who[0]]
        name = "{cause} {comm}".format(**thief)
        if ran:
            between(ns, 0, sum(ran) + 1e5, f"{name}: took no more than it ran")
        else:
            diag(f"{name} took {ns} ns and is gone")


main(test)
