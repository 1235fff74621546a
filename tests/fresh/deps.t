#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What make check MORE=PART installs at its start is all that the part needs, on whatever machine."""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests"))

from lib import *

PACKAGES = re.compile(r"missing=\$\(for p in (.*?); do")


def installs(*arguments):
    out = subprocess.run(["make", "-n", *arguments], cwd=TOP, check=True, capture_output=True, text=True,
                         env={"PATH": os.environ["PATH"]}).stdout
    return {package for names in PACKAGES.findall(out) for package in names.split()}


def test():
    with open(f"{TOP}/.ci/run") as file:
        parts = re.search(r'MORE="(.*?)"', file.read()).group(1).split()
    together = installs("deps", f"MORE={' '.join(parts)}")
    for part in parts:
        if part == "scale":
            continue  # needs nothing more
        needs = installs(f"deps-{part}")
        ok(needs, f"deps-{part} installs something")
        equal(needs - installs("deps", f"MORE={part}"), set(), f"MORE={part} installs what deps-{part} does")
        equal(needs - together, set(), "… and so beside the others")


main(test)
