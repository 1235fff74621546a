# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A test file's frame: one at a time on this host, everything cleaned up."""

import fcntl
import os
import sys

from . import cleanup, host, tap

LOCK = "/run/lock/stealscope-live.lock"


def main(test):
    if os.geteuid() != 0:
        print("1..0 # SKIP live tests need root")
        sys.exit(0)
    cleanup.install()
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    host.remove_stale()
    host.leave_work_cpu()
    if host.accel() != "kvm":
        tap.diag("no /dev/kvm: the guests run under TCG")
    sys.exit(tap.run(test))
