#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""stealscope list against QEMU and /proc."""

import json

from lib import *

UUID = "0623b6b0-5d4c-4f6b-9d3a-2f1b7c8e9a01"
FIELDS = {"role", "tid", "comm", "cpus_allowed", "cpu", "numa_node", "cgroup", "quota_us",
          "period_us", "quota_vcpus", "weight"}


def domain_of(guest):
    code, out, err = tool("list", "--json")
    equal(code, 0, "list --json succeeds")
    listing = json.loads(out)
    equal(listing["schema"], "stealscope.list/1", "schema")
    found = [domain for domain in listing["domains"] if domain["pid"] == guest.pid]
    if not equal(len(found), 1, "the guest is listed once"):
        skip_all(f"nothing to look at: {err}")
    return found[0]


def identity(domain, guest):
    equal(domain["name"], guest.name, "name")
    equal(domain["uuid"], UUID, "uuid")
    equal(domain["accel"], guest.accel, "accel")
    equal(domain["manager"], "qemu", "manager")


def threads(domain, guest):
    by_tid = {thread["tid"]: thread for thread in domain["threads"]}
    equal(sorted(by_tid), tasks(guest.pid), "every thread of the process, no other")
    vcpus = {thread["index"]: thread["tid"] for thread in domain["threads"]
             if thread["role"] == "vcpu"}
    equal(vcpus, dict(enumerate(guest.tids)), "vCPU indexes and threads as QEMU says")
    iothreads = {answer["thread-id"] for answer in guest.qmp.command("query-iothreads")}
    equal({tid for tid, thread in by_tid.items() if thread["role"] == "iothread"}, iothreads,
          "iothreads as QEMU says")
    for tid, thread in by_tid.items():
        missing = FIELDS - thread.keys()
        ok(not missing, f"{thread['role']} {tid}: all fields", missing)
    return by_tid


def placement(by_tid, guest):
    for tid, thread in by_tid.items():
        state = status(tid)
        equal(thread["comm"], state["Name"], f"{tid}: comm")
        equal(thread["cpus_allowed"], state["Cpus_allowed_list"], f"{tid}: CPUs allowed")
    vcpu = by_tid[guest.tids[0]]
    equal(vcpu["cpus_allowed"], str(work_cpu()), "the pinned vCPU's CPUs allowed")
    equal(vcpu["cpu"], work_cpu(), "the pinned vCPU's CPU")


def limits(guest):
    if not Cgroup.root:
        return skip("quota and weight", "no cgroup CPU controller")
    outer, weight = Cgroup("outer"), 512 if Cgroup.version == 1 else 50
    outer.limit(20000, 100000)
    inner = Cgroup("inner", outer)
    if Cgroup.version == 2:  # v1 lets no child have more than its parent
        inner.limit(80000, 100000)
    inner.weigh(weight)
    inner.add(guest.pid)
    for thread in domain_of(guest)["threads"]:
        name = f"{thread['role']} {thread['tid']}"
        equal((thread["quota_us"], thread["period_us"], thread["quota_vcpus"]), (20000, 100000, 2),
              f"{name}: the outer cgroup's quota is the tightest, and both vCPUs share it")
        equal(thread["weight"], weight, f"{name}: the inner cgroup's weight")
        ok(inner.path in thread["cgroup"], f"{name}: cgroup", thread["cgroup"])


def shared(guest):
    """Two vCPUs with a whole CPU each have 150 % together: it is the latter that holds them back."""
    if not Cgroup.root:
        return skip("a limit that vCPUs share", "no cgroup CPU controller")
    domain = Cgroup("domain")
    domain.limit(150000, 100000)
    domain.add(guest.pid)
    vcpus = [Cgroup(f"vcpu{index}", domain) for index in (0, 1)]
    for vcpu, tid in zip(vcpus, guest.tids):
        vcpu.make_threaded()
        vcpu.limit(100000, 100000)
        vcpu.add_thread(tid)

    def bound(what, *own):
        wanted = {tid: limit or (150000, 100000, 2) for tid, limit in zip(guest.tids, own)}
        for thread in domain_of(guest)["threads"]:
            equal((thread["quota_us"], thread["period_us"], thread["quota_vcpus"]),
                  wanted.get(thread["tid"], (150000, 100000, 2)),
                  f"{what}: {thread['role']} {thread['tid']}")
        rows = [line.split() for line in tool("list")[1].split("\n")]
        for tid, (quota, period, sharers) in wanted.items():
            shown = f"{100 * quota / period:.1f}%" + (f"/{sharers}" if sharers > 1 else "")
            ok(any(str(tid) in row and shown in row for row in rows), f"{what}: {tid} has {shown}",
               rows)

    bound("a CPU of its own, 150 % for both", None, None)
    vcpus[0].limit(70000, 100000)
    bound("70 % of its own, 75 % of what is shared", (70000, 100000, 1), None)
    vcpus[0].limit(80000, 100000)
    bound("80 % of its own", None, None)
    Cgroup.write(domain.dir, "cgroup.procs", guest.pid)  # back from the cgroups of threads


def text(guest):
    """One line a thread, each figure under its heading."""
    code, out, _ = tool("list", "-d", guest.name)
    equal(code, 0, "list succeeds")
    head, columns, *lines = out.rstrip("\n").split("\n")
    equal(head, f"live-list  (qemu, {guest.accel}, pid {guest.pid}, uuid {UUID})", "the domain's line")
    equal(columns.split(), ["ROLE", "TID", "NAME", "CPUS", "LAST", "QUOTA", "WEIGHT", "CGROUP"],
          "the headings")
    rows = {line[13:21].strip(): line for line in lines}
    equal(sorted(map(int, rows)), tasks(guest.pid), "a line for each thread")
    last = columns.index("LAST") + 4
    for index, tid in enumerate(guest.tids):
        row = rows[str(tid)]
        equal((row[2:13].strip(), row[:last].split()[-2:]),
              (f"vcpu {index}", [str(work_cpu())] * 2), f"vCPU {index}: CPUS and LAST")


def test():
    guest = Guest("live-list", vcpus=2, thread_names=True, uuid=UUID, append="sleep=1000",
                  extra=("-object", "iothread,id=disk1"))
    domain = domain_of(guest)
    identity(domain, guest)
    placement(threads(domain, guest), guest)
    ok(all(thread["quota_us"] is None for thread in domain["threads"]), "no quota: null")
    limits(guest)
    shared(guest)
    text(guest)


main(test)
