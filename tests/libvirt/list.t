#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""stealscope list against virsh: roles, indexes, CPUs, quotas and weights, also as they change."""

import json
import os

from lib import *
from daemon import Libvirt
from machine import Machine
from virsh import emulatorpin, iothreadinfo, schedinfo, vcpuinfo, vcpupin, virsh

VCPUS = 2
A, B = min(os.sched_getaffinity(0)), work_cpu()
CPUTUNE = f"""
<shares>512</shares>
<period>50000</period><quota>40000</quota>
<emulator_period>60000</emulator_period><emulator_quota>50000</emulator_quota>
<iothread_period>70000</iothread_period><iothread_quota>60000</iothread_quota>
<global_period>100000</global_period><global_quota>150000</global_quota>
<vcpupin vcpu='0' cpuset='{B}'/>
<vcpupin vcpu='1' cpuset='{A}'/>
<emulatorpin cpuset='{A}'/>
<iothreadpin iothread='2' cpuset='{B}'/>
"""


def listed(machine):
    code, out, err = tool("list", "--json")
    found = [domain for domain in json.loads(out)["domains"] if domain["pid"] == machine.pid]
    if not equal((code, len(found)), (0, 1), f"{machine.name} is listed once"):
        skip_all(f"nothing to look at: {err}")
    return found[0]


def tightest(sched, role):
    """
    (quota, period, vCPUs that share it) that binds a thread of libvirt's @role; None without a
    limit. A thread's own is its alone, that of the domain is shared by all vCPUs.
    """
    limits = [(sched[f"{of}_quota"], sched[f"{of}_period"], sharers)
              for of, sharers in ((role, 1), ("global", VCPUS))]
    bounded = [limit for limit in limits if 0 < limit[0] < 10 ** 12]
    return min(bounded, key=lambda limit: limit[0] / limit[1] / limit[2], default=(None,) * 3)


def identity(domain, machine):
    for field, want in (("name", machine.name), ("uuid", machine.uuid), ("manager", "libvirt"),
                        ("accel", "kvm")):
        equal(domain[field], want, field)
    equal(sorted(thread["tid"] for thread in domain["threads"]), tasks(machine.pid),
          "every thread of the process, no other")


def split(domain, machine):
    """Its threads as libvirt has them: ({vCPU: thread}, {iothread: thread}, [emulator's])."""
    vcpus, iothreads, emulator = {}, {}, []
    for thread in domain["threads"]:
        if thread["role"] == "vcpu":
            vcpus[thread["index"]] = thread
        elif thread["role"] == "iothread":
            iothreads[thread["name"]] = thread
        elif machine.cgroup(thread["tid"]).endswith("/emulator"):
            emulator.append(thread)
        else:  # KVM's own, which lives where the vCPU does that ran first
            equal(thread["comm"], "kvm-nx-lpage-re", "outside the emulator's cgroup: KVM's worker")
    equal({index: thread["tid"] for index, thread in vcpus.items()}, machine.find_vcpus(),
          "vCPU indexes and threads as libvirt's")
    return vcpus, iothreads, emulator


def cpus(vcpus, iothreads, emulator, name):
    got = {index: thread["cpus_allowed"] for index, thread in vcpus.items()}
    equal(got, vcpuinfo(name), "vCPUs' CPUs allowed as vcpuinfo's")
    equal(got, vcpupin(name), "… and as vcpupin's")
    got = {name: thread["cpus_allowed"] for name, thread in iothreads.items()}
    equal(got, iothreadinfo(name), "iothreads' CPUs allowed as iothreadinfo's")
    equal({thread["cpus_allowed"] for thread in emulator}, {emulatorpin(name)},
          f"the CPUs allowed of {len(emulator)} other threads as emulatorpin's")


def limits(vcpus, iothreads, emulator, sched):
    for role, threads in (("vcpu", vcpus.values()), ("iothread", iothreads.values()),
                          ("emulator", emulator)):
        equal({(thread["quota_us"], thread["period_us"], thread["quota_vcpus"])
               for thread in threads},
              {tightest(sched, role)}, f"{role}: quota and period as schedinfo's")
        equal({thread["weight"] for thread in threads}, {sched["cpu_shares"]},
              f"{role}: weight as schedinfo's cpu_shares")
        ok(all(thread["cgroup"] for thread in threads), f"{role}: the cgroup is named")


def compare(machine, what):
    diag(what)
    threads = split(listed(machine), machine)
    cpus(*threads, machine.name)
    limits(*threads, schedinfo(machine.name))


def changes(machine):
    name = machine.name
    virsh("vcpupin", name, 0, A, "--live")
    virsh("vcpupin", name, 1, f"{A},{B}", "--live")
    virsh("emulatorpin", name, B, "--live")
    virsh("iothreadpin", name, 2, A, "--live")
    compare(machine, "after other pins")
    sched = schedinfo(name, vcpu_quota=20000, emulator_quota=30000, iothread_quota=10000,
                      cpu_shares=2048)
    equal((sched["vcpu_quota"], sched["cpu_shares"]), (20000, 2048), "schedinfo took it")
    compare(machine, "after other quotas")
    schedinfo(name, vcpu_quota=-1, emulator_quota=-1, iothread_quota=-1, global_quota=30000)
    compare(machine, "after quotas of threads were dropped for a smaller one of the domain")
    equal({thread["quota_us"] for thread in listed(machine)["threads"]}, {30000},
          "the domain's quota binds every thread")
    schedinfo(name, global_quota=-1)
    compare(machine, "after all quotas were dropped")
    equal({thread["quota_us"] for thread in listed(machine)["threads"]}, {None}, "no quota: null")


def test():
    Libvirt().wait()
    for name, arguments in (("live-named", ()),
                            ("live-nameless", ("-name", "live-nameless,debug-threads=off"))):
        machine = Machine(name, append="sleep=1000", vcpus=VCPUS, cpu=f"{A},{B}", iothreads=2,
                          cputune=CPUTUNE, arguments=arguments).start()
        diag(virsh("schedinfo", name))
        identity(listed(machine), machine)
        compare(machine, f"{name}: as defined")
        changes(machine)
        machine.quit()


main(test)
