#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Steal is what virsh domstats calls delay, and what schedinfo takes is quota.

Windows begin and end while the domains are suspended, so that both count the same.
"""

import os
import re

from lib import *
from daemon import Libvirt
from machine import Machine
from virsh import delays, schedinfo

WINDOW_NS = 2e9
QUOTA_US, PERIOD_US = 20000, 100000


def kernel():
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))


def totals(scope, machines):
    return {tid: scope.total(machine.pid, tid) for machine in machines for tid in machine.tids}


def window(scope, machines, before, long_enough):
    """Let @machines run until @long_enough(). What each vCPU's thread gained since @before, in
    stealscope's reports."""
    for machine in machines:
        machine.cont()
    wait_for("the window's end", long_enough)
    for machine in machines:
        machine.stop()
    scope.settle()
    after = totals(scope, machines)
    for tid in after:
        after[tid].subtract(before[tid])
    return after


def exact(scope, machines):
    """Two domains, three vCPUs, one CPU. Asking libvirt wakes the vCPUs, after it has read their
    delay: so stealscope is asked first."""
    for machine in machines:
        machine.stop()
    scope.settle()
    before = totals(scope, machines)
    start = {machine.name: delays(machine.name) for machine in machines}
    first = machines[0]
    total = window(scope, machines, before,
                   lambda: first.schedstat().delay - start[first.name][0] > WINDOW_NS)
    end = {machine.name: delays(machine.name) for machine in machines}
    for machine in machines:
        for vcpu, tid in enumerate(machine.tids):
            name = f"{machine.name} vcpu {vcpu}"
            grown = end[machine.name][vcpu] - start[machine.name][vcpu]
            ok(grown > 1e8, f"{name}: it waited", grown)
            equal(total[tid]["steal_ns"], grown, f"{name}: steal = growth of vcpu.{vcpu}.delay")
            diag(f"{name}: {grown} ns")


def throttled_ns(machine):
    """Of the vCPU's own cgroup."""
    path = Cgroup.root + machine.cgroup(machine.tids[0])
    with open(os.path.join(path, "cpu.stat")) as file:
        stat = {key: int(value) for key, value in (line.split() for line in file)}
    return stat["throttled_time"] if Cgroup.version == 1 else 1000 * stat["throttled_usec"]


def quota(scope, machine):
    """All that it loses, the quota takes, but for what others of this host happen to run there."""
    sched = schedinfo(machine.name, vcpu_period=PERIOD_US, vcpu_quota=QUOTA_US)
    equal(sched["vcpu_quota"], QUOTA_US, "schedinfo --set vcpu_quota")
    scope.settle()
    before, start, throttled = totals(scope, [machine]), machine.schedstat(), throttled_ns(machine)
    total = window(scope, [machine], before,
                   lambda: machine.schedstat().delay - start.delay > WINDOW_NS)
    throttled = throttled_ns(machine) - throttled
    total = total[machine.tids[0]]
    equal(total["steal_ns"], machine.schedstat().delay - start.delay, "steal = schedstat")
    between(total["run_ns"] / (total["run_ns"] + total["steal_ns"]), 0.15, 0.25,
            "the vCPU runs a fifth of the time")
    diag({key: ns for key, ns in total.items() if key.startswith("cause.") and ns})
    share = total["cause.quota"] / (total["steal_ns"] - total["cause.vm"] - total["cause.host"])
    if kernel() < (6, 6):  # the kernel does not tell how long a runqueue was throttled
        return between(share, 0, 1, "what is called quota is within the steal")
    between(share, 0.97, 1, "the steal is quota")
    # The cgroup's count goes on, up to a period at each end, while its threads sleep.
    return between(total["cause.quota"] / throttled, 0.9, 1, "the cgroup's throttled time agrees")


def lifted(scope, machine):
    schedinfo(machine.name, vcpu_quota=-1)
    before, start = totals(scope, [machine]), machine.schedstat()
    total = window(scope, [machine], before, lambda: machine.schedstat().run - start.run > 1e9)
    equal(total[machine.tids[0]]["cause.quota"], 0, "the quota lifted: none of the steal is quota")


def test():
    Libvirt().wait()
    scope = Scope()
    machines = [Machine("live-one").start(), Machine("live-two", vcpus=2).start()]
    exact(scope, machines)
    machines[1].quit()
    quota(scope, machines[0])
    lifted(scope, machines[0])
    equal(scope.finish(), 0, "exit status")


main(test)
