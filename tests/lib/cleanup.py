# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Nothing is left behind, however a test ends."""

import atexit
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)
_stack = []


def on_exit(undo):
    """Call @undo when the test ends, last registered first."""
    _stack.append(undo)


def die_with_parent(sig=signal.SIGKILL):
    _libc.prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)


def _unwind():
    while _stack:
        try:
            _stack.pop()()
        except Exception as error:
            print(f"# cleanup: {error!r}", file=sys.stderr)


def _on_signal(number, _frame):
    _unwind()
    os._exit(128 + number)


def install():
    atexit.register(_unwind)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _on_signal)
    die_with_parent(signal.SIGTERM)
