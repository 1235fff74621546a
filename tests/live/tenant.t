#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Tenants without privilege, each a virtual machine monitor of its own, against the exporter: what they
call themselves, again and again, takes neither its CPU time nor a place in its metrics, and nobody
takes another's.
"""

import os
import time

from lib import *
from lib.exporter import Exporter
from lib.vm import disguised

TENANT, OTHER = 12345, 12346
UUID = "0f0e0d0c-0b0a-0908-0706-050403020100"
STEAL = "stealscope_vcpu_steal_seconds_total"
RUN = "stealscope_vcpu_run_seconds_total"
LONG = "x" * 120000 + "00000000"
THREADS = 12000
CPU_SHARE = 0.01
program = None


def tenant(*options, threads=0, uid=TENANT, **named):
    words = [word for key, value in named.items() for word in (f"-{key}", value)]
    return Vm(threads, options=[*options, "-u", str(uid), *words], executable=program)


def labels_of(samples, pid):
    return next((labels for labels, _ in samples.get("stealscope_domain_info", [])
                 if labels["pid"] == str(pid)), None)


def appears(exporter, vm):
    return exporter.wait("the tenant's series", lambda samples: labels_of(samples, vm.pid))


def ran(exporter, label):
    return sum(value for labels, value in exporter.samples().get(RUN, [])
               if labels["domain"] == label)


def cpu_ns(pid):
    return sum(schedstat(tid).run for tid in tasks(pid))


def names_that_are_long(exporter):
    """One that calls itself another name of 120 kB whenever it has the CPU."""
    vm = tenant("-R", name=LONG)
    first = appears(exporter, vm)
    between(len(first["domain"].encode()), 200, 256, "a long name is cut to (bytes)")
    ok("…#" in first["domain"], "… and marked", first["domain"])
    sizes, labels = [], set()
    for _ in range(8):
        time.sleep(1.1)  # a scrape within a second gets the same text
        text = exporter.text()
        sizes.append(len(text))
        labels |= {label["domain"] for label, _ in exporter.samples()["stealscope_domain_skew_seconds_total"]
                   if label["domain"].startswith("xxx")}
    between(max(sizes), 1, 100000, "a scrape beside it (bytes)")
    equal(labels, {first["domain"]}, "it keeps the name that it came with")
    vm.kill()


def names_that_are_shed(exporter, vm):
    """It renamed its main thread, and wrote over its command line."""
    before = labels_of(exporter.samples(), vm.pid)
    equal((before["domain"], before["uuid"], before["uid"]), ("live-shed-00000000", UUID, str(TENANT)),
          "a tenant that was there before the exporter has its name")
    vm.cont()
    wait_for("it to rename itself", lambda: status(vm.pid)["Name"] != "qemu-system-vm")
    begin = time.monotonic()
    wait_for("the full scan that comes every 30 s", lambda: time.monotonic() > begin + 32)
    equal(labels_of(exporter.samples(), vm.pid), before, "it cannot get rid of it")
    vm.kill()


def names_of_others(exporter):
    """Another user's process calls itself what one was called that ended."""
    first = tenant(name="live-owned", uuid=UUID)
    equal(appears(exporter, first)["domain"], "live-owned", "a tenant")
    before = wait_for("it to run", lambda: ran(exporter, "live-owned") > 0.2 and
                      ran(exporter, "live-owned"))
    first.kill()
    exporter.wait("its end", lambda samples: not labels_of(samples, first.pid))
    thief = tenant(uid=OTHER, name="live-owned", uuid=UUID)
    equal(appears(exporter, thief)["domain"], f"live-owned#{thief.pid}", "another one of that name")
    wait_for("it to run", lambda: ran(exporter, f"live-owned#{thief.pid}") > 0.2)
    held = ran(exporter, "live-owned")
    second = tenant(name="live-owned", uuid=UUID)
    equal(appears(exporter, second)["domain"], "live-owned", "the first is back under its own name")
    ok(held >= before, "its counter did not go back", (before, held))
    wait_for("it to run", lambda: ran(exporter, "live-owned") > held)
    for vm in thief, second:
        vm.kill()


def busy(exporter, seconds):
    """The share of a CPU that it took."""
    begin, before = time.monotonic(), cpu_ns(exporter.pid)
    wait_for("time to pass", lambda: time.monotonic() > begin + seconds)
    return (cpu_ns(exporter.pid) - before) / 1e9 / (time.monotonic() - begin)


def names_of_threads():
    """Thousands of threads, all renamed again and again: what looking at them costs is bounded."""
    exporter = Exporter()
    vm = tenant("-R", threads=THREADS, name="live-noisy-00000000")
    appears(exporter, vm)
    busy(exporter, 5)  # it is looked at for the first time
    # Everything is scanned every 30 s: a window that is no multiple of it holds one scan too many, or none.
    between(busy(exporter, 60), 0, CPU_SHARE, "the share of a CPU that the exporter takes beside it")
    guest = Guest("live-next")
    series = exporter.wait("the next tenant's series", lambda samples: [
        labels for labels, _ in samples.get(STEAL, []) if labels["domain"] == guest.name])
    ok(series, "the next tenant has all series of its vCPU")
    guest.quit()
    vm.kill()
    equal(exporter.finish(), 0, "exit status")


def test():
    if os.geteuid() or accel() != "kvm":
        skip_all("needs root and /dev/kvm")
    global program
    program = disguised()
    shed = tenant("-R", "-p", name="live-shed-00000000", uuid=UUID)
    shed.wait_stopped()
    exporter = Exporter()
    names_that_are_shed(exporter, shed)
    names_of_others(exporter)
    names_that_are_long(exporter)
    equal(exporter.finish(), 0, "exit status")
    names_of_threads()


main(test)
