#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A kernel thread in a vCPU's way: ksmd, kept busy with pages that never become the same."""

import mmap
import os
import time

from lib import *
from lib.cleanup import on_exit

KSM = "/sys/kernel/mm/ksm/"
WINDOW = 2


def setting(name, value=None):
    with open(KSM + name, "r+" if value is not None else "r") as file:
        return file.write(str(value)) if value is not None else file.read().strip()


def change(name, value):
    """@value, until the test ends."""
    old = setting(name)
    on_exit(lambda: setting(name, old))
    setting(name, value)


def find_ksmd():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if status(pid)["Name"] == "ksmd":
                return int(pid)
        except FileNotFoundError:
            pass
    return None


def keep_busy(ksmd):
    """A kernel thread that scans without a pause, on the work CPU, as important as a guest."""
    memory = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_MERGEABLE)
    for at in range(0, len(memory), mmap.PAGESIZE):
        memory[at:at + 8] = at.to_bytes(8, "little")
    affinity, nice = os.sched_getaffinity(ksmd), os.getpriority(os.PRIO_PROCESS, ksmd)
    on_exit(lambda: os.sched_setaffinity(ksmd, affinity))
    on_exit(lambda: os.setpriority(os.PRIO_PROCESS, ksmd, nice))
    os.sched_setaffinity(ksmd, {work_cpu()})
    os.setpriority(os.PRIO_PROCESS, ksmd, 0)
    if os.path.exists(KSM + "advisor_mode"):
        change("advisor_mode", "none") if "[none]" not in setting("advisor_mode") else None
    change("pages_to_scan", 1000000)
    change("sleep_millisecs", 0)
    on_exit(memory.close)
    change("run", 1)


def test():
    ksmd = find_ksmd()
    if not ksmd:
        skip_all("no ksmd in this kernel")
    guest = Guest("live-victim")
    window = Window(guest)
    keep_busy(ksmd)
    before = schedstat(ksmd).run
    with window:
        time.sleep(WINDOW)
        run = schedstat(ksmd).run - before
    causes = window.stolen("ksmd", guest)
    taken = window.taken_by(guest, cause="kernel", pid=ksmd, comm="ksmd")
    ok(run > 0.2 * window.wall_ns, "ksmd was busy", run)
    near(taken, run, 0.05, "the guest waited while ksmd ran")
    between(causes["kernel"], taken, taken + window.others_ns(window.grown(guest)[0], run) + 1e7,
            "kernel")
    equal(causes["vm"] + causes["self"], 0, "no guest is blamed")


main(test)
