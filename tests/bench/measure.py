# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Loads that do nothing but switch, what they cost, and what medians say of that."""

import contextlib
import fcntl
import os
import statistics
import subprocess

from tracers import Nobody, cleanup, host, tool

CPU = str(host.work_cpu())
LOCK = os.environ.get("BENCH_LOCK", "/run/lock/stealscope-live.lock")


@contextlib.contextmanager
def alone():
    """Nothing else that wants the machine for itself runs meanwhile."""
    with open(LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def median(values):
    return statistics.median(values)


def spread(values):
    """Lower and upper quartile."""
    if len(values) < 2:
        return values[0], values[0]
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, upper


def cpu_ns(argv):
    """CPU time of a command and its children."""
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise ChildProcessError(f"{argv}: {child.returncode}")
    return 1e9 * (usage.ru_utime + usage.ru_stime)


def perf_pipe(loops):
    """CPU nanoseconds per operation (two switches, two wakeups) of two processes on one CPU."""
    return cpu_ns(["taskset", "-c", CPU, "perf", "bench", "sched", "pipe", "-l", str(loops)]) / loops


def messaging(loops):
    """hackbench's load: CPU seconds of 4 groups of 20 senders and 20 receivers on one CPU."""
    return cpu_ns(["taskset", "-c", CPU, "perf", "bench", "sched", "messaging", "-g", "4",
                   "-l", str(loops)]) / 1e9


def output(argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def load(kind, threads, seconds, name="load"):
    """Nanoseconds per switch of tests/bench/load.c."""
    return float(output([tool(name), kind, CPU, str(threads), str(seconds)]))


def wakeups(seconds, workers=8):
    """Wakeup latency: median, 99th percentile; CPU time per wakeup. Nanoseconds."""
    return tuple(map(int, output([tool("wakeups"), CPU, str(workers), str(seconds)]).split()))


def program_ns(pids, seconds):
    """{pid: {program: (runs, ns per run)}} over the next seconds."""
    programs = {pid: {} for pid in pids}
    for line in output([tool("bpfstat"), str(seconds), *map(str, pids)]).splitlines():
        pid, name, runs, ns = line.split()
        programs[int(pid)][name] = int(runs), float(ns)
    return programs


def hook_ns(programs, hook):
    """Nanoseconds per occurrence of a tracepoint, of all programs that are on it."""
    return sum(ns for name, (_, ns) in programs.items() if name.endswith(hook))


@contextlib.contextmanager
def running(*loads):
    """Loads (name, kind, threads) in the background, settled."""
    children = [host.start([tool(name), kind, CPU, str(threads), "60"],
                           stdout=subprocess.DEVNULL) for name, kind, threads in loads]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()


__all__ = ["CPU", "Nobody", "alone", "cleanup", "cpu_ns", "hook_ns", "load", "median", "messaging",
           "output", "perf_pipe", "program_ns", "running", "spread", "wakeups"]
