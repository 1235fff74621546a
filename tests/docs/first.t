#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The first live test of CONTRIBUTING.md, run as it stands there."""

import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "CONTRIBUTING.md")

with open(PATH) as file:
    exec(compile(re.search(r"```python\n(.*?)```", file.read(), re.S).group(1), PATH, "exec"))
