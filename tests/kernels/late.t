#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
kvm.ko loaded after stealscope, unloaded and loaded again: its guests are found without names, and
measured exactly.
"""

import os
import subprocess

from lib import *


def vcpus(report, pid):
    return {thread["index"]: thread["tid"]
            for domain in report["domains"] if domain["pid"] == pid
            for thread in domain["threads"] if thread["role"] == "vcpu"}


def traceable(name):
    status, out, err = tool("check")
    ok(status == 0, name, out + err)
    diag(out)


def exact(name, scope, guest):
    """Pause, compete for a while, pause again: both ends of the window are exact."""
    lag = guest.clock_lag(1)
    guest.stop()
    scope.settle()
    before, start = scope.total(guest.pid, guest.tids[1]), guest.schedstat(1)
    rival = Hog("live-rival")
    guest.cont()
    wait_for("some steal", lambda: guest.schedstat(1).delay - start.delay > 1e9)
    guest.stop()
    scope.settle()
    after, end = scope.total(guest.pid, guest.tids[1]), guest.schedstat(1)
    equal(after["steal_ns"] - before["steal_ns"], end.delay - start.delay,
          f"{name}: steal = run delay of schedstat, to the nanosecond")
    equal(after["run_delay_ns"], end.delay, f"{name}: run_delay_ns is schedstat's second field")
    rival.end()
    guest.cont()
    same_clock(name, lag, guest.clock_lag(1), end.delay - start.delay, 0.01)


def vcpus_found(scope, guest, name):
    wanted = dict(enumerate(guest.tids))
    scope.wait("the vCPUs", lambda report: vcpus(report, guest.pid) == wanted)
    ok(True, f"{name}: both vCPUs are found without names, with the indexes QEMU says")
    equal({domain["accel"] for _, domain, _ in scope.threads(guest.pid)}, {"kvm"}, f"{name}: accel")


def come():
    subprocess.run(["modprobe", "kvm_amd"], check=True)
    equal(accel(), "kvm", "kvm.ko is loaded")


def go():
    """What traces must not hold the module."""
    subprocess.run(["modprobe", "-r", "kvm_amd"], check=True)
    subprocess.run(["modprobe", "-r", "kvm"], check=False)
    equal(os.path.exists("/sys/module/kvm"), False, "kvm.ko is unloaded while it is traced")


def test():
    if os.path.exists("/sys/module/kvm"):
        skip_all("kvm is there already")
    traceable("check: traceable without kvm.ko")
    scope = Scope()
    come()
    traceable("check: traceable with kvm.ko")
    guest = Guest("live-late", vcpus=2, append="spin=1")
    vcpus_found(scope, guest, "late")
    exact("late", scope, guest)
    guest.quit()
    go()
    scope.settle()
    come()
    guest = Guest("live-again", vcpus=2, append="spin=1")
    vcpus_found(scope, guest, "gone and back")
    exact("gone and back", scope, guest)
    equal(scope.finish(), 0, "exit status")


main(test)
