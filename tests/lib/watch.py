# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""stealscope watch --json, running."""

import json
import re
import signal
import subprocess
import tempfile
import time

from . import host
from .scope import BINARY


class Watch:
    """Its lines go to files, so that it never waits for a reader."""

    def __init__(self, *options):
        self._out, self._err = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.child = host.start([BINARY, "watch", "--json", "-v", *options], stdout=self._out,
                                stderr=self._err, stdin=subprocess.DEVNULL, text=True)
        host.wait_for("watch to be ready", self._ready)

    def _ready(self):
        """It says nothing before the first wait: its programs are loaded once it blocks signals."""
        if self.child.poll() is not None:
            raise ChildProcessError(f"watch exited with {self.child.returncode}: {self.stderr()}")
        return int(host.status(self.child.pid)["SigBlk"], 16) & 1 << signal.SIGINT - 1

    def stderr(self):
        self._err.seek(0)
        return self._err.read()

    def lost(self):
        """Waits that it says it did not show."""
        return sum(map(int, re.findall(r"(\d+) waits were not shown", self.stderr())))

    def finish(self, guest):
        """Give it the time for its last look, then end it. The lines of @guest's vCPUs."""
        time.sleep(1.5)
        self.child.send_signal(signal.SIGINT)
        self.child.wait(host.TIMEOUT)
        self._out.seek(0)
        lines = [json.loads(line) for line in self._out]
        return [line for line in lines if line["victim"]["tid"] in guest.tids]
