#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A guest whose cgroup may use a fifth of a CPU: what it loses is quota, as the cgroup itself says.

On a CPU that others use as well the wait is both, and both are told apart.

Before 6.6 the kernel does not tell how long a thread's runqueue was throttled: only while the CPU
idled a wait is known to be quota, a lower bound; the rest is unknown, and nobody is blamed for it.
"""

import os
import re
import time

from lib import *
from lib.mover import Mover

PERIOD_US = 100000
QUOTA_US = 20000
WINDOW = 3

EXACT = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) >= (6, 6)


def throttled(name, cgroup, guest, rivals=(), cpus=1):
    """
    (the window, the causes, how long the cgroup was throttled, ns of the CPU of others). The cgroup's
    throttled time is that of all @cpus on which it has busy threads.
    """
    window = Window(guest)
    before, runs = cgroup.throttled_ns(), [rival.schedstat().run for rival in rivals]
    with window:
        time.sleep(WINDOW)
        ns = cgroup.throttled_ns() - before
        runs = [rival.schedstat().run - run for rival, run in zip(rivals, runs)]
    most = cgroup.throttled_ns() - before
    causes = window.stolen(name, guest, **({} if EXACT else {"unknown": 0.5}))
    run, delay = window.grown(guest)
    others = window.others_ns(run, *runs)
    diag(f"throttled for {ns} ns of {window.wall_ns}; others had the CPU for {others} ns")
    between(run / window.wall_ns, 0.15, 0.25, f"{name}: the guest gets what its quota allows")
    between(delay / window.wall_ns, 0.7, 0.85, f"{name}: it loses the rest")
    # The cgroup's own count ends with its last throttle, a period early at most; and it takes QEMU,
    # which is throttled, too, some time to stop its vCPUs.
    between(causes["quota"], 0.95 * ns / cpus if EXACT else 0, 1.02 * most + 1000 * PERIOD_US,
            f"{name}: the cgroup's throttled time agrees")
    return window, causes, others


def alone(name, cgroup, guest, cpus=1):
    window, causes, others = throttled(name, cgroup, guest, cpus=cpus)
    _, delay = window.grown(guest)
    least = 0.97 if EXACT else 0.5
    between(causes["quota"] / delay, least - others / delay, 1, f"{name}: it is quota")
    between(sum(causes[key] for key in ("vm", "self", "host", "kernel", "idle")), 0,
            0.01 * delay + others, f"{name}: nothing else is blamed")


def contended(name, cgroup, guest):
    hog = Hog("live-hog")
    window, causes, others = throttled(name, cgroup, guest, [hog])
    _, delay = window.grown(guest)
    by_hog = window.taken_by(guest, cause="host", pid=hog.pid, comm="live-hog")
    between(causes["quota"] / window.wall_ns, 0.4, 0.75, f"{name}: quota")
    between(by_hog / window.wall_ns, 0.08, 0.4, f"{name}: the hog")
    between((causes["quota"] + by_hog) / delay, 0.97 - others / delay, 1, f"{name}: nothing else")
    hog.end()


def window_beside(hogs, guest):
    """The tracers start while nobody else runs: where one thread emulates all CPUs that takes long enough."""
    for hog in hogs:
        hog.stop()
    window = Window(guest)
    for hog in hogs:
        hog.cont()
    return window


def moved(name, cgroup, guest):
    """
    Throttled, contended and moved from CPU to CPU: each runqueue has a throttled time of its own. A
    switch that is hidden from tracing on a CPU where nobody waited yet costs a part of a wait.
    """
    hogs = [Hog("live-hog"), Hog("live-hog", cpu=other_cpu())]
    window = window_beside(hogs, guest)
    with window, Mover(guest.tids[0]):
        time.sleep(WINDOW)
    os.sched_setaffinity(guest.tids[0], {work_cpu()})
    causes = window.stolen(name, guest, unknown=0.03)
    _, delay = window.grown(guest)
    between(causes["quota"] / window.wall_ns, 0.3, 0.78, f"{name}: quota")
    by_hogs = window.taken_by(guest, cause="host", comm="live-hog")
    between(by_hogs / window.wall_ns, 0.05, 0.45, f"{name}: the hogs")
    between((causes["quota"] + causes["host"]) / delay, 0.95, 1, f"{name}: nothing else")
    for hog in hogs:
        hog.end()


def unlimited(cgroup):
    cgroup.limit(-1 if cgroup.version == 1 else "max", PERIOD_US)


def lifted(name, cgroup, guest):
    """The limit is gone; the two CPUs' runqueues were throttled for different times before."""
    unlimited(cgroup)
    hogs = [Hog("live-hog"), Hog("live-hog", cpu=other_cpu())]
    window = window_beside(hogs, guest)
    with window, Mover(guest.tids[0]):
        time.sleep(2)
    os.sched_setaffinity(guest.tids[0], {work_cpu()})
    causes = window.stolen(name, guest, unknown=0.03)
    equal(causes["quota"], 0, f"{name}: no quota")
    for hog in hogs:
        hog.end()


