#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Processes with as many descriptors as the limit allows: nobody waits until all of them have been
looked at, and a virtual machine whose own are the last of them is found nevertheless.
"""

import json
import os
import re
import resource
import subprocess
import sys
import time

from lib import *

FILES = min(200_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 64)
# Opens them, says so, and sleeps.
STRANGER = f"""
import os, resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES + 64}, {FILES + 64}))
for _ in range({FILES}): os.dup(0)
print(flush=True)
time.sleep(1000)
"""


def last_link(pid):
    directory = f"/proc/{pid}/fd"
    return os.readlink(f"{directory}/{max(map(int, os.listdir(directory)))}")


def read_all(pid):
    """What it takes to look at every one of them, in ms of CPU."""
    began = time.thread_time()
    directory = f"/proc/{pid}/fd"
    nr = sum(bool(os.readlink(f"{directory}/{fd}")) for fd in os.listdir(directory))
    ok(nr >= FILES, "there are so many", nr)
    return 1000 * (time.thread_time() - began)


def looks(messages):
    """What each look at all processes took, in ms of CPU."""
    return [float(cpu) for cpu in re.findall(r"(?:survey|scan): .*, [\d.]+ ms, ([\d.]+) of CPU",
                                             messages)]


def test():
    if accel() != "kvm":
        skip_all("no /dev/kvm")
    if FILES < 15_000:
        skip_all(f"the limit of open files is {FILES + 64} here")
    stranger = start([sys.executable, "-c", STRANGER], stdin=subprocess.DEVNULL,
                     stdout=subprocess.PIPE, text=True)
    stranger.stdout.readline()
    machine = Vm(0, options=("-f", str(FILES)))
    wait_for("it to have a vCPU", lambda: last_link(machine.pid).startswith("anon_inode:kvm-vcpu"))
    machine.stop()  # so that KVM does not give it away
    all_of_them = read_all(stranger.pid) + read_all(machine.pid)

    hist = Scope("-v")
    found = hist.wait("the machine to be found", lambda report: any(
        domain["pid"] == machine.pid for domain in report["domains"]))
    vcpus = hist.wait("its threads to be watched", lambda report: any(
        thread["tid"] == machine.pid for domain in report["domains"]
        if domain["pid"] == machine.pid for thread in domain["threads"]))
    ok(found and vcpus, "hist: a virtual machine deep among its descriptors is found")
    hist.finish()
    equal({domain["pid"] for domain in hist.reports[-1]["domains"]} & {stranger.pid}, set(),
          "hist: the stranger is none")
    took = looks(hist.stderr())
    diag(f"{took} ms, all of them {all_of_them:.0f} ms")
    ok(len(took) >= 2 and max(took) < all_of_them / 5, "no look takes as long as all of them would",
       (took, all_of_them))

    _, out, _ = tool("list", "--json")
    pids = {domain["pid"] for domain in json.loads(out)["domains"]}
    equal(pids & {machine.pid, stranger.pid}, {machine.pid}, "list: says so at once")
    machine.kill()


main(test)
