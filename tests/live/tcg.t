#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCG guests are found by QEMU's executable, their vCPUs by name, and measured the same way."""

import time

from lib import *


def test():
    guest = Guest("live-tcg", accel="tcg", vcpus=2, thread_names=True)
    hog = Hog("live-hog")
    guest.stop()
    scope = Scope()
    starts = [guest.schedstat(index) for index in (0, 1)]
    guest.cont()
    time.sleep(2)
    guest.stop()
    scope.settle()
    ends = [guest.schedstat(index) for index in (0, 1)]
    equal(scope.finish(), 0, "exit status")
    hog.end()
    seen = {thread["index"]: thread["tid"] for _, _, thread in scope.threads(guest.pid)
            if thread["role"] == "vcpu"}
    equal(seen, dict(enumerate(guest.tids)), "indexes and threads as QEMU says")
    accels = {domain["accel"] for _, domain, _ in scope.threads(guest.pid)}
    equal(accels, {"tcg"}, "accel is tcg")
    for index, (start, end) in enumerate(zip(starts, ends)):
        total = scope.total(guest.pid, guest.tids[index])
        near(total["steal_ns"], end.delay - start.delay, 1e-4,
             f"vCPU {index}: steal = run delay of schedstat")
    nameless = Guest("live-tcg-nameless", accel="tcg", thread_names=False)
    status_, out, _ = tool("list", "--json")
    equal(status_, 0, "list succeeds")
    ok(f'"pid":{nameless.pid}' in out.replace(" ", ""), "without thread names it is found, too")


main(test)
