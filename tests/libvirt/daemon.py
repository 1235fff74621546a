# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A libvirtd of the test's own, in a mount namespace of the test's own: its configuration, state,
cache and /dev/kvm are on a tmpfs that goes with the test. What it shares with the host are
processes and cgroups; they are removed at the end.
"""

import ctypes
import glob
import os
import shutil
import signal
import subprocess

from lib import cleanup
from lib import *
from lib.host import TIMEOUT

CLONE_NEWNS = 0x20000
DIRS = ("/etc/libvirt", "/run/libvirt", "/var/lib/libvirt", "/var/log/libvirt",
        "/var/cache/libvirt")
KVM = os.makedev(10, 232)
KERNEL = "/var/lib/libvirt/guest.elf"
PREFIX = "live-"
# QEMU runs as a user without rights, as distributions have it; nobody is everywhere.
QEMU_CONF = 'user = "+65534"\ngroup = "+65534"\nsecurity_driver = "none"\n'
LIBVIRTD_CONF = 'unix_sock_dir = "/run/libvirt"\nauth_unix_rw = "none"\n'

os.environ["PATH"] += ":/usr/sbin:/sbin"


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def _cover(directory):
    """A tmpfs over @directory, which is made if it is not there, and removed again."""
    made = not os.path.isdir(directory)
    os.makedirs(directory, exist_ok=True)
    mount("-t", "tmpfs", "-o", "mode=755", "libvirt", directory)

    def uncover():
        subprocess.run(["umount", "-l", directory], check=True)
        if made:
            os.rmdir(directory)

    cleanup.on_exit(uncover)


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)


def _namespace():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    mount("--make-rprivate", "/")
    for directory in DIRS:
        _cover(directory)
    os.umask(0)
    os.mknod("/run/libvirt/kvm", 0o20666, KVM)
    os.umask(0o022)
    mount("--bind", "/run/libvirt/kvm", "/dev/kvm")
    cleanup.on_exit(lambda: subprocess.run(["umount", "/dev/kvm"], check=True))
    _write("/etc/libvirt/qemu.conf", QEMU_CONF)
    _write("/etc/libvirt/libvirtd.conf", LIBVIRTD_CONF)
    _write("/etc/libvirt/virtlogd.conf", "")
    shutil.copy(os.environ["GUEST"], KERNEL)
    os.environ["XDG_CACHE_HOME"] = "/var/cache/libvirt"


def _machine_cgroups(pattern=""):
    return glob.glob("/sys/fs/cgroup/machine" + pattern) + \
           glob.glob("/sys/fs/cgroup/*/machine" + pattern)


def _end_stale():
    """The domains of a test that was killed so that it could not end them: libvirt's outlive it."""
    for directory in _machine_cgroups(f"/qemu-*-{PREFIX}*.libvirt-qemu"):
        for path, _, _ in os.walk(directory, topdown=False):
            with open(os.path.join(path, "cgroup.procs")) as file:
                for pid in file.read().split():
                    os.kill(int(pid), signal.SIGKILL)


def _remove_cgroups(there):
    """libvirt removes those of its domains, and leaves their parent."""
    for directory in set(_machine_cgroups()) - there:
        wait_for(f"{directory} to empty", lambda: _removed(directory), 10)


def _removed(directory):
    for path, _, _ in os.walk(directory, topdown=False):
        try:
            os.rmdir(path)
        except OSError:
            return False
    return True


class Libvirt:
    """libvirtd and virtlogd, ready for virsh when wait() returns."""

    def __init__(self):
        missing = [tool for tool in ("libvirtd", "virtlogd", "virsh") if not shutil.which(tool)]
        if missing:
            skip_all(f"{', '.join(missing)}: not installed (make deps-libvirt)")
        if accel() != "kvm":
            skip_all("needs KVM")
        _end_stale()
        there = set(_machine_cgroups())
        cleanup.on_exit(lambda: _remove_cgroups(there))
        _namespace()
        self.log = "/var/log/libvirt/libvirtd.log"
        self.question = None
        self._start("virtlogd", "/etc/libvirt/virtlogd.conf")
        self.child = self._start("libvirtd", "/etc/libvirt/libvirtd.conf")

    def _start(self, program, config):
        with open(self.log, "a") as log:
            child = start([program, "--pid-file", f"/run/libvirt/{program}.pid", "--config",
                           config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def end():
            child.terminate()
            child.wait(TIMEOUT)

        cleanup.on_exit(end)
        return child

    def ready(self):
        """It answers only when it has asked every QEMU what it can do."""
        if self.child.poll() is not None:
            with open(self.log) as log:
                raise ChildProcessError(f"libvirtd exited: {log.read()}")
        if not os.path.exists("/run/libvirt/libvirt-sock"):
            return False
        if self.question is None or self.question.poll():
            self.question = start(["virsh", "-q", "version"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self.question.poll() == 0

    def wait(self):
        wait_for("libvirtd", self.ready, 300)
