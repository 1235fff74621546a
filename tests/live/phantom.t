#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Phantom steal: since 6.12 a task that sleeps before its turn was over stays queued for a while, and
when it is moved meanwhile the kernel counts the rest of its sleep as time that it waited. The
guest's clock shows it as steal, and nobody stole it.

The guest sleeps and works in turns, by its own clock, next to a hog; while it sleeps it is moved.
It cannot have been awake for longer than it worked: what the kernel counts beyond that is phantom.
"""

import itertools
import os
import re
import time

from lib import *

SLEEP_US = 100000
WORK_US = 20000
WINDOW = 6

KERNEL = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))


def sleeps(tid):
    with open(f"/proc/{tid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "S"


def move_asleep(guest):
    """To where the hog is while it works, away from there as soon as it sleeps."""
    tid, moves = guest.tids[0], 0
    end = time.monotonic() + WINDOW
    while time.monotonic() < end:
        os.sched_setaffinity(tid, {work_cpu()})
        while sleeps(tid) and time.monotonic() < end:
            time.sleep(0.002)
        while not sleeps(tid) and time.monotonic() < end:
            time.sleep(0.0002)
        os.sched_setaffinity(tid, {other_cpu()})
        moves += 1
        time.sleep(0.01)
    return moves


def test():
    if other_cpu() is None:
        skip_all("needs two CPUs")
    hog = Hog("live-hog")
    guest = Guest("live-sleeper", append=f"sleep={SLEEP_US} work={WORK_US}")
    window = Window(guest)
    with window:
        moves = move_asleep(guest)
    hog.end()
    causes = window.stolen("moved asleep", guest)
    run, delay = window.grown(guest)
    diag(f"{moves} moves, {window.wall_ns} ns, run {run}, steal {delay}")
    true = (run + delay - causes["phantom"]) / window.wall_ns
    between(true, 0, 2 * WORK_US / (SLEEP_US + WORK_US),
            "without the phantom it was awake no longer than it worked")
    if KERNEL < (6, 12):
        equal(causes["phantom"], 0, "this kernel counts no sleep as steal")
    elif not causes["phantom"]:
        skip("phantom steal", "none came about")
    else:
        ok(causes["phantom"] > 1e7, "sleep that the kernel counted as steal is told apart",
           causes)


main(test)