def history(name, cgroup, other, guest):
    """
    A cgroup that was throttled for seconds and has no limit any more: a thread that comes and goes,
    also in the middle of a wait, is not charged for what was before.
    """
    unlimited(cgroup)
    hog = Hog("live-hog")
    window = window_beside([hog], guest)
    steps = [lambda tid: other.add_thread(tid), lambda tid: cgroup.add_thread(tid)]
    with window, Mover(guest.tids[0], steps=steps):
        time.sleep(WINDOW)
    causes = window.stolen(name, guest, unknown=1)
    equal(causes["quota"], 0, f"{name}: no quota")
    cgroup.add_thread(guest.tids[0])
    hog.end()


def real_time(name, cgroup, guest):
    """The limit of its cgroup is the fair class's: a real-time vCPU waits for others only."""
    fair, rival = Hog("live-fair"), Hog("live-rival")
    cgroup.add_thread(fair.pid) if cgroup.version == 1 else None
    cgroup.limit(1000, PERIOD_US)
    window = window_beside([fair, rival], guest)
    try:
        for tid in guest.tids[0], rival.pid:
            os.sched_setscheduler(tid, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        skip(name, "this kernel keeps real-time threads out of cgroups")
    else:
        with window:
            time.sleep(2)
        causes = window.stolen(name, guest)
        ok(causes["host"] > 0.2 * window.wall_ns, f"{name}: it waits", causes)
        equal(causes["quota"], 0, f"{name}: no quota")
        os.sched_setscheduler(guest.tids[0], os.SCHED_OTHER, os.sched_param(0))
    fair.end()
    rival.end()


def test():
    if not Cgroup.root:
        skip_all("no cgroup CPU controller")
    whole, part = Cgroup("machine"), Cgroup("shared")
    vcpu = Cgroup("vcpu0", whole)
    vcpu.make_threaded()
    guest = Guest("live-limited")
    whole.add(guest.pid)
    vcpu.add_thread(guest.tids[0])
    vcpu.limit(QUOTA_US, PERIOD_US)
    alone("a cgroup of the vCPU's own", vcpu, guest)
    if EXACT:
        contended("quota and a competitor", vcpu, guest)
        if other_cpu() is None:
            skip("throttled and moved", "needs two CPUs")
        else:
            moved("throttled and moved", vcpu, guest)
            lifted("moved without a limit", vcpu, guest)
        other = Cgroup("vcpu1", whole)
        other.make_threaded()
        history("another cgroup", vcpu, other, guest)
        real_time("a real-time vCPU", vcpu, guest)
        vcpu.limit(QUOTA_US, PERIOD_US)
    else:
        skip("quota and a competitor", "before 6.6 they cannot be told apart")
    part.limit(QUOTA_US, PERIOD_US)
    part.add(guest.pid)
    # TCG has work for QEMU's other threads, too.
    alone("a cgroup for all of QEMU", part, guest, cpus=1 if accel() == "kvm" else 2)


main(test)
