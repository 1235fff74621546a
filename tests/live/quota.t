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
    causes = window.stolen(name, guest, **({} if EXACT else {"unknown": 0.5}))
    run, delay = window.grown(guest)
    others = window.others_ns(run, *runs)
    diag(f"throttled for {ns} ns of {window.wall_ns}; others had the CPU for {others} ns")
    between(run / window.wall_ns, 0.15, 0.25, f"{name}: the guest gets what its quota allows")
    between(delay / window.wall_ns, 0.7, 0.85, f"{name}: it loses the rest")
    # The cgroup's own count ends with its last throttle, a period early at most.
    between(causes["quota"], 0.95 * ns / cpus if EXACT else 0, 1.02 * ns + 1000 * PERIOD_US,
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
    else:
        skip("quota and a competitor", "before 6.6 they cannot be told apart")
    part.limit(QUOTA_US, PERIOD_US)
    part.add(guest.pid)
    # TCG has work for QEMU's other threads, too.
    alone("a cgroup for all of QEMU", part, guest, cpus=1 if accel() == "kvm" else 2)


main(test)
