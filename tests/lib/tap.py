# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The Test Anything Protocol. A skipped test says so twice: to prove, and in a comment."""

import sys
import traceback


class SkipAll(Exception):
    """Nothing of this file can run here."""


_count = 0
_failed = 0


def diag(text):
    for line in str(text).splitlines():
        print("#", line, flush=True)


def complain(text):
    """On both streams: a harness that only counts hides the one, a pipe the other."""
    diag(text)
    for line in text.splitlines():
        print("#", line, file=sys.stderr, flush=True)


def ok(condition, name, detail=None):
    """One test; @detail, if any, is shown when it fails. Returns the condition."""
    global _count, _failed
    _count += 1
    print("ok" if condition else "not ok", _count, "-", name, flush=True)
    if not condition:
        _failed += 1
        complain(name if detail is None else f"{name}: {detail}")
    return bool(condition)


def equal(got, want, name):
    return ok(got == want, name, f"got {got!r}, want {want!r}")


def between(got, low, high, name):
    """The figure is shown when it passes, too: how near it came is worth knowing."""
    figure = f"{got:.6g} in [{low:.6g}, {high:.6g}]"
    passed = ok(low <= got <= high, name, figure)
    if passed:
        diag(figure)
    return passed


def near(got, want, relative, name):
    slack = abs(want) * relative
    off = (got - want) / want if want else float(got != want)
    figure = f"got {got}, want {want} within {relative:%}: off by {off:.6%}"
    passed = ok(abs(got - want) <= slack, name, figure)
    if passed:
        diag(figure)
    return passed


def skip(name, why):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)
    diag(f"SKIPPED: {name}: {why}")


def skip_all(why):
    raise SkipAll(why)


def run(test):
    """Run @test and print the plan. Returns the exit status."""
    try:
        test()
    except SkipAll as why:
        if not _count:
            print(f"1..0 # SKIP {why}", flush=True)
            return 0
        skip("the rest", why)
    except Exception:
        ok(False, "no exception", traceback.format_exc())
    print(f"1..{_count}", flush=True)
    return 1 if _failed else 0
