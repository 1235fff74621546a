#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A crowded host: what looking and counting cost, from 10 to 10,000 vCPUs.

Prints a table of figures, which depend on the machine; what it asserts does not: nothing is missed,
the counts are right, memory and work grow in proportion. SCALE_JSON=FILE keeps the figures for
tests/scale/plot.
"""

import collections
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import lib
from lib.host import TIMEOUT
from lib.scope import BINARY

BIN = os.environ["SCALE_BIN"]
STANDIN = None  # a copy under a name of QEMU's
MIB = 1 << 20

# domains, vCPUs and other threads of each
SIZES = [(2, 5, 12), (13, 8, 12), (125, 8, 12), (1000, 8, 0), (1000, 8, 12), (1250, 8, 12)]
if os.environ.get("SCALE_SIZES"):
    SIZES = [tuple(map(int, size.split("x"))) for size in os.environ["SCALE_SIZES"].split(",")]

Figure = collections.namedtuple("Figure", "wall cpu")


class Crowd:
    def __init__(self, domains, vcpus, others, wake_us=500000):
        env = dict(os.environ, STANDIN_VCPUS=str(vcpus), STANDIN_OTHERS=str(others),
                   STANDIN_WAKE_US=str(wake_us))
        self.child = lib.start([os.path.join(BIN, "crowd"), STANDIN, str(domains)], env=env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "ready\n":
            lib.skip_all(f"{domains} processes cannot be started here")
        with open(f"/proc/{self.child.pid}/task/{self.child.pid}/children") as file:
            self.pids = [int(pid) for pid in file.read().split()]

    def send(self, sig):
        for pid in self.pids:
            os.kill(pid, sig)

    def freeze(self):
        """Until nobody waits any more; what the kernel counted by then, by thread."""
        self.send(signal.SIGSTOP)
        delays = {}

        def still():
            nonlocal delays
            before, delays = delays, self.delays()
            return before == delays and all(lib.status(tid)["State"].startswith("T")
                                            for tid in delays)

        lib.wait_for("the crowd to stand still", still, 300)
        return delays

    def cont(self):
        self.send(signal.SIGCONT)

    def delays(self):
        return {tid: lib.schedstat(tid).delay for pid in self.pids for tid in lib.tasks(pid)}

    def end(self):
        self.child.kill()
        self.child.wait()
        lib.wait_for("the crowd to leave", lambda: not any(map(alive, self.pids)))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Traced:
    """stealscope hist --json, with what it says about its own time."""

    def __init__(self, directory, interval, count=0):
        self.out, self.err = os.path.join(directory, "out"), os.path.join(directory, "err")
        arguments = ["hist", "-v", "--json", "--trust-exe", STANDIN, str(interval)]
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.child = lib.start([BINARY, *arguments, *([str(count)] if count else [])],
                                   stdout=out, stderr=err)

    def figures(self):
        """By what was done, each time it was."""
        figures = collections.defaultdict(list)
        with open(self.err) as file:
            for what, wall, cpu in re.findall(r"stealscope: (\w+): .*?([\d.]+) ms, ([\d.]+) of CPU",
                                              file.read()):
                figures[what].append(Figure(float(wall), float(cpu)))
        return figures

    def reports(self):
        with open(self.out, "rb") as file:
            return file.read().count(b"\n")

    def await_reports(self, more):
        want = self.reports() + more
        lib.wait_for("a report", lambda: self.child.poll() is not None or self.reports() >= want)

    def whole(self):
        """Each report so far."""
        with open(self.out) as file:
            for line in file:
                if line.endswith("\n"):
                    yield json.loads(line)

    def cpu_ns(self):
        return lib.schedstat(self.child.pid).run

    def memory(self):
        """(resident at most, in the kernel), bytes."""
        kernel = 0
        for fd in os.listdir(f"/proc/{self.child.pid}/fdinfo"):
            with open(f"/proc/{self.child.pid}/fdinfo/{fd}") as file:
                kernel += sum(map(int, re.findall(r"^memlock:\s*(\d+)", file.read(), re.M)))
        return int(lib.status(self.child.pid)["VmHWM"].split()[0]) * 1024, kernel

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(TIMEOUT)


def best(figures):
    """The least disturbed."""
    return min(figures, key=lambda figure: figure.cpu)


def poller():
    out = subprocess.run([os.path.join(BIN, "poller"), STANDIN, "4"], capture_output=True, text=True,
                         check=True).stdout
    return best([Figure(float(wall), float(cpu)) for wall, cpu in
                 re.findall(r"([\d.]+) ms, ([\d.]+) of CPU", out)])


def scrape():
    """(seconds that the second one took, vCPUs in it)"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(os.devnull, "w") as nowhere:
        exporter = lib.start([BINARY, "export", "--listen", f"127.0.0.1:{port}", "--trust-exe",
                              STANDIN], stdout=nowhere, stderr=nowhere)

    def get():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as reply:
                return reply.read()
        except OSError:
            if exporter.poll() is not None:
                raise
            return None

    lib.wait_for("the exporter", get)
    began = time.monotonic()
    text = get()
    took = time.monotonic() - began
    exporter.terminate()
    exporter.wait(TIMEOUT)
    return took, text.count(b'\nstealscope_vcpu_run_seconds_total{domain="crowd-')


