#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A guest that sleeps and wakes on a CPU of its own waits for microseconds at most, and for nobody:
the CPU was idle. Whoever else ran there was in its way for no longer than he ran.
"""

import time

from lib import *

WINDOW = 2


def test():
    guest = Guest("live-sleeper", append="sleep=1000 work=20")
    window = Window(guest)
    before = run_times()
    with window:
        time.sleep(WINDOW)
    after = run_times()
    causes = window.stolen("sleeper", guest)
    wakeups = [thread["waits"]["wakeup"] for _, _, thread in window.hist.threads(guest.pid)
               if thread["tid"] == guest.tids[0]]
    busiest = max(wakeups, key=lambda wait: wait["count"])
    between(busiest["count"], 100, 2000, "it wakes up hundreds of times in a second")
    between(busiest["p50_ns"], 0, 1e6, "the median wait, in nanoseconds")
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
