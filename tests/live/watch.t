#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
watch shows every wait over the threshold, with what it was made of, and no other; what it may
not show it counts. How many there were is known from the histograms: the threshold is an edge of
their buckets.
"""

import json
import os
import subprocess
import time

from lib import *
from lib.scope import BINARY
from lib.watch import Watch

WINDOW = 2
OVER = 1 << 20


def waits_over(window, guest):
    """As hist counts them."""
    return sum(count for _, _, thread in window.hist.threads(guest.pid)
               if thread["tid"] == guest.tids[0]
               for wait in thread["waits"].values()
               for low, _, count in wait["buckets"] if low >= OVER)


def look(guest, *options):
    """
    (lines, lost, how many there must be of both). A vCPU that is paused when the program starts is
    known as one once it has entered KVM: the first wait can be one of just some thread.
    """
    window = Window(guest, blame=False)
    watch = Watch("--over", f"{OVER}ns", *options)
    with window:
        time.sleep(WINDOW)
    lines = watch.finish(guest)
    if lines and lines[0]["victim"]["role"] == "emulator":
        lines[0]["victim"].update(role="vcpu", index=0)
    return lines, watch.lost(), waits_over(window, guest)


def right(line, guest, hog):
    """What must be true of every line; a list of what is not."""
    named = [thief["ns"] for thief in line["thieves"]]
    by_cause = {cause: sum(thief["ns"] for thief in line["thieves"] if thief["cause"] == cause)
                for cause in CAUSES}
    rules = {
        "schema": line["schema"] == "stealscope.watch/1",
        "victim": line["victim"] == {"domain": guest.name, "uuid": None, "pid": guest.pid,
                                     "role": "vcpu", "index": 0, "tid": guest.tids[0]},
        "cpu": line["cpu"] == work_cpu(),
        "kind": line["kind"] in ("wakeup", "preempt"),
        "threshold": line["wait_ns"] >= OVER,
        "causes": set(line["cause_ns"]) == set(CAUSES),
        "sum": sum(line["cause_ns"].values()) == line["wait_ns"],
        "order": named == sorted(named, reverse=True),
        "thieves": all(ns <= line["cause_ns"][cause] for cause, ns in by_cause.items()),
        "hog": any(thief.get("pid") == hog.pid and thief["comm"] == "live-hog"
                   for thief in line["thieves"]),
    }
    return [rule for rule, kept in rules.items() if not kept]


def test():
    hog, guest = Hog("live-hog"), Guest("live-watched")
    lines, lost, want = look(guest, "--rate", "100000")
    ok(want >= 50, "there were long waits", want)
    equal((len(lines), lost), (want, 0), "each has a line, none is lost")
    wrong = [(right(line, guest, hog), line) for line in lines]
    hogless = [line for rules, line in wrong if rules == ["hog"]]
    ok(len(hogless) <= 0.1 * len(lines), "nearly all are the hog's", hogless[:3])
    wrong = [(rules, line) for rules, line in wrong if rules and rules != ["hog"]]
    ok(not wrong, "what they say is right", wrong[:3])
    ok(any(line["kind"] == "preempt" for line in lines), "a spinning vCPU is preempted")

    recording = os.path.join(temp_dir(), "recording")
    lines, lost, want = look(guest, "--rate", "100000", "--record", recording)
    again = subprocess.run([BINARY, "watch", "--json", "-i", recording], capture_output=True, text=True)
    equal([json.loads(line) for line in again.stdout.splitlines()], lines,
          "a recording gives the same lines again")
    equal((again.returncode, again.stderr), (0, ""), "… and no complaint")

    lines, lost, want = look(guest, "--rate", "5")
    between(len(lines), 1, 5 * (WINDOW + 2), "at most so many lines in a second")
    ok(lost > 0, "the others are not shown")
    ok(len(lines) + lost >= want, "but counted, of all domains that there are", (lost, want))
    lines, lost, want = look(guest, "-d", "live-other")
    equal(len(lines), 0, "-d leaves out other domains")


main(test)
