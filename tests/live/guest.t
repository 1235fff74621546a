#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tests' own footing: the guest's steal clock is the kernel's run delay."""

import time

from lib import *

WINDOW = 2


def stands_still_when_paused(guest):
    guest.stop()
    before = guest.schedstat()
    time.sleep(0.2)
    equal(guest.schedstat(), before, "a paused guest's counters stand still")
    guest.cont()


def clock_is_run_delay(guest, hog):
    if guest.accel != "kvm":
        return skip("steal clock and schedstat", "needs KVM")
    hog.stop()
    before, start, lag = guest.ask()[0]["ns"], guest.schedstat(), guest.clock_lag()
    idle = hog.schedstat().run
    hog.cont()
    time.sleep(WINDOW)
    hog.stop()
    after, end = guest.ask()[0]["ns"], guest.schedstat()
    ok(after - before > 0.2e9 * WINDOW, "the hog steals from the guest", after - before)
    same_clock("vCPU 0", lag, guest.clock_lag(), end.delay - start.delay, 1e-4)
    between(hog.schedstat().run - idle, 0.5 * (end.delay - start.delay),
            1.05 * (end.delay - start.delay), "the hog ran while the guest waited")


def says_what_it_lacks():
    guest = Guest("live-tcg", accel="tcg", append="sleep=1000")
    equal(guest.ask()[0]["ns"], None, "no steal clock under TCG")
    guest.quit()


def test():
    guest = Guest("live-footing", vcpus=2, append="spin=0")
    equal(len(guest.tids), 2, "QEMU names the threads of two vCPUs")
    equal(sorted(guest.ask()), [0, 1], "both vCPUs started")
    runs = [guest.schedstat(vcpu).run for vcpu in (0, 1)]
    wait_for("vCPU 0 to run", lambda: guest.schedstat(0).run - runs[0] > 3e8)
    ok(guest.schedstat(1).run - runs[1] < 1e8, "vCPU 0 spins, vCPU 1 halts")
    stands_still_when_paused(guest)
    clock_is_run_delay(guest, Hog("live-hog"))
    guest.quit()
    says_what_it_lacks()


main(test)
