# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A QEMU process that runs the project's guest (tests/guest)."""

import os
import subprocess
import time

from . import host
from .qmp import Qmp, connect

ARM = os.uname().machine == "aarch64"
QEMU = os.environ.get("QEMU", f"qemu-system-{os.uname().machine}")
CPU_MODEL = ({"kvm": "host", "tcg": "cortex-a57"} if ARM else
             {"kvm": "qemu64,-pni,+kvm-steal-time", "tcg": "qemu64"})


class Guest:
    """
    A running guest. Its vCPUs are pinned to @cpu (None: not at all), all other threads run where
    the test does. With @append the guest is told what to do, see tests/guest/options.h.
    """

    def __init__(self, name, append="spin", vcpus=1, cpu=host.work_cpu(), accel=None,
                 thread_names=None, uuid=None, smp=None, extra=(), running=True):
        self.name = name
        self.accel = accel or host.accel()
        if thread_names is None:
            thread_names = self.accel == "tcg"  # by nothing else a TCG vCPU is known
        self.cpu = cpu
        self.dir = host.temp_dir()
        self.child = host.start(self._argv(append, smp or str(vcpus), thread_names, uuid, extra),
                                stdin=subprocess.DEVNULL)
        self.pid = self.child.pid
        self.qmp = Qmp(self._connect("qmp"))
        self.serial = self._connect("serial").makefile("rwb", buffering=0)
        self.tids = []
        self.find_vcpus()
        if running:
            self.boot()

    def _argv(self, append, smp, thread_names, uuid, extra):
        threads = "on" if thread_names else "off"
        argv = [QEMU, "-name", f"guest={self.name},debug-threads={threads}",
                "-accel", self.accel, "-cpu", CPU_MODEL[self.accel], "-smp", smp, "-m", "16",
                "-nodefaults", "-no-user-config", "-display", "none", "-S",
                "-kernel", os.environ.get("GUEST", "build/guest/guest.elf"), "-append", append,
                "-qmp", f"unix:{self.dir}/qmp,server=on,wait=off",
                "-serial", f"unix:{self.dir}/serial,server=on,wait=off", *extra]
        if ARM:
            argv += ["-machine", "virt,gic-version=max"]
        elif os.path.exists("/usr/share/qemu/qboot.rom"):  # boots forty times faster
            argv += ["-bios", "qboot.rom"]
        return argv + (["-uuid", uuid] if uuid else [])

    def _connect(self, name):
        def attempt():
            if self.child.poll() is not None:
                raise ChildProcessError(f"QEMU exited with {self.child.returncode}")
            return connect(os.path.join(self.dir, name), host.TIMEOUT)

        return host.wait_for(f"QEMU's {name} socket", attempt)

    def find_vcpus(self):
        """The threads of the vCPUs, by index, as QEMU says; each is pinned."""
        answer = self.qmp.command("query-cpus-fast")
        by_index = {cpu["cpu-index"]: cpu["thread-id"] for cpu in answer}
        self.tids = [by_index[index] for index in sorted(by_index)]
        if self.cpu is not None:
            for tid in self.tids:
                os.sched_setaffinity(tid, {self.cpu})
        return by_index

    def boot(self):
        self.cont()
        while self._line() != "ready":
            pass

    def _line(self):
        line = self.serial.readline()
        if not line:
            raise ConnectionError(f"guest {self.name} closed its serial port")
        return line.decode().strip()

    def ask(self):
        """What the guest says now: {vCPU: {"ns": its steal clock or None, "clock": …, …}}."""
        self.serial.write(b"?")
        answer = {}
        while (line := self._line()) != "end":
            word, *fields = line.split()
            if word != "steal":
                continue
            values = {key: int(value) if value.isdigit() else None
                      for key, value in (field.split("=") for field in fields)}
            answer[values.pop("cpu")] = values
        return answer

    def clock_lag(self, vcpu=0, asked=20):
        """
        (least, most) nanoseconds that schedstat is ahead of the guest's own steal clock, which was
        read between two looks at schedstat. Both are one number as soon as no wait ended meanwhile;
        while others compete, and on RT kernels, that moment may never come.
        """
        least, most = float("-inf"), float("inf")
        while asked and least != most:
            least = max(least, self.schedstat(vcpu).delay - (ns := self.ask()[vcpu]["ns"]))
            most = min(most, self.schedstat(vcpu).delay - ns)
            asked -= 1
        return least, most

    def schedstat(self, vcpu=0):
        return host.schedstat(self.tids[vcpu])

    def stop(self):
        """Pause the guest and wait until its vCPU threads are asleep: their counters stand."""
        self.qmp.command("stop")
        host.wait_for("the vCPUs to come to rest", self._at_rest)

    def _at_rest(self):
        """A vCPU thread that sleeps may still be woken once more, to see that it is paused."""
        before = [host.schedstat(tid) for tid in self.tids]
        time.sleep(0.05)
        return (all(host.status(tid)["State"].startswith("S") for tid in self.tids) and
                before == [host.schedstat(tid) for tid in self.tids])

    def cont(self):
        self.qmp.command("cont")

    def quit(self):
        self.qmp.command("quit")
        self.child.wait(host.TIMEOUT)
