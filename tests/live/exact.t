#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Steal equals the kernel's own counter, and the guest's own clock, over the same window.

The window begins and ends while the guest is paused, so that schedstat can be read at leisure. The
guest can only be asked while it runs: that is done just after the beginning and just before the end,
and how far its clock lags behind schedstat has to be the same.
"""

import time

from lib import *

WINDOW = 5


def window(victim, rival):
    """Let both compete: (scope, schedstat at both ends, how far the guest's clock lagged)."""
    victim.stop()
    rival.stop()
    scope = Scope()
    start = victim.schedstat()
    victim.cont()
    first = victim.clock_lag() if victim.accel == "kvm" else None
    rival.cont()
    time.sleep(WINDOW)
    rival.stop()
    last = victim.clock_lag() if victim.accel == "kvm" else None
    victim.stop()
    end = victim.schedstat()
    scope.settle()
    scope.finish()
    return scope, (start, end), (first, last)


def against_schedstat(total, start, end):
    ok(end.delay - start.delay > 1e9, "the guest waited for more than a second")
    near(total["steal_ns"], end.delay - start.delay, 1e-4, "steal = run delay of schedstat")
    equal(total["run_delay_ns"], end.delay, "run_delay_ns is schedstat's second field")
    equal(total["waiting_ns"], 0, "a sleeping thread is in no wait")
    near(total["run_ns"], end.run - start.run, 1e-2, "run time = schedstat's first field")
    counted(total["waits"], total["merged"], end.count - start.count)


def counted(waits, merged, switched_in):
    """The kernel hides some switches from tracing; a sample that merges waits says so."""
    between(waits, 0.9 * switched_in, switched_in - merged, "nearly every wait was seen alone")
    ok(merged or waits == switched_in, "a wait less than switched in is a merged one",
       (waits, switched_in))


def consistent(total):
    equal(total["sum_ns"], total["steal_ns"], "the waits of both kinds sum to the steal")
    equal(total["bucket_count"], total["waits"], "the buckets hold every wait")
    equal(sum(ns for key, ns in total.items() if key.startswith("cause.")), total["steal_ns"],
          "the causes sum to the steal")


def against_guest(total, lags):
    """Steal is schedstat's run delay to 1e-4, as tested before."""
    if lags[0] is None:
        return skip("steal = the guest's own clock", "needs KVM")
    same_clock("steal", *lags, total["steal_ns"], 1e-3)


def test():
    victim, rival = Guest("live-victim"), Guest("live-rival")
    scope, (start, end), lags = window(victim, rival)
    total = scope.total(victim.pid, victim.tids[0])
    against_schedstat(total, start, end)
    consistent(total)
    against_guest(total, lags)
    traces = [report["trace"] for report in scope.reports]
    equal(sum(trace["dropped"] for trace in traces), 0, "nothing dropped")
    diag("chain breaks {}, merged {}".format(*(sum(trace[key] for trace in traces)
                                               for key in ("chain_breaks", "merged"))))


main(test)
