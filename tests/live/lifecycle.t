#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Guests that start, stop and start again while they are traced; names that are prefixes."""

import time

from lib import *
from lib.scope import pids

NAME = "live-web-1"
LONGER = "live-web-10"


def exact(scope, guest, start, name, before=0):
    """Pause the guest: its total grew from @before as schedstat did from @start. Returns schedstat."""
    guest.stop()
    scope.settle()
    end = guest.schedstat()
    total = scope.total(guest.pid, guest.tids[0])
    near(total["steal_ns"] - before, end.delay - start.delay, 1e-4, f"{name}: steal = schedstat")
    return end


def started_while_tracing(scope):
    """The baseline is the first sight, which can be the thread's creation: what it waited until the
    guest was paused is in its counts already."""
    guest = Guest(NAME, running=False)
    scope.wait("the new guest", lambda report: guest.pid in pids(report))
    ok(True, "a guest started while tracing is seen")
    scope.settle()
    start = guest.schedstat()
    before = scope.total(guest.pid, guest.tids[0])["steal_ns"]
    guest.boot()
    wait_for("some steal", lambda: guest.schedstat().delay - start.delay > 3e8)
    exact(scope, guest, start, "started while tracing", before)
    return guest


def restarted(scope, old):
    """Returns the new guest. What the old one had stays with the old one."""
    before, began = scope.total(old.pid, old.tids[0]), time.monotonic_ns()
    old.quit()
    took = time.monotonic_ns() - began  # it is paused: to end is all that it does
    ended = len(scope.reports)
    wait_for("the old guest to go", lambda: len(scope.reports) > ended and
             old.pid not in pids(scope.reports[-1]))
    ok(True, "a guest that ended is gone from the reports")
    gone = len(scope.reports)
    new = started_while_tracing(scope)
    later = scope.reports[gone:]
    equal({domain["pid"] for report in later for domain in report["domains"]
           if domain["name"] == NAME}, {new.pid}, "the name is that of the new process, always")
    equal([domain["name"] for report in later for domain in report["domains"]
           if domain["pid"] == old.pid], [], "and the old one does not come back")
    after = scope.total(old.pid, old.tids[0])
    between(after["steal_ns"] - before["steal_ns"], 0, took,
            "the old guest's counts grew by no more than its end took")
    names = {domain["name"] for _, domain, _ in scope.threads(new.pid)}
    equal(names, {NAME}, "the new one has the same name")
    return new


def prefixes(web1, web10):
    def names(*options):
        scope = Scope(*options)
        scope.finish()
        found = [domain["pid"] for domain in scope.reports[0]["domains"]]
        return sorted(found)

    equal(names("-d", NAME), [web1.pid], "-d NAME takes that domain only")
    equal(names("-d", LONGER), [web10.pid], "-d LONGER-NAME takes that domain only")
    equal(names("-d", NAME + "*"), sorted([web1.pid, web10.pid]), "-d NAME* takes both")
    equal(names("-d", NAME, "-d", LONGER), sorted([web1.pid, web10.pid]), "-d twice takes both")


def test():
    rival = Hog("live-hog")
    web10 = Guest(LONGER)
    web10.stop()
    scope = Scope()
    start = web10.schedstat()
    web10.cont()
    old = started_while_tracing(scope)
    new = restarted(scope, old)
    exact(scope, web10, start, "the neighbour, undisturbed")
    equal(scope.finish(), 0, "exit status")
    prefixes(new, web10)
    rival.end()


main(test)
