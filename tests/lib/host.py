# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The host: its CPUs and cgroups, what the kernel counts, and processes of our own."""

import collections
import os
import shutil
import signal
import subprocess
import tempfile
import time

from . import cleanup

PREFIX = "stealscope-live-"
# How long anything may take before it counts as never. In an emulated machine whose CPUs are busy,
# the kernel takes a minute to verify the programs.
TIMEOUT = 300 if os.environ.get("STEALSCOPE_THROWAWAY_MACHINE") else 60

Stat = collections.namedtuple("Stat", "run delay count")


def wait_for(what, predicate, timeout=TIMEOUT):
    """The first true value of @predicate; TimeoutError, naming @what, if none comes."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for {what}")
        time.sleep(0.01)


def accel():
    """"kvm" where it works, else "tcg"."""
    forced = os.environ.get("STEALSCOPE_LIVE_ACCEL")
    if forced:
        return forced
    return "kvm" if os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


def work_cpu():
    """The CPU that tests compete for. The others are where everything else of a test runs."""
    return _WORK_CPU


def other_cpu():
    """A second CPU, where the test itself runs, too; None on a host with one CPU."""
    return min(_CPUS - {_WORK_CPU}, default=None)


def busy_ns(cpu=None):
    """What a CPU (that tests compete for) has spent on anything, in the kernel's ticks of 10 ms."""
    with open("/proc/stat") as file:
        fields = next(line.split()[1:] for line in file
                      if line.startswith(f"cpu{work_cpu() if cpu is None else cpu} "))
    user, nice, system, _idle, _iowait, irq, softirq = map(int, fields[:7])
    return (user + nice + system + irq + softirq) * 10_000_000


_CPUS = os.sched_getaffinity(0)
_WORK_CPU = max(_CPUS)


def leave_work_cpu():
    """This process and its children stay off the CPU that tests compete for, if they can."""
    os.sched_setaffinity(0, _CPUS - {_WORK_CPU} or _CPUS)


def temp_dir():
    """A new directory that anyone may enter."""
    path = tempfile.mkdtemp(prefix=PREFIX)
    os.chmod(path, 0o755)
    cleanup.on_exit(lambda: shutil.rmtree(path, ignore_errors=True))
    return path


def start(argv, **popen):
    """A child that ends with this test, whatever ends the test."""
    child = subprocess.Popen(argv, preexec_fn=cleanup.die_with_parent, **popen)

    def end():
        if child.poll() is None:
            child.kill()
        child.wait()

    cleanup.on_exit(end)
    return child


def tasks(pid):
    return sorted(int(tid) for tid in os.listdir(f"/proc/{pid}/task"))


def schedstat(tid):
    """Nanoseconds on a CPU, nanoseconds runnable off it, times on a CPU."""
    with open(f"/proc/{tid}/schedstat") as file:
        return Stat(*map(int, file.read().split()))


def status(tid):
    """/proc/TID/status as a dictionary."""
    with open(f"/proc/{tid}/status") as file:
        return {key: value.strip() for key, value in (line.split(":", 1) for line in file)}


def run_times():
    """{(process, thread): nanoseconds on a CPU} of all that there are."""
    runs = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for tid in tasks(pid):
                runs[int(pid), tid] = schedstat(tid).run
        except (FileNotFoundError, ProcessLookupError):
            pass
    return runs


class Hog:
    """A process that burns CPU on one CPU under a name of its own."""

    def __init__(self, comm, *ignored, cpu=_WORK_CPU, executable=None, argv0="hog", user=None):
        self.child = start([argv0, comm, *ignored], executable=executable or os.environ["HOG"],
                           user=user)
        self.pid = self.child.pid
        os.sched_setaffinity(self.pid, {cpu})
        wait_for("the hog's name", lambda: status(self.pid)["Name"] == comm)

    def schedstat(self):
        return schedstat(self.pid)

    def stop(self):
        self.child.send_signal(signal.SIGSTOP)

    def cont(self):
        self.child.send_signal(signal.SIGCONT)

    def end(self):
        self.child.kill()
        self.child.wait()


def _cpu_controller():
    """(where, version) of the cgroup CPU controller; (None, 0) without one."""
    if os.path.exists("/sys/fs/cgroup/cpu/tasks"):
        return "/sys/fs/cgroup/cpu", 1
    try:
        with open("/sys/fs/cgroup/cgroup.subtree_control") as file:
            return ("/sys/fs/cgroup", 2) if "cpu" in file.read().split() else (None, 0)
    except FileNotFoundError:
        return None, 0


class Cgroup:
    """A cgroup with the CPU controller, v1 or v2, below @parent or the root."""

    root, version = _cpu_controller()

    def __init__(self, name, parent=None):
        base = parent.dir if parent else self.root
        if self.version == 2 and parent:
            self.write(base, "cgroup.subtree_control", "+cpu")
        self.dir = os.path.join(base, PREFIX + name)
        os.mkdir(self.dir)
        cleanup.on_exit(lambda: remove_cgroup(self.dir))

    @property
    def path(self):
        """As /proc/PID/cgroup shows it."""
        return self.dir[len(self.root):]

    @staticmethod
    def write(directory, name, value):
        with open(os.path.join(directory, name), "w") as file:
            file.write(str(value))

    def limit(self, quota_us, period_us):
        if self.version == 1:
            self.write(self.dir, "cpu.cfs_period_us", period_us)
            self.write(self.dir, "cpu.cfs_quota_us", quota_us)
        else:
            self.write(self.dir, "cpu.max", f"{quota_us} {period_us}")

    def weigh(self, weight):
        """cpu.shares (v1) or cpu.weight (v2)."""
        self.write(self.dir, "cpu.shares" if self.version == 1 else "cpu.weight", weight)

    def add(self, pid):
        """A process with all its threads."""
        self.write(self.dir, "cgroup.procs", pid)

    def make_threaded(self):
        """Let it take single threads of a process that is in its parent."""
        if self.version == 2:
            self.write(self.dir, "cgroup.type", "threaded")

    def add_thread(self, tid):
        self.write(self.dir, "tasks" if self.version == 1 else "cgroup.threads", tid)

    def throttled_ns(self):
        with open(os.path.join(self.dir, "cpu.stat")) as file:
            stat = {key: int(value) for key, value in (line.split() for line in file)}
        return stat["throttled_time"] if self.version == 1 else 1000 * stat["throttled_usec"]


def remove_cgroup(directory):
    """Whoever is still in it goes to the root, or is on his way out."""
    def removed():
        try:
            os.rmdir(directory)
        except FileNotFoundError:
            return True
        except OSError:
            pass
        try:
            with open(os.path.join(directory, "cgroup.procs")) as file:
                for pid in file.read().split():
                    Cgroup.write(Cgroup.root, "cgroup.procs", pid)
            os.rmdir(directory)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    wait_for(f"{directory} to empty", removed, 10)


def remove_stale():
    """What a test left that was killed so that it could not clean up. Call it with the lock held."""
    if Cgroup.root:
        for directory, _, _ in os.walk(Cgroup.root, topdown=False):
            if os.path.basename(directory).startswith(PREFIX):
                remove_cgroup(directory)
    for name in os.listdir(tempfile.gettempdir()):
        if name.startswith(PREFIX):
            shutil.rmtree(os.path.join(tempfile.gettempdir(), name), ignore_errors=True)
