#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Steal equals the kernel's own counter, and the guest's own clock, over the same window.

The window begins and ends while the guest is paused, so that schedstat can be read at leisure. The
guest can only be asked while it runs: what the kernel counted between the window's ends and the
two answers, the smaller part, is added to what the guest says.
"""

import time

from lib import *

WINDOW = 5


def window(victim, rival):
    """Let both compete. Returns what the guest's clock and schedstat showed, as pairs."""
    victim.stop()
    rival.stop()
    scope = Scope()
    start = victim.schedstat()
    victim.cont()
    first = victim.ask_exact() if victim.accel == "kvm" else None
    rival.cont()
    time.sleep(WINDOW)
    rival.stop()
    last = victim.ask_exact() if victim.accel == "kvm" else None
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


def against_guest(total, start, end, first, last):
    if first is None:
        return skip("steal = the guest's own clock", "needs KVM")
    (ns0, stat0), (ns1, stat1) = first, last
    guest = ns1 - ns0
    ends = (stat0.delay - start.delay) + (end.delay - stat1.delay)
    ok(ends < 0.5 * guest, "most of the window is between the two answers", (ends, guest))
    near(total["steal_ns"] - ends, guest, 1e-2, "steal = the guest's own clock")


def test():
    victim, rival = Guest("live-victim"), Guest("live-rival")
    scope, (start, end), (first, last) = window(victim, rival)
    total = scope.total(victim.pid, victim.tids[0])
    against_schedstat(total, start, end)
    consistent(total)
    against_guest(total, start, end, first, last)
    traces = [report["trace"] for report in scope.reports]
    equal(sum(trace["dropped"] for trace in traces), 0, "nothing dropped")
    diag("chain breaks {}, merged {}".format(*(sum(trace[key] for trace in traces)
                                               for key in ("chain_breaks", "merged"))))


main(test)
