#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Co-stop skew: how long one vCPU of a guest waited while another one ran.

Of the time that a vCPU waited, its sibling ran at least what both together have more than the window
is long; and neither more than the one waited nor than the other one ran. A sibling whose arrival is
hidden from tracing is known to run only from its next switch on: some of the skew is lost by that.
"""

import os
import time

from lib import *

WINDOW = 3


def skew(guest, *cpus):
    """(the window, skew ns) of a time with the guest's vCPUs on @cpus."""
    for tid, cpu in zip(guest.tids, cpus):
        os.sched_setaffinity(tid, {cpu})
    window = Window(guest, blame=False)
    with window:
        time.sleep(WINDOW)
    return window, sum(domain["skew_ns"] for report in window.hist.reports
                       for domain in report["domains"] if domain["pid"] == guest.pid)


def bounds(window, pair):
    """The least and the most that the skew can be, by schedstat."""
    least = most = 0
    for one, other in ((0, 1), (1, 0)):
        waited, ran = window.grown(pair, one)[1], window.grown(pair, other)[0]
        least += max(0, waited + ran - window.span_ns)
        most += min(waited, ran)
    return least, most


def lagging(pair):
    """One vCPU shares its CPU with the hog; the other one has its own nearly alone."""
    os.setpriority(os.PRIO_PROCESS, pair.tids[0], -15)
    for _ in range(3):  # as soon as the host leaves that CPU alone
        window, ns = skew(pair, other_cpu(), work_cpu())
        least, most = bounds(window, pair)
        if most - least < 0.2 * most:
            break
    waited = window.grown(pair, 1)[1]
    ok(waited > 0.3 * window.wall_ns, "a lagging vCPU waits", waited)
    ok(most - least < 0.2 * most, "while its sibling runs, nearly always", (least, most))
    between(ns, 0.9 * least, 1.01 * most, "a lagging vCPU: skew")


def alone():
    """Its sibling halts."""
    pair = Guest("live-halting", append="spin=1", vcpus=2)
    window, ns = skew(pair, other_cpu(), work_cpu())
    _, most = bounds(window, pair)
    waited = window.grown(pair, 1)[1]
    ok(waited > 0.3 * window.wall_ns, "a vCPU waits while its sibling sleeps", waited)
    between(ns, 0, min(1.01 * most, 0.1 * waited), "that is no skew")
    pair.quit()


def test():
    hog = Hog("live-hog")
    single = Guest("live-single")
    window, ns = skew(single, work_cpu())
    ok(window.grown(single)[1] > 0.3 * window.wall_ns, "a single vCPU waits")
    equal(ns, 0, "and has no skew")
    single.quit()

    pair = Guest("live-pair", vcpus=2)
    window, ns = skew(pair, work_cpu(), work_cpu())
    waited = sum(window.grown(pair, vcpu)[1] for vcpu in (0, 1))
    ran = sum(window.grown(pair, vcpu)[0] for vcpu in (0, 1))
    between(ns, 0.9 * ran, 1.02 * ran, "two on one CPU: whenever one runs the other one waits")
    ok(waited > ran, "while the hog runs both wait: that is no skew", (waited, ran))

    if other_cpu() is None:
        return skip("a lagging vCPU", "needs two CPUs")
    lagging(pair)
    pair.quit()
    alone()
    hog.end()


main(test)
