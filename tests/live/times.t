#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the benchmark asks for: hooks that are timed see what the others see."""

import re
import time

from lib import *


def test():
    hog = Hog("live-hog")
    guest = Guest("live-timed")
    window = Window(guest, options=("--times",))
    with window:
        time.sleep(1)
    hog.end()
    causes = window.stolen("timed", guest)
    ok(causes["host"] > 0.2 * window.wall_ns, "timed: the hog is what it waits for", causes)
    runs = dict(re.findall(r"^(\w+): longest run \d+ ns, \d+ of (\d+) over", window.hist.stderr(),
                           re.MULTILINE))
    equal(sorted(runs), ["migrate", "switch", "wakeup"], "each hook says how long it ran")
    for hook in "switch", "wakeup":
        ok(int(runs[hook]) > 0, f"{hook}: it ran", runs)


main(test)
