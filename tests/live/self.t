#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A guest whose own threads are in the way of its vCPUs: the cause is self, and names them."""

import os
import time

from lib import *

WINDOW = 2


def siblings():
    guest = Guest("live-siblings", vcpus=2)
    window = Window(guest)
    with window:
        time.sleep(WINDOW)
    runs = [window.grown(guest, vcpu)[0] for vcpu in (0, 1)]
    others = window.others_ns(*runs)
    for victim, thief in ((0, 1), (1, 0)):
        name = f"siblings: vCPU {victim}"
        causes = window.stolen("siblings", guest, victim)
        by_sibling = window.taken_by(guest, victim, cause="self", domain=guest.name,
                                     pid=guest.pid, role="vcpu", index=thief,
                                     tid=guest.tids[thief])
        # What the sibling ran, but for the moments in which only one of them was paused.
        between(by_sibling, 0.95 * runs[thief] - others, 1.03 * runs[thief],
                f"{name} waited while its sibling ran")
        between(by_sibling, 0.95 * sum(causes.values()) - others, sum(causes.values()),
                f"{name}: for nobody else")
        equal(causes["vm"], 0, f"{name}: no other guest")
    guest.quit()


def busy_emulator():
    """QEMU's main thread answers a question that takes milliseconds, over and over."""
    guest = Guest("live-emulator")
    for tid in tasks(guest.pid):
        os.sched_setaffinity(tid, {work_cpu()})
    window = Window(guest)
    before = schedstat(guest.pid).run
    with window:
        end = time.monotonic() + WINDOW
        while time.monotonic() < end:
            guest.qmp.command("query-qmp-schema")
        run = schedstat(guest.pid).run - before
    causes = window.stolen("emulator", guest)
    taken = window.taken_by(guest, cause="self", domain=guest.name, pid=guest.pid,
                            role="emulator", tid=guest.pid)
    ok(run > 0.1 * window.wall_ns, "emulator: it was busy", run)
    near(taken, run, 0.05, "emulator: the vCPU waited while it ran")
    between(causes["self"], taken, 1.1 * taken, "emulator: self")
    equal(causes["vm"], 0, "emulator: no other guest")
    guest.quit()


def test():
    siblings()
    if accel() == "kvm":
        busy_emulator()
    else:
        skip("a busy emulator thread", "a TCG vCPU sleeps until QEMU's lock is free")


main(test)
