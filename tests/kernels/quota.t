#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A guest that is alone but limited by cpu.max of cgroup v2: its steal is quota, as the cgroup says.

Before 6.6 the kernel does not tell how long a thread's runqueue was throttled: only what the CPU
idled is known to be quota, a lower bound; nobody may be blamed for the rest.
"""

import os
import re

from lib import *

PERIOD_US = 100000
QUOTA_US = 20000


def kernel():
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))


def throttled_ns(cgroup):
    with open(os.path.join(cgroup.dir, "cpu.stat")) as file:
        return 1000 * int(dict(line.split() for line in file)["throttled_usec"])


def test():
    if accel() != "kvm":
        skip_all("needs KVM")
    if Cgroup.version != 2:
        skip_all("needs the CPU controller of cgroup v2")
    cgroup = Cgroup("quota")
    guest = Guest("live-limited")
    cgroup.add(guest.pid)
    guest.stop()
    cgroup.limit(QUOTA_US, PERIOD_US)
    scope = Scope()
    start, throttled = guest.schedstat(), throttled_ns(cgroup)
    guest.cont()
    wait_for("some steal", lambda: guest.schedstat().delay - start.delay > 3e9)
    guest.stop()
    scope.settle()
    end, throttled = guest.schedstat(), throttled_ns(cgroup) - throttled
    scope.finish()
    total = scope.total(guest.pid, guest.tids[0])
    near(total["steal_ns"], end.delay - start.delay, 1e-4, "steal = schedstat")
    equal(sum(ns for key, ns in total.items() if key.startswith("cause.")), total["steal_ns"],
          "the causes sum to the steal")
    diag({key: ns for key, ns in total.items() if key.startswith("cause.") and ns})
    diag(f"the cgroup was throttled for {throttled} ns")
    share = total["cause.quota"] / total["steal_ns"]
    if kernel() >= (6, 6):
        between(share, 0.97, 1, "the steal is quota")
        # The cgroup's count goes on, up to a period at each end, while its threads sleep.
        between(total["cause.quota"] / throttled, 0.9, 1, "throttled_usec of the cgroup agrees")
    else:
        between(share, 0.5, 1, "most of the steal, in which this CPU idled, is quota")
        between(total["cause.idle"], 0, 0.03 * total["steal_ns"], "the limit is not called idle")
        between(total["cause.vm"] + total["cause.self"], 0, 0.03 * total["steal_ns"],
                "nobody is blamed for it")


main(test)
