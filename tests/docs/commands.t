#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Every command of the README, CONTRIBUTING and the man pages, run literally and in order, on a host with the
guests that they mention. What they install goes into a sandbox.
"""

import glob
import os
import re
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))

from commands import of_page, of_readme
from lib import *
from lib.scope import BINARY

ENDLESS = re.compile(r"stealscope( (top|export\b.*|watch\b.*|hist|blame)( \d+)?)?$")
NODE_EXPORTER = "/var/lib/prometheus/node-exporter"
EXPORTER = ("127.0.0.1", 10917)
TEXTFILE = re.compile(r"--textfile (\S+)")
# What speaks of the guests; a word at the beginning of a line or after "stealscope".
TELLS = re.compile(r"stealscope( (hist|top|list|blame|watch)\b.*)?$|/metrics$", re.M)
# What does not fit into this test, and why.
ELSEWHERE = {
    "make check": "it is running",
    "sudo make check-live LIVE_TESTS=tests/live/exact.t": "needs a CPU without these guests",
    "tests/kernels/fetch build/kernels 6.1": "see make check-kernels",
    "make check-kernels KERNELS=6.1 KERNEL_TESTS=tests/live/exact.t": "boots another kernel",
}
VICTIM = "web-01"
headings = set()


def shims(directory):
    """sudo for who is root already, and stealscope until it is installed."""
    path = os.path.join(directory, "sudo")
    with open(path, "w") as file:
        file.write('#!/bin/sh\nexec "$@"\n')
    os.chmod(path, 0o755)
    os.symlink(BINARY, os.path.join(directory, "stealscope"))
    os.environ["PATH"] = f"/usr/local/sbin:/usr/sbin:{os.environ['PATH']}:{directory}"


def shell(text):
    out = open(os.path.join(temp_dir(), "out"), "w+")
    child = start(["bash", "-o", "pipefail", "-c", f"exec {text}" if is_endless(text) else text],
                  stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                  process_group=0, cwd=TOP)
    return child, out


def is_endless(text):
    return ENDLESS.search(text)


def listens():
    with socket.socket() as probe:
        return probe.connect_ex(EXPORTER) == 0


def awaits_interrupt(child):
    """The program itself, not the shell that is about to become it."""
    state = status(child.pid)
    if state["Name"] != "stealscope":
        return False
    return (int(state["SigCgt"], 16) | int(state["SigBlk"], 16)) >> (signal.SIGINT - 1) & 1


def read(out):
    out.seek(0)
    return out.read()


def interrupt(child, out, command):
    child.send_signal(signal.SIGINT)
    equal(child.wait(60), 0, f"{command.text}  [until ^C]")
    check_output(command, read(out))


def shows_by_itself(command, out):
    """What an endless command shows before ^C, if it does."""
    where = TEXTFILE.search(command.text)
    if where:
        return os.path.exists(where.group(1))
    if re.search(r"(top|watch)\b", command.text):
        return VICTIM in read(out)
    return True


def run(command):
    """To its end, or where it has none until ^C; an exporter goes on: it is returned."""
    child, out = shell(command.text)
    if not is_endless(command.text):
        code = child.wait(600)
        ok(code == 0, command.text, (code, read(out)[-3000:]))
        check_output(command, read(out))
        return None
    exporter = command.text.endswith("export")
    wait_for(f"{command.text} to trace", lambda: child.poll() is not None or
             (listens() if exporter else awaits_interrupt(child)))
    wait_for(f"{command.text} to show something", lambda: child.poll() is not None or
             shows_by_itself(command, out))
    if exporter:
        return child, out, command
    interrupt(child, out, command)
    return None


def check_output(command, got):
    """It speaks of who is there, and column headings as shown are what it prints now."""
    where = TEXTFILE.search(command.text)
    if where:
        with open(where.group(1)) as file:
            ok(f'domain="{VICTIM}"' in file.read(), f"… {VICTIM} is in the file")
    elif "stealscope export" in command.text:
        ok("serving metrics on http://127.0.0.1:10917/metrics" in got, "… it says where", got[:3000])
    elif TELLS.search(command.text):
        ok(VICTIM in got, f"… {VICTIM} is in it", got[:3000])
    lines = {" ".join(line.split()) for line in got.splitlines()}
    for line in command.output:
        if re.fullmatch(r"[A-Z][A-Z0-9%]+(\s+[A-Z][A-Z0-9%]+){3,}", line):
            ok(" ".join(line.split()) in lines, f"… {line}", got[:3000])
            headings.add(line)


def run_all(commands):
    exporter = None
    for command in commands:
        if command.text in ELSEWHERE:
            skip(command.text, ELSEWHERE[command.text])
            continue
        exporter = run(command) or exporter
    if exporter:
        interrupt(*exporter)


def test():
    shims(temp_dir())
    os.makedirs(NODE_EXPORTER, exist_ok=True)
    ok(of_readme(f"{TOP}/README.md"), "the README has commands")
    guests = [Guest(VICTIM), Guest("db-02")]
    # Beside it waits are longer than any threshold in the examples.
    backup = Hog("backup-job")
    os.setpriority(os.PRIO_PROCESS, backup.pid, -20)
    run_all(of_readme(f"{TOP}/README.md"))
    between(len(headings), 2, 100, "headings that the README shows")
    run_all(of_readme(f"{TOP}/CONTRIBUTING.md"))
    for page in sorted(glob.glob(f"{TOP}/docs/*.scd.in")):
        commands = of_page(page)
        ok(commands, f"{os.path.basename(page)} has examples")
        run_all(commands)
    for guest in guests:
        guest.child.kill()


if os.geteuid() == 0 and "STEALSCOPE_SANDBOX" not in os.environ:
    os.execv(f"{HERE}/sandbox", ["sandbox", sys.executable, os.path.abspath(__file__)])
main(test)
