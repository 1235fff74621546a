#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
One virtual machine makes as much noise as it can: a thread of it renames itself without end. All of
another's long waits are shown nevertheless, and the vCPUs of one that starts are seen at once.
"""

import time

from lib import *
from lib.newcomer import newcomer
from lib.watch import Watch

WINDOW = 3
OVER = 1 << 20  # an edge of hist's buckets


def long_waits(window, guest):
    """As hist counts them."""
    return sum(count for _, _, thread in window.hist.threads(guest.pid)
               if thread["tid"] == guest.tids[0]
               for wait in thread["waits"].values()
               for low, _, count in wait["buckets"] if low >= OVER)


def test():
    if accel() != "kvm":
        skip_all("no /dev/kvm")
    Hog("live-hog")
    victim = Guest("live-victim")
    noisy = Vm(0, options=("-r",))
    noisy.stop()
    window = Window(victim, blame=False)
    watch = Watch("--over", f"{OVER}ns", "--rate", "100000")
    noisy.cont()
    with window:
        time.sleep(WINDOW)
    lines, want = watch.finish(victim), long_waits(window, victim)
    ok(want >= 50, "the victim had long waits", want)
    equal((len(lines), watch.lost()), (want, 0), "each has a line, none is lost")
    equal(sum(report["trace"]["dropped"] for report in window.hist.reports), 0, "hist lost nothing")
    victim.quit()
    hist = Scope()
    newcomer(hist).quit()
    equal(sum(report["trace"]["dropped"] for report in hist.reports), 0, "nor was news of it lost")
    names = {thread["name"] for _, _, thread in hist.threads(noisy.pid)}
    ok(names & {"this", "that"}, "the one that renames itself has a name of its own", names)
    noisy.kill()


main(test)
