# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The commands that a document shows."""

import collections

Command = collections.namedtuple("Command", "text output")


def of_readme(path):
    """Each "$ COMMAND" in a block of console, with the lines that follow it."""
    commands, inside = [], False
    for line in open(path):
        line = line.rstrip("\n")
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            commands.append(Command(line[2:], []))
        elif inside:
            commands[-1].output.append(line)
    return commands


def of_page(path):
    """Each block that begins with "# COMMAND"; its other lines belong to the command."""
    commands, block = [], None
    for line in open(path):
        line = line.rstrip("\n")
        if line == "```":
            if block and block[0].startswith("# "):
                commands.append(Command("\n".join(block)[2:], []))
            block = [] if block is None else None
        elif block is not None:
            block.append(line)
    return commands
