# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The program under test."""

import collections
import json
import os
import signal
import subprocess
import tempfile
import threading

from . import host

BINARY = os.environ.get("STEALSCOPE", "build/stealscope")


def tool(*arguments, timeout=host.TIMEOUT, **popen):
    """Run it to its end: (exit status, stdout, stderr)."""
    child = host.start([BINARY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       stdin=subprocess.DEVNULL, text=True, **popen)
    out, err = child.communicate(timeout=timeout)
    return child.returncode, out, err


class Scope:
    """
    stealscope hist --json 1 (or another command), running. Its reports are collected as they come.
    A window that both begins and ends while the watched guests are paused is exact: sum over all
    reports.
    """

    def __init__(self, *options, command="hist"):
        self.reports = []
        self.garbage = []
        self._news = threading.Condition()
        self._errors = tempfile.TemporaryFile("w+")
        self.child = host.start([BINARY, command, "--json", *options, "1"], text=True,
                                stdout=subprocess.PIPE, stderr=self._errors,
                                stdin=subprocess.DEVNULL)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.settle(1)

    def _read(self):
        for line in self.child.stdout:
            with self._news:
                try:
                    self.reports.append(json.loads(line))
                except ValueError:
                    self.garbage.append(line)
                self._news.notify_all()

    def stderr(self):
        self._errors.seek(0)
        return self._errors.read()

    def _alive(self):
        if self.child.poll() is not None:
            raise ChildProcessError(
                f"stealscope exited with {self.child.returncode}: {self.stderr()}")

    def wait(self, what, predicate):
        """Until a report comes for which @predicate is true; it is returned."""
        seen = 0

        def found():
            nonlocal seen
            self._alive()
            with self._news:
                new, seen = self.reports[seen:], len(self.reports)
            return next((report for report in new if predicate(report)), None)

        return host.wait_for(what, found)

    def settle(self, reports=2):
        """Until so many more reports came: then all that happened before is in them."""
        want = len(self.reports) + reports

        def enough():
            self._alive()
            return len(self.reports) >= want

        host.wait_for(f"{reports} more reports", enough)

    def finish(self):
        """As ^C does. Returns the exit status."""
        self.child.send_signal(signal.SIGINT)
        self.child.wait(host.TIMEOUT)
        self._reader.join(host.TIMEOUT)
        return self.child.returncode

    def threads(self, pid):
        """(report, domain, thread) of every thread of the domain with process @pid."""
        for report in self.reports:
            for domain in report["domains"]:
                if domain["pid"] == pid:
                    for thread in domain["threads"]:
                        yield report, domain, thread

    def total(self, pid, tid):
        """What grows, summed over all reports for one thread, and the last of the rest."""
        total = collections.Counter()
        for _, _, thread in self.threads(pid):
            if thread["tid"] != tid:
                continue
            total["run_ns"] += thread["run_ns"]
            total["steal_ns"] += thread["steal_ns"]
            total["merged"] += thread["merged"]
            for cause, ns in thread.get("cause_ns", {}).items():
                total["cause." + cause] += ns
            for wait in thread["waits"].values():
                total["waits"] += wait["count"]
                total["sum_ns"] += wait["sum_ns"]
                total["bucket_count"] += sum(bucket[2] for bucket in wait["buckets"])
            for field in ("run_delay_ns", "waiting_ns"):
                if field in thread:
                    total[field] = thread[field]
        return total


def pids(report):
    return {domain["pid"] for domain in report["domains"]}
