# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the live tests share: TAP, cleaning up, guests, and the program under test."""

from .tap import between, diag, equal, near, ok, skip, skip_all
from .host import (Cgroup, Hog, Stat, accel, busy_ns, other_cpu, run_times, schedstat, start,
                   status, tasks, temp_dir, wait_for, work_cpu)
from .guest import Guest
from .scope import Scope, tool
from .vm import Vm
from .window import CAUSES, Window, same_clock
from .main import main
