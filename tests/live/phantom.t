#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Phantom steal: since 6.12 a task that sleeps before its turn was over stays queued for a while, and
when it is moved meanwhile the kernel counts the rest of its sleep as time that it waited. The
guest's clock shows it as steal, and nobody stole it.

The guest sleeps and works in turns next to a hog; as soon as it sleeps it is moved. At its low weight
each bit of work is more than its share, so that it stays queued. How much of its sleep the
kernel counts is known without stealscope: what its run delay grows by when it arrives on a CPU,
less the time since it was last seen asleep, cannot have been waiting.
"""

import os
import re
import time

from lib import *

# How long it is seen to sleep is off by some looks, 30 ms on an emulated machine.
SLEEP_US = 300000
WORK_US = 500
NICE = 19
ENOUGH_NS = 5 * 1000 * SLEEP_US
MOVES = 60

KERNEL = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))


def state(tid):
    with open(f"/proc/{tid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


class Sleeper:
    """
    What the kernel's own counters say of a thread that sleeps and is moved: at least @least and at
    most @most nanoseconds of sleep are in its run delay.
    """

    def __init__(self, tid):
        self.tid = tid
        self.least = self.most = 0
        self.stat = schedstat(tid)
        self._arrived()
        self.look()

    def _arrived(self):
        self.asleep_at = None  # when it was last seen to sleep, if it has not arrived since
        self.woken_at = None   # when it was first seen to be runnable since then
        self.waited = 0        # from then on, as far as was seen

    def look(self):
        """Does it sleep?"""
        before = time.monotonic_ns()
        now = state(self.tid)
        stat = schedstat(self.tid)
        after = time.monotonic_ns()
        if stat.count != self.stat.count:
            if self.asleep_at is not None:
                grown = stat.delay - self.stat.delay
                self.least += max(0, grown - (after - self.asleep_at))
                self.most += max(0, grown - self.waited)
            self._arrived()
        elif now == "R" and self.woken_at is None:
            self.woken_at = after
        elif now == "R":
            self.waited = before - self.woken_at
        self.stat = stat
        if now == "S":
            self.asleep_at, self.woken_at, self.waited = before, None, 0
        return now == "S"

    def until(self, asleep):
        """Look at it, often, until it sleeps or does not."""
        deadline = time.monotonic() + 60
        while self.look() != asleep:
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited for the guest to {'sleep' if asleep else 'wake up'}")
            time.sleep(0.0002)


def move_asleep(tid):
    """To where the hog is while it works, away from there as soon as it sleeps. The last turn is not
    moved: so nothing is left to be counted when it ends."""
    sleeper, moves = Sleeper(tid), 0
    while sleeper.least < ENOUGH_NS and moves < MOVES:
        os.sched_setaffinity(tid, {work_cpu()})
        sleeper.until(False)
        sleeper.until(True)
        os.sched_setaffinity(tid, {other_cpu()})
        moves += 1
    os.sched_setaffinity(tid, {work_cpu()})
    sleeper.until(False)
    sleeper.until(True)
    return sleeper, moves


def test():
    if other_cpu() is None:
        skip_all("needs two CPUs")
    hog = Hog("live-hog")
    guest = Guest("live-sleeper", append=f"sleep={SLEEP_US} work={WORK_US}")
    os.setpriority(os.PRIO_PROCESS, guest.tids[0], NICE)
    window = Window(guest)
    with window:
        sleeper, moves = move_asleep(guest.tids[0])
    hog.end()
    causes = window.stolen("moved asleep", guest)
    run, delay = window.grown(guest)
    diag(f"{moves} moves, {window.wall_ns} ns, run {run}, steal {delay}, of which sleep "
         f"{sleeper.least} to {sleeper.most}")
    if KERNEL < (6, 12):
        equal(sleeper.least, 0, "this kernel counts no sleep as steal")
        equal(causes["phantom"], 0, "and none is told apart")
        return
    ok(sleeper.least >= ENOUGH_NS, "this kernel counted sleep as steal", sleeper.least)
    between(causes["phantom"], sleeper.least, sleeper.most,
            "sleep that the kernel counted as steal is told apart")
    ok(sleeper.most < 1.25 * sleeper.least, "and was watched closely enough to tell",
       (sleeper.least, sleeper.most))


main(test)
