# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Threads that are moved about while they run and wait."""

import itertools
import os
import threading

from .host import other_cpu, work_cpu

EVERY = 0.01


class Mover:
    """
    Moves threads from one of two CPUs to the other, over and over, for the time of a with; or does
    something else to each, one of @steps after the other.
    """

    def __init__(self, *tids, steps=None):
        self.tids = list(tids)
        self._steps = steps or [lambda tid: os.sched_setaffinity(tid, {other_cpu()}),
                                lambda tid: os.sched_setaffinity(tid, {work_cpu()})]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        for step in itertools.cycle(self._steps):
            if self._over.wait(EVERY):
                return
            for tid in list(self.tids):
                try:
                    step(tid)
                except ProcessLookupError:
                    self.tids.remove(tid)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *failure):
        self._over.set()
        self._thread.join()
