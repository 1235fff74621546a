#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
The clock is set while stealscope traces, by days, forth and back: intervals, percentages and counts
do not notice, and the reports' times follow. Only for a machine that is thrown away afterwards.
"""

import datetime
import os
import time

from lib import *

DAY = 86400


def jump(seconds):
    time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME) + seconds)


def said(report):
    return datetime.datetime.fromisoformat(report["time"].replace("Z", "+00:00")).timestamp()


def follows(scope, name):
    """A report that is made now has the time of now, between two looks at the clock."""
    scope.settle(1)
    first, begin = len(scope.reports), time.time()
    scope.settle(1)
    between(said(scope.reports[first]) - begin, -1e-3, time.time() - begin + 1e-3,
            f"{name}: the report's time, seconds after it was waited for")


def test():
    if "STEALSCOPE_THROWAWAY_MACHINE" not in os.environ:
        skip_all("the clock of this machine is left alone")
    guest, rival = Guest("live-clock"), Hog("live-hog")
    guest.stop()
    scope = Scope()
    before, start = scope.total(guest.pid, guest.tids[0]), guest.schedstat()
    first, begin = len(scope.reports), time.monotonic_ns()
    guest.cont()
    follows(scope, "as it was")
    for name, seconds in (("a day later", DAY), ("two days earlier", -2 * DAY), ("back", DAY)):
        jump(seconds)
        follows(scope, name)
    guest.stop()
    scope.settle()
    elapsed = time.monotonic_ns() - begin
    rival.end()
    equal(scope.finish(), 0, "exit status")
    after, end = scope.total(guest.pid, guest.tids[0]), guest.schedstat()
    equal(after["steal_ns"] - before["steal_ns"], end.delay - start.delay, "steal = schedstat")
    reports = scope.reports[first:]
    intervals = [report["interval_ns"] for report in reports]
    near(sum(intervals[1:]), elapsed, 0.2 + 2e9 / elapsed, "the intervals add up to what passed")
    ok(all(ns > 0 for ns in intervals), "and none is negative", intervals)
    percents = [thread["steal_pct"] for report in reports for domain in report["domains"]
                for thread in domain["threads"]]
    between(max(percents), 1, 101, "the highest steal, per cent")


main(test)
