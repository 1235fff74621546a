# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A stretch of time at whose ends all guests are paused: every figure of it is exact."""

import collections
import time

from .host import busy_ns
from .scope import Scope
from .tap import between, diag, equal, near, ok

CAUSES = ("quota", "vm", "self", "host", "kernel", "idle", "phantom", "unknown")
MAX_UNKNOWN = 0.005


def same_clock(name, before, after, delay, tolerance):
    """
    Between two looks (Guest.clock_lag()) the guest's own steal clock grew as schedstat did, by
    @delay: how far it lags is constant, so that both ranges hold the same number.
    """
    apart = max(before[0], after[0]) - min(before[1], after[1])
    ok(apart <= tolerance * delay, f"{name}: the guest's own steal clock grows as schedstat does",
       (before, after, delay))
    loose = max(before[1] - before[0], after[1] - after[0])
    ok(loose <= 0.05 * delay, f"{name}: and was read closely enough to tell", loose)


class Window:
    """
    With hist (and @options) and blame running, let the @guests go for the time of a with statement:

        wall_ns     how long
        span_ns     the same, until the last of them stood still
        stolen(…)   the causes of what a vCPU lost, checked against schedstat and blame
        thieves(…)  who took it
    """

    def __init__(self, *guests, blame=True, options=()):
        self.guests = guests
        self._stop()
        self.hist = Scope(*options)
        self.blame = Scope(command="blame") if blame else None

    def _stop(self):
        for guest in self.guests:  # all at once, for they compete
            guest.qmp.command("stop")
        for guest in self.guests:
            guest.stop()

    def _schedstats(self):
        return {tid: guest.schedstat(vcpu) for guest in self.guests
                for vcpu, tid in enumerate(guest.tids)}

    def __enter__(self):
        self._before = self._schedstats()
        self._busy = busy_ns()
        self._begin = time.monotonic_ns()
        for guest in self.guests:
            guest.cont()
        return self

    def __exit__(self, *failure):
        self.wall_ns = time.monotonic_ns() - self._begin
        self.busy_ns = busy_ns() - self._busy
        self._stop()
        self.span_ns = time.monotonic_ns() - self._begin
        self._after = self._schedstats()
        self.hist.settle()
        self.hist.finish()
        breaks = sum(report["trace"]["chain_breaks"] for report in self.hist.reports)
        diag(f"{breaks} chain breaks")
        if self.blame:
            self.blame.settle()
            self.blame.finish()

    def grown(self, guest, vcpu=0):
        """(run, delay) of schedstat."""
        before, after = (stats[guest.tids[vcpu]] for stats in (self._before, self._after))
        return after.run - before.run, after.delay - before.delay

    def others_ns(self, *runs):
        """What the work CPU spent on anybody else but those who ran there for so long."""
        return max(0, self.busy_ns - sum(runs))

    def thieves(self, guest, vcpu=0):
        """Who took the vCPU's CPU, as blame tells: [(thief, ns)], the worst first."""
        taken = collections.Counter()
        for report in self.blame.reports:
            for row in report["blame"]:
                if row["victim"].get("tid") == guest.tids[vcpu]:
                    taken[tuple(sorted(row["thief"].items()))] += row["ns"]
        return [(dict(thief), ns) for thief, ns in taken.most_common()]

    def taken_by(self, guest, vcpu=0, **thief):
        """Nanoseconds of the thieves of which all this is true."""
        return sum(ns for row, ns in self.thieves(guest, vcpu) if thief.items() <= row.items())

    def stolen(self, name, guest, vcpu=0, unknown=MAX_UNKNOWN):
        """{cause: ns}. What must be true of every vCPU is tested, the share of @unknown, too."""
        name = f"{name}: {guest.name}/{vcpu}"
        total = self.hist.total(guest.pid, guest.tids[vcpu])
        causes = {cause: total["cause." + cause] for cause in CAUSES}
        _, delay = self.grown(guest, vcpu)
        near(total["steal_ns"], delay, 1e-4, f"{name}: steal = schedstat")
        equal(sum(causes.values()), total["steal_ns"], f"{name}: the causes sum to the steal")
        between(causes["unknown"] / max(1, delay), 0, unknown, f"{name}: unknown")
        diag({cause: f"{100 * ns / self.wall_ns:.2f} %" for cause, ns in causes.items() if ns})
        self._histograms(name, guest.pid, guest.tids[vcpu])
        if self.blame:
            self._compare(name, guest, vcpu, causes)
        return causes

    def _histograms(self, name, pid, tid):
        """The buckets of every interval hold its sum, and the highest one its maximum."""
        wrong = []
        for _, _, thread in self.hist.threads(pid):
            if thread["tid"] != tid:
                continue
            for kind, waits in thread["waits"].items():
                buckets = waits["buckets"]
                least = sum(low * count for low, _, count in buckets)
                most = sum(high * count for _, high, count in buckets)
                low, high = buckets[-1][:2] if buckets else (0, 1)
                if not (least <= waits["sum_ns"] <= most and low <= waits["max_ns"] < high):
                    wrong.append((kind, waits))
        equal(wrong, [], f"{name}: the buckets hold what they count")

    def _compare(self, name, guest, vcpu, causes):
        rows = self.thieves(guest, vcpu)
        blamed = {cause: sum(ns for thief, ns in rows if thief["cause"] == cause)
                  for cause in CAUSES}
        off = sum(abs(blamed[cause] - ns) for cause, ns in causes.items())
        # Two tracers: what is hidden from them need not be the same.
        slack = 2 * max(blamed["unknown"], causes["unknown"])
        ok(off <= 1e-3 * sum(causes.values()) + slack, f"{name}: blame's rows sum to the causes",
           (blamed, causes))
