# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A virtual machine without QEMU: tests/live/vm.c."""

import os
import shutil
import signal
import subprocess
import time

from . import host

VM = os.path.join(os.path.dirname(os.environ.get("HOG", "build/tests/live/hog")), "vm")


def disguised():
    """A copy of it that is called like QEMU: then its word on its name counts."""
    return shutil.copy(VM, os.path.join(host.temp_dir(), "qemu-system-vm"))


class Vm:
    """One vCPU, which is the main thread and loops on @cpu, and @threads that sleep."""

    def __init__(self, threads, *program, cpu=host.work_cpu(), options=(), executable=VM):
        self.child = host.start([executable, *options, str(threads), *program],
                                stdin=subprocess.DEVNULL)
        self.pid = self.child.pid
        os.sched_setaffinity(self.pid, {cpu})
        host.wait_for("the vm's threads", lambda: self._complete(threads + 1))

    def _complete(self, threads):
        if self.child.poll() is not None:
            raise ChildProcessError(f"vm exited with {self.child.returncode}")
        return len(self.tids()) >= threads  # kvm can have one of its own there

    def tids(self):
        return host.tasks(self.pid)

    def schedstat(self, tid=None):
        return host.schedstat(tid or self.pid)

    def run_for(self, seconds):
        """Until its vCPU has had the CPU for so long."""
        start = self.schedstat().run
        host.wait_for("the vm to run", lambda: self.schedstat().run - start > seconds * 1e9)

    def stop(self):
        """Its counters stand from here on."""
        self.child.send_signal(signal.SIGSTOP)
        self.wait_stopped()
        host.wait_for("the vm to leave its CPU", self._at_rest)

    def wait_stopped(self):
        host.wait_for("the vm to stop", lambda: host.status(self.pid)["State"].startswith("T"))

    def _at_rest(self):
        before = self.schedstat()
        time.sleep(0.05)
        return before == self.schedstat()

    def cont(self):
        self.child.send_signal(signal.SIGCONT)

    def leave(self):
        """Become the program, or end."""
        self.child.send_signal(signal.SIGUSR1)

    def quit(self):
        self.leave()
        return self.child.wait(host.TIMEOUT)

    def kill(self):
        self.child.kill()
        self.child.wait()
