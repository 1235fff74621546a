#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
However many ran in a vCPU's place, and however often: the causes are known, and who took most has a
name. Two processes that switch a hundred thousand times a second; a loop of short-lived programs, by
themselves and in a service; ten guests and ten hogs on one CPU. All commands name the same one.
"""

import os
import shutil
import time

from lib import *
from lib import cleanup, host
from lib.exporter import Exporter
from lib.watch import Watch

MAX_OTHERS = 0.05
UNIT = "nightly.service"


def switches(cpu):
    """Context switches of all CPUs but those of this test count as this one's: it is the busy one."""
    with open("/proc/stat") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("ctxt"))


def others(window, guest):
    """The share of a vCPU's steal whose thief has no name."""
    rows = window.thieves(guest)
    total = sum(ns for _, ns in rows)
    return sum(ns for thief, ns in rows if "other" in thief) / max(1, total)


def fast_switchers():
    """A vCPU of the least priority beside a pair that gives the CPU to each other without end."""
    guest = Guest("live-beside")
    pair = host.start([os.path.join(os.path.dirname(os.environ["HOG"]), "pingpong"), "live-pair",
                       str(work_cpu())])
    os.sched_setscheduler(guest.tids[0], os.SCHED_IDLE, os.sched_param(0))
    window = Window(guest)
    with window:
        before = switches(work_cpu()), time.monotonic()
        time.sleep(4)
        rate = (switches(work_cpu()) - before[0]) / (time.monotonic() - before[1])
    diag(f"{rate:.0f} switches a second")
    causes = window.stolen("fast switchers", guest)
    longest = max(thread["waits"]["preempt"]["max_ns"] for _, _, thread in
                  window.hist.threads(guest.pid) if thread["tid"] == guest.tids[0])
    ok(rate * longest / 1e9 > 2048, "waits are longer than thousands of runs",
       (rate, longest))
    by_pair = window.taken_by(guest, cause="host", comm="live-pair")
    between(by_pair / max(1, causes["host"]), 0.9, 1, "fast switchers: the pair is named")
    between(others(window, guest), 0, MAX_OTHERS, "fast switchers: others")
    pair.kill()
    pair.wait()
    guest.quit()


LOOP = """while :; do
awk 'BEGIN { for (i = 0; i < 100000; i++) x += i; print x }' | sed 's/a/b/' | gzip -9 >/dev/null
done"""


def programs(name, cgroup=None):
    """A loop of awk, sed and gzip on the guest's CPU. Returns the guest and what blame calls it."""
    guest = Guest("live-victim")
    shell = host.start(["taskset", "-c", str(work_cpu()), "sh", "-c", LOOP])
    if cgroup:
        cgroup.add(shell.pid)
        host.wait_for("the loop to be in its cgroup", lambda: os.path.basename(cgroup.dir) in
                      open(f"/proc/{shell.pid}/cgroup").read())
    window = Window(guest)
    watch = Watch("--over", "1ms", "--rate", "100000", "-d", guest.name)
    exporter = Exporter()
    with window:
        time.sleep(4)
        samples = exporter.wait("a named thief", named(guest, UNIT if cgroup else "awk"))
        top = tool("top", "-b", "1", "1")[1]
    lines = watch.finish(guest)
    causes = window.stolen(name, guest)
    between(causes["host"] / sum(causes.values()), 0.9, 1, f"{name}: it is the host's")
    between(others(window, guest), 0, MAX_OTHERS, f"{name}: others")
    whole = window.hist.reports[-1]
    names_the_same(name, cgroup, window.thieves(guest)[0][0], lines, samples, top, whole)
    exporter.finish()
    shell.kill()
    shell.wait()
    guest.quit()


def named(guest, thief):
    def look(samples):
        rows = [(value, labels["thief"])
                for labels, value in samples.get("stealscope_host_thief_seconds_total", [])
                if labels["domain"] == guest.name]
        return max(rows, default=None) if any(name == thief for _, name in rows) else None

    return look


def names_the_same(name, cgroup, worst, lines, exported, top, report):
    """@worst: blame's first row."""
    title = UNIT if cgroup else "awk"
    equal(worst.get("unit", worst.get("comm")), title, f"{name}: blame names it")
    equal(worst["pid"], None, f"{name}: it is many processes")
    taken = {}
    for line in lines:
        for thief in line["thieves"]:
            who = thief.get("unit", thief.get("comm"))
            taken[who] = taken.get(who, 0) + thief["ns"]
    equal(max(taken, key=taken.get), title, f"{name}: watch names it")
    equal(exported[1], title, f"{name}: the exporter names it")
    ok(title in top, f"{name}: top names it", top)


class Service(Cgroup):
    """A cgroup that is called as systemd calls one."""

    def __init__(self, parent):
        super().__init__("slice", parent)
        self.dir = os.path.join(self.dir, UNIT)
        os.mkdir(self.dir)
        cleanup.on_exit(lambda: host.remove_cgroup(self.dir))


def crowd():
    guests = [Guest(f"live-{i}") for i in range(10)]
    hogs = [Hog(f"live-hog-{i}") for i in range(10)]
    window = Window(*guests)
    with window:
        time.sleep(6)
    for guest in guests:
        window.stolen("ten guests and ten hogs", guest)
        between(others(window, guest), 0, MAX_OTHERS, f"{guest.name}: others")
        domains = {thief.get("domain") for thief, _ in window.thieves(guest)}
        ok(len(domains & {other.name for other in guests}) >= 9, f"{guest.name}: all the others")
    for guest in guests:
        guest.quit()
    for hog in hogs:
        hog.end()


def test():
    for program in "awk", "sed", "gzip", "taskset":
        if not shutil.which(program):
            skip_all(f"needs {program}")
    fast_switchers()
    programs("programs")
    if Cgroup.root:
        programs("programs of a service", Service(None))
    else:
        skip("programs of a service", "no cgroup CPU controller")
    crowd()


main(test)
