#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
arm64 shows stores in any order: what the loader reads while a hook writes stands between exchanges,
which order. An addition whose result is not used does not, and compilers make one of any such.

usage: order.t OBJECT, the programs for arm64
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lib import *

# Documentation/bpf/standardization/instruction-set.rst, 6.12: STX | ATOMIC | W, and in imm what it does
ADD, XCHG = "00 00 00 00", "e1 00 00 00"
SEQ = "00 00"  # struct slot.seq is its first member


def atomics(listing, offset, imm):
    return re.findall(rf"^.*\bc3 .. {offset} {imm}\b.*$", listing, re.M)


def test():
    listing = subprocess.run(["llvm-objdump", "-d", sys.argv[1]], capture_output=True, text=True,
                             check=True).stdout
    equal(atomics(listing, SEQ, ADD), [], "no sequence is counted up by an addition without order")
    ok(len(atomics(listing, SEQ, XCHG)) >= 2, "but by exchanges")


main(test)
