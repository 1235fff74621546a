#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A virtual machine's thread that becomes another program is watched no more, though it keeps its
number, and whoever gets its place in the table has nothing of it. Numbers that are used again are
other threads.
"""

import ctypes
import os
import signal

from lib import *
from lib.scope import pids
from lib.vm import VM

SLOTS = 511  # the least that there are, but for the first, which is not used
# What threads that are no vCPUs may have of them: all but a quarter, and of that the first few of
# each virtual machine half.
LARGE = 8 * [(SLOTS - SLOTS // 4) // 8]
SMALL = 4 * [(SLOTS // 4 - SLOTS // 8) // 4]
SECOND = 10**9
SOON = 20  # well before everything is looked at anew, which is every 30 s


def watched(report, vm):
    return {thread["tid"] for domain in report["domains"] if domain["pid"] == vm.pid
            for thread in domain["threads"]}


def look(scope, vm):
    """(schedstat, totals) of the vCPU while it stands still."""
    vm.stop()
    scope.settle()
    return vm.schedstat(), scope.total(vm.pid, vm.pid)


def exact(scope, vm, name):
    before, first = look(scope, vm)
    vm.cont()
    wait_for("some steal", lambda: vm.schedstat().delay - before.delay > 0.5 * SECOND)
    after, last = look(scope, vm)
    near(last["steal_ns"] - first["steal_ns"], after.delay - before.delay, 1e-4,
         f"{name}: steal = schedstat")
    near(last["run_ns"] - first["run_ns"], after.run - before.run, 1e-2,
         f"{name}: run time = schedstat")
    vm.cont()


def executes(scope, flag):
    """A vCPU's thread becomes a shell that burns CPU, and a virtual machine again at the flag."""
    vm = Vm(0, "/bin/sh", "-c",
            f": > {flag}.shell; while [ ! -e {flag} ]; do :; done; exec {VM} 0")
    scope.wait("the virtual machine", lambda report: vm.pid in watched(report, vm))
    exact(scope, vm, "before exec")
    start, first = look(scope, vm)
    vm.cont()
    vm.leave()
    wait_for("exec, all of it", lambda: os.path.exists(flag + ".shell"))
    left = vm.schedstat()
    wait_for("the report to drop it", lambda: vm.pid not in pids(scope.reports[-1]), SOON)
    ok(True, "who has no KVM any more is no domain")
    wait_for("the shell to run", lambda: vm.schedstat().run - left.run > SECOND)
    scope.settle()
    last = scope.total(vm.pid, vm.pid)
    between(last["run_ns"] - first["run_ns"], 0, left.run - start.run,
            "what it ran as another program is nobody's")
    between(last["steal_ns"] - first["steal_ns"], 0, left.delay - start.delay,
            "nor what it waited")
    ok(vm.pid not in pids(scope.reports[-1]), "and it stays none")
    return vm


def filling(scope):
    """Virtual machines that have every slot that they may."""
    small = Vm(0)
    small.run_for(0.05)
    others = len(small.tids())  # kvm can have a thread of its own there
    small.kill()
    vms = []
    for sizes in LARGE, SMALL:
        new = [Vm(size - others) for size in sizes]
        wait_for("all their threads", lambda: [len(vm.tids()) for vm in new] == sizes)
        vms += new
        scope.wait("all of their threads", full(vms))
    return vms


def full(vms):
    return lambda report: all(watched(report, vm) == set(vm.tids()) for vm in vms)


def inherits(scope, old):
    """New virtual machines have every slot, the old one's as well."""
    vms = filling(scope)
    exact(scope, vms[0], "an heir")
    for vm in vms:
        vm.stop()
    scope.settle()
    over = {}
    for vm in vms:
        for tid in vm.tids():
            total, stat = scope.total(vm.pid, tid), schedstat(tid)
            if total["run_ns"] > stat.run or total["steal_ns"] > stat.delay:
                over[tid] = total, stat
    equal(over, {}, "no heir has more than schedstat says")
    names = {domain["name"] for _, domain, _ in scope.threads(old.pid)}
    equal(len(names), 1, "the old one had one name")
    for vm in vms:
        vm.kill()


def returns(scope, vm, flag):
    open(flag, "w").close()
    wait_for("exec", lambda: status(vm.pid)["Name"] == "vm")
    scope.wait("the thread that was one before", lambda report: vm.pid in watched(report, vm))
    ok(True, "a thread that was watched before is watched again")
    scope.settle()  # its old and its new counts are not in one interval
    exact(scope, vm, "once more")
    vm.kill()


def start_as(tid, comm):
    """A process of this number, or None: somebody else was faster, each time."""
    for _ in range(200):
        with open("/proc/sys/kernel/ns_last_pid", "w") as file:
            file.write(str(tid - 1))
        hog = Hog(comm)
        if hog.pid == tid:
            return hog
        hog.end()
    return None


def number_reused():
    """
    A thread that is waiting for a free slot ends, and a stranger gets its number: there is no event
    that tells, but the thread's start time.
    """
    name = "a stranger with an old number"
    if not os.access("/proc/sys/kernel/ns_last_pid", os.W_OK):
        return skip(name, "no CONFIG_CHECKPOINT_RESTORE")
    scope = Scope("--max-threads", str(SLOTS))
    vms = filling(scope)
    late = Vm(2)
    scope.wait("who is left out", lambda report: any(
        domain["unwatched"] >= 2 for domain in report["domains"] if domain["pid"] == late.pid))
    tid, other = (tid for tid in late.tids() if tid != late.pid and status(tid)["Name"] == "vm")
    equal(watched(scope.reports[-1], late), {late.pid}, f"{name}: only a vCPU has a slot")
    signal_thread(late.pid, tid, signal.SIGUSR2)
    wait_for("its thread to end", lambda: tid not in late.tids())
    hog = start_as(tid, "live-stranger")
    if not hog:
        return skip(name, "the number is taken each time")
    late.stop()  # a vCPU that runs would have its process looked at again
    vms.pop().kill()
    scope.wait("a slot for who was left out", lambda report: other in watched(report, late))
    scope.settle()
    equal(scope.total(late.pid, tid)["run_ns"], 0, f"{name} is not watched")
    equal(scope.finish(), 0, "exit status")
    hog.end()
    for vm in vms + [late]:
        vm.kill()


def signal_thread(pid, tid, number):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.tgkill(pid, tid, int(number)):
        raise OSError(ctypes.get_errno(), "tgkill")


def test():
    if accel() != "kvm":
        skip_all("no /dev/kvm")
    rival = Hog("live-hog")
    flag = os.path.join(temp_dir(), "flag")
    scope = Scope("--max-threads", str(SLOTS))
    vm = executes(scope, flag)
    inherits(scope, vm)
    returns(scope, vm, flag)
    equal(scope.finish(), 0, "exit status")
    rival.end()
    number_reused()


main(test)
