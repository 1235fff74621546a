#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Domains that come and go while they are traced: libvirtd's own probes of QEMU, destroy, start and
undefine, and ten domains whose names are prefixes of each other.
"""

import concurrent.futures
import json
import os

from lib import *
from lib.scope import pids
from daemon import Libvirt
from machine import Machine
from virsh import delays, virsh

NAMES = ["live-w", "live-we", "live-web", "live-web-", "live-web-1", "live-web-10",
         "live-web-100", "live-web-1000", "live-web-1.xml", "live-web-1.scope"]
WINDOW_NS = 1e9


def probes():
    """The QEMUs that libvirtd asks what they can do; some hold a VM of KVM's."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                argv = file.read().split(b"\0")
            if b"qemu-system-" in argv[0] and any(word.startswith(b"none,") for word in argv):
                fds = os.listdir(f"/proc/{pid}/fd")
                links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in fds]
                found[int(pid)] = "anon_inode:kvm-vm" in links
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def unprobed(scope):
    """Start libvirtd and look on while it probes."""
    libvirt, seen, listed = Libvirt(), {}, set()

    def look():
        before = probes()
        domains = json.loads(tool("list", "--json")[1])["domains"]
        seen.update((pid, kvm or seen.get(pid)) for pid, kvm in probes().items() if pid in before)
        listed.update(domain["pid"] for domain in domains)
        return libvirt.ready()

    wait_for("libvirtd", look, 300)
    scope.settle()
    traced = set().union(*(pids(report) for report in scope.reports))
    ok(seen, "libvirtd probed QEMU while it was looked at")
    ok(any(seen.values()), "… with KVM")
    equal(seen.keys() & listed, set(), f"list: none of {len(seen)} probes is a domain")
    equal(seen.keys() & traced, set(), "hist: nor there")


def gone(scope, pid):
    return scope.wait("the domain to go", lambda report: pid not in pids(report))


def seen(scope, machine, name):
    """The domain is in the reports, under its name, soon with its vCPUs' indexes."""
    wanted = machine.find_vcpus()

    def found(report):
        for domain in report["domains"]:
            vcpus = {thread["index"]: thread["tid"] for thread in domain["threads"]
                     if thread["role"] == "vcpu"}
            if domain["pid"] == machine.pid and vcpus == wanted:
                return domain
        return None

    domain = found(scope.wait(f"{machine.name} with vCPUs {wanted}", found))
    equal((domain["name"], domain["uuid"], domain["manager"], domain["accel"]),
          (machine.name, machine.uuid, "libvirt", "kvm"), f"{name}: name, uuid, manager, vCPUs")


def lifecycle(scope):
    machine = Machine("live-cat", vcpus=2, append="sleep=1000").start()
    seen(scope, machine, "started")
    first = machine.pid
    machine.quit()
    gone(scope, first)
    ok(True, "destroyed: gone from the reports")
    since = len(scope.reports)
    machine.start()
    seen(scope, machine, "started again")
    equal({domain["pid"] for report in scope.reports[since:] for domain in report["domains"]
           if domain["uuid"] == machine.uuid}, {machine.pid},
          "started again: that process only has its uuid")
    virsh("undefine", machine.name)
    scope.settle()
    equal(machine.pid in pids(scope.reports[-1]), True, "undefined while it runs: still there")
    seen(scope, machine, "undefined")
    machine.quit()
    gone(scope, machine.pid)
    ok(True, "destroyed once more: gone")


def attributed(scope, machines):
    """Ten vCPUs on one CPU; each domain's steal is what libvirt says of that domain. Asking libvirt
    wakes the vCPUs, after it has read their delay: so stealscope is asked first."""
    for machine in machines:
        machine.stop()
    scope.settle()
    before = {machine.name: scope.total(machine.pid, machine.tids[0]) for machine in machines}
    start = {machine.name: delays(machine.name)[0] for machine in machines}
    for machine in machines:
        machine.cont()
    last = machines[-1]
    wait_for("some steal", lambda: last.schedstat().delay - start[last.name] > WINDOW_NS)
    blame(machines)
    for machine in machines:
        machine.stop()
    scope.settle()
    for machine in machines:
        after = scope.total(machine.pid, machine.tids[0])
        equal(after["steal_ns"] - before[machine.name]["steal_ns"],
              delays(machine.name)[0] - start[machine.name], f"{machine.name}: steal = delay")


def blame(machines):
    code, out, err = tool("blame", "--json", "1", "1")
    equal(code, 0, "blame succeeds")
    names = {machine.name for machine in machines}
    pairs = {(row["victim"]["domain"], row["thief"]["domain"])
             for row in json.loads(out)["blame"]
             if row["thief"]["cause"] == "vm" and "domain" in row["thief"]  # not "other"
             and row["victim"]["role"] == "vcpu"}
    equal({name for pair in pairs for name in pair}, names, "blame: all ten, by their names")
    ok(all(victim != thief for victim, thief in pairs), "blame: none robs itself as another", pairs)


def selected(machines):
    for machine in machines:
        domains = json.loads(tool("list", "--json", "-d", machine.name)[1])["domains"]
        equal([(domain["pid"], domain["name"], domain["uuid"]) for domain in domains],
              [(machine.pid, machine.name, machine.uuid)], f"-d {machine.name}: that one only")


def test():
    scope = Scope()
    unprobed(scope)
    lifecycle(scope)
    machines = [Machine(name).start("--paused") for name in NAMES]
    for machine in machines:
        seen(scope, machine, machine.name)
    selected(machines)
    attributed(scope, machines)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(Machine.quit, machines))
    for machine in machines:
        gone(scope, machine.pid)
    equal(scope.finish(), 0, "exit status")


main(test)
