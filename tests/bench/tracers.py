# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who traces while a load runs: started, awaited, measured, ended."""

import os
import shutil
import signal
import subprocess
import sys
import time

for neighbour in "", "libvirt":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", neighbour))

from lib import cleanup, host  # noqa: E402

BIN = os.environ.get("BENCH_BIN", "build/tests/bench")
STEALSCOPE = os.environ.get("STEALSCOPE", "build/stealscope")
WATCHED = os.path.realpath(os.path.join(BIN, "qemu-load"))
TRACEFS = "/sys/kernel/tracing"
TICK = os.sysconf("SC_CLK_TCK")


def tool(name):
    return os.path.join(BIN, name)


def which(*names):
    """The first of these programs that is installed, or None."""
    path = os.environ["PATH"] + ":/usr/sbin:/usr/share/bpftrace/tools"
    return next(filter(None, (shutil.which(name, path=path) for name in names)), None)


def stealscope(*args):
    return [STEALSCOPE, *args]


def prepare():
    """This process stays off the CPU of the loads. bpftrace and perf ask tracefs for the
    tracepoints' numbers: where it is not mounted it is, as long as this runs."""
    cleanup.install()
    host.leave_work_cpu()
    if not os.path.isdir(f"{TRACEFS}/events"):
        subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACEFS], check=True)
        cleanup.on_exit(lambda: subprocess.run(["umount", "-l", TRACEFS], check=True))


class Tracer:
    """A process that traces, from when all its programs are attached until end(). CPU time of
    @helpers, processes that work for it, is its own."""

    def __init__(self, argv, attaches=True, helpers=()):
        self.helpers = helpers
        self.child = host.start(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        self.pid = self.child.pid
        if attaches:
            self._await()
        self.began = time.monotonic()
        self.cpu_began = self.cpu_seconds()

    def _fds(self):
        links = []
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                links.append(os.readlink(f"/proc/{self.pid}/fd/{fd}"))
            except FileNotFoundError:
                pass
        return sorted(links)

    def _await(self):
        """It holds links, or perf's events, and opens no more."""
        def attached():
            if self.child.poll() is not None:
                raise ChildProcessError(f"{self.child.args[0]} ended: {self.child.returncode}")
            before = self._fds()
            if not any("bpf_link" in link or "perf_event" in link for link in before):
                return False
            time.sleep(0.3)
            return self._fds() == before

        host.wait_for(f"{self.child.args[0]} to attach", attached)

    def cpu_seconds(self):
        """User and system time so far, that of ended children included."""
        ticks = 0
        for pid in self.pid, *self.helpers:
            with open(f"/proc/{pid}/stat") as file:
                ticks += sum(map(int, file.read().rsplit(")", 1)[1].split()[11:15]))
        return ticks / TICK

    def cpu_percent(self):
        return 100 * (self.cpu_seconds() - self.cpu_began) / (time.monotonic() - self.began)

    def rss_kib(self):
        return int(host.status(self.pid)["VmRSS"].split()[0])

    def map_kib(self):
        """Kernel memory of its BPF maps."""
        total, seen = 0, set()
        for fd in os.listdir(f"/proc/{self.pid}/fdinfo"):
            try:
                with open(f"/proc/{self.pid}/fdinfo/{fd}") as file:
                    info = dict(line.split(":", 1) for line in file if ":" in line)
            except FileNotFoundError:
                continue
            if "map_id" in info and info["map_id"] not in seen:
                seen.add(info["map_id"])
                total += int(info["memlock"])
        return total // 1024

    def end(self):
        self.child.send_signal(signal.SIGINT)
        try:
            self.child.wait(host.TIMEOUT)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Nobody:
    """The machine as it is."""
    pid = None

    def cpu_percent(self):
        return None

    def rss_kib(self):
        return None

    def map_kib(self):
        return None

    def end(self):
        pass


def empty():
    return Tracer([tool("attach"), tool("empty.bpf.o")])


__all__ = ["BIN", "Nobody", "STEALSCOPE", "Tracer", "WATCHED", "cleanup", "empty", "host",
           "prepare", "stealscope", "tool", "which"]
