#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Co-stop skew: how long one vCPU of a guest waited while another one ran.

Of the time that a vCPU waited, its sibling ran at least what was left of the window; and more
than both together waited it cannot be.
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
    window, ns = skew(pair, other_cpu(), work_cpu())
    (lead_run, lead_wait), (_, lag_wait) = (window.grown(pair, vcpu) for vcpu in (0, 1))
    ok(lag_wait > 0.3 * window.wall_ns, "a lagging vCPU waits", lag_wait)
    low = lag_wait - max(0, window.wall_ns - lead_run)
    between(ns, max(0.97 * low, 0.05 * window.wall_ns), 1.02 * (lag_wait + lead_wait),
            "a lagging vCPU: skew")
    hog.end()


main(test)
