#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""vCPU indexes are right without thread names, at once, and for a vCPU plugged in later."""

from lib import *


def vcpus(report, pid):
    return {thread["index"]: thread["tid"]
            for domain in report["domains"] if domain["pid"] == pid
            for thread in domain["threads"] if thread["role"] == "vcpu"}


def roles_of_others(report, guest):
    return {thread["role"] for domain in report["domains"] if domain["pid"] == guest.pid
            for thread in domain["threads"] if thread["tid"] not in guest.tids}


def runs(guest, scope):
    scope.settle()
    return [scope.total(guest.pid, tid)["run_ns"] for tid in guest.tids]


def the_right_one_runs(guest, scope):
    """By its own counters vCPU 1 spins and vCPU 0, once it has started it, halts."""
    before, spun = runs(guest, scope), guest.schedstat(1).run
    wait_for("vCPU 1 to spin", lambda: guest.schedstat(1).run - spun > 10**9)
    grown = [run - old for run, old in zip(runs(guest, scope), before)]
    ok(grown[1] > 10 * grown[0], "the vCPU that spins is number 1", grown)


def plugged_in(guest, scope):
    guest.qmp.command("device_add", driver="qemu64-x86_64-cpu", id="late", **{
        "socket-id": 2, "core-id": 0, "thread-id": 0})
    by_index = guest.find_vcpus()
    equal(sorted(by_index), [0, 1, 2], "QEMU has a third vCPU")
    scope.wait("the third vCPU", lambda report: vcpus(report, guest.pid) == by_index)
    ok(True, "a vCPU plugged in while tracing has its index")


def test():
    if accel() != "kvm":
        skip_all("TCG vCPUs without names cannot be told from other threads")
    before = Guest("live-before", vcpus=2, smp="2,maxcpus=4,sockets=4", append="spin=1", cpu=None)
    scope = Scope()
    equal(vcpus(scope.reports[-1], before.pid), dict(enumerate(before.tids)),
          "running before stealscope: indexes and threads as QEMU says")
    equal(roles_of_others(scope.reports[-1], before), {"emulator"}, "its other threads: emulator")
    after = Guest("live-after", vcpus=2, append="spin=1", cpu=None)
    report = scope.wait("the new guest's vCPUs",
                        lambda report: len(vcpus(report, after.pid)) == 2)
    equal(vcpus(report, after.pid), dict(enumerate(after.tids)), "started later: the same")
    the_right_one_runs(after, scope)
    plugged_in(before, scope)
    equal(scope.finish(), 0, "exit status")


main(test)