def check_counts(traced, crowd, before, vcpus, others):
    """From one standstill, @before, to the next: what was reported is what the kernel counted."""
    delays = crowd.freeze()
    traced.await_reports(2)
    threads, steal = {}, collections.Counter()
    for report in traced.whole():
        for domain in report["domains"]:
            for thread in domain["threads"] if domain["pid"] in delays else ():
                threads[thread["tid"]] = thread
                steal[thread["tid"]] += thread["steal_ns"]
    size = f"{len(crowd.pids)} x {vcpus} + {others}"
    lib.equal(len(set(delays) - set(threads)), 0, f"{size}: every thread is watched")
    lib.equal(sum(thread["role"] == "vcpu" for thread in threads.values()),
              len(crowd.pids) * vcpus, f"{size}: every vCPU is one")
    waited = {tid: delays[tid] - before[tid] for tid in delays}
    idle = sum(not ns for ns in waited.values())
    lib.ok(idle < 0.05 * len(waited), f"{size}: nearly every thread has waited", idle)
    wrong = [(tid, steal[tid], waited[tid]) for tid in delays if steal[tid] != waited[tid]]
    lib.equal((len(wrong), wrong[:3]), (0, []), f"{size}: steal is what schedstat grew by")
    lib.equal(report["trace"]["dropped"], 0, f"{size}: nothing dropped")


def use(traced, interval, seconds):
    """Share of a CPU."""
    traced.await_reports(1)
    cpu, began = traced.cpu_ns(), time.monotonic_ns()
    if interval == 1:
        time.sleep(seconds)
    else:
        traced.await_reports(1)
    return (traced.cpu_ns() - cpu) / (time.monotonic_ns() - began)


def measure(domains, vcpus, others):
    crowd = Crowd(domains, vcpus, others)
    threads = domains * (vcpus + others + 1)
    before = crowd.freeze()
    traced = Traced(lib.temp_dir(), 1)
    row = {"domains": domains, "vcpus": domains * vcpus, "threads": threads}
    traced.await_reports(1)
    crowd.cont()
    row["cpu_1s"] = use(traced, 1, 4)
    figures = traced.figures()  # before everything stands still
    row["resident"], row["kernel"] = traced.memory()
    check_counts(traced, crowd, before, vcpus, others)
    lib.diag(f"resident after {threads} threads stood still at once: "
             f"{traced.memory()[0] / MIB:.1f} MiB")
    lib.equal(traced.end(), 0, "stealscope ends well")
    for what in "scan", "snapshot", "report":
        row[what] = best(figures[what][-4:])
    row["first_scan"] = Figure(*map(sum, zip(figures["survey"][0], figures["scan"][0])))
    row["poll"] = poller()
    if domains == 1000 and others:
        slow = Traced(lib.temp_dir(), 15)
        row["cpu_15s"] = use(slow, 15, 0)
        slow.end()
    row["scrape"], seen = scrape()
    lib.equal(seen, domains * vcpus, "a scrape has every vCPU")
    crowd.end()
    return row


def table(rows):
    head = ("vCPUs", "threads", "first scan", "rescan", "snapshot", "report", "scrape", "poll",
            "resident", "kernel", "CPU at 1 s")
    lib.diag(" | ".join(head) + "   (ms, MiB, %; time on a CPU where it is two figures)")
    for row in rows:
        cells = [row["vcpus"], row["threads"]]
        for what in "first_scan", "scan", "snapshot", "report":
            cells.append("{:.1f} / {:.1f}".format(*row[what]))
        cells += [f"{row['scrape'] * 1e3:.0f}", "{:.1f} / {:.1f}".format(*row["poll"]),
                  f"{row['resident'] / MIB:.1f}", f"{row['kernel'] / MIB:.1f}",
                  f"{row['cpu_1s']:.1%}"]
        lib.diag(" | ".join(map(str, cells)))
        if "cpu_15s" in row:
            lib.diag(f"the same at 15 s: {row['cpu_15s']:.2%}")


def check_growth(rows):
    """From 1,000 vCPUs to the most. Caches, and memory that malloc() gives back and gets anew, allow
    for some (2 to 4 were seen); work by pairs would make it ten."""
    rows = [row for row in rows if row["threads"] > 2 * row["vcpus"] and row["vcpus"] >= 1000]
    if len(rows) < 2:
        return
    small, big = rows[0], rows[-1]
    times = big["threads"] / small["threads"]
    for what in "first_scan", "scan", "snapshot", "report":
        lib.between(big[what].cpu / small[what].cpu / times, 0, 5,
                    f"{what} grows in proportion, {times:.0f} times the threads")


def test():
    global STANDIN
    STANDIN = shutil.copy(os.path.join(BIN, "standin"),
                          os.path.join(lib.temp_dir(), "qemu-system-x86_64"))
    rows = []
    for size in SIZES:
        rows.append(measure(*size))
    table(rows)
    for row in rows:
        if row["threads"] > 4096:
            lib.between(row["kernel"] / row["threads"] / 1024, 0, 12,
                        f"{row['threads']} threads: KiB of kernel memory for each")
        if row["vcpus"] <= 8000:
            lib.between(row["resident"] / MIB, 0, 64, f"{row['threads']} threads: MiB resident")
    check_growth(rows)
    if os.environ.get("SCALE_JSON"):
        with open(os.environ["SCALE_JSON"], "w") as file:
            json.dump(rows, file, indent=1)


lib.main(test)
