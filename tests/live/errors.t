#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What stealscope does when it cannot do what it is asked."""

import json
import os
import re
import shutil
import signal
import subprocess

from lib import *
from lib.scope import BINARY

NOBODY = 65534
BAD = (["--nonsense"], ["nonsense"], ["hist", "--by", "nonsense"], ["hist", "abc"],
       ["hist", "-1"], ["hist", "1", "2", "3"], ["hist", "1", "x"], ["hist", "-d"])


def usage():
    for arguments in BAD:
        code, out, err = tool(*arguments)
        ok(code == 2 and err and not out, f"{' '.join(arguments)}: exit 2, told on stderr only",
           (code, out, err))
    for option in ("--help", "--version"):
        code, out, err = tool(option)
        ok(code == 0 and out and not err, f"{option}: exit 0, on stdout", (code, out, err))


def no_privilege():
    binary = os.path.join(temp_dir(), "stealscope")
    shutil.copy(BINARY, binary)
    os.chmod(binary, 0o755)
    code, out, err = tool("hist", "1", "1", user=NOBODY, group=NOBODY, extra_groups=[],
                          executable=binary, cwd="/")
    equal(code, 3, "without privilege: exit 3")
    ok(re.search(r"root|CAP_BPF|privilege", err), "… and what is missing", err)
    equal(out, "", "… and nothing on stdout")


def container():
    """In another PID namespace the kernel's thread numbers mean nothing."""
    run = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", BINARY, "hist", "1", "1"],
                         capture_output=True, text=True, timeout=60)
    equal(run.returncode, 3, "in a container: exit 3")
    ok("--pid=host" in run.stderr and run.stderr.count("\n") == 1, "… and how to do it, on one line",
       run.stderr)
    equal(run.stdout, "", "… and nothing on stdout")


def running(*arguments):
    return start([BINARY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                 stdin=subprocess.DEVNULL, text=True)


def closed_pipe():
    child = running("hist", "--json", "1")
    child.stdout.readline()
    child.stdout.close()
    equal((child.wait(30), child.stderr.read()), (0, ""),
          "a closed pipe ends it: who reads has seen enough")


def full_disk():
    with open("/dev/full", "w") as full:
        child = start([BINARY, "hist", "--json", "1", "2"], stdout=full, stderr=subprocess.PIPE,
                      stdin=subprocess.DEVNULL, text=True)
        _, err = child.communicate(timeout=30)
    equal(child.returncode, 1, "a full disk: exit 1")
    ok("space" in err, "… and why", err)


def interrupted(guest):
    """Without an interval it gathers until ^C, then prints."""
    for options, name in ((["--json"], "JSON"), ([], "text")):
        child = running("hist", *options)
        wait_for("tracing to begin", lambda: child.poll() is not None or traces(child.pid))
        run = guest.schedstat().run
        wait_for("the guest to run", lambda: guest.schedstat().run - run > 2e8)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
        equal(child.returncode, 0, f"^C, {name}: exit 0")
        ok(guest.name in out, f"^C, {name}: prints what was gathered", (out, err))
        if options:
            check_gathered(out, guest)


def check_gathered(out, guest):
    lines = out.splitlines()
    if not equal(len(lines), 1, "^C, JSON: one line"):
        return
    runs = [thread["run_ns"] for domain in json.loads(lines[0])["domains"]
            if domain["pid"] == guest.pid
            for thread in domain["threads"] if thread["tid"] == guest.tids[0]]
    ok(runs and runs[0] > 1e8, "^C, JSON: the vCPU's run time is in it", runs)


def traces(pid):
    """Whether the process has BPF programs attached and listens for ^C."""
    caught = int(status(pid)["SigCgt"], 16) | int(status(pid)["SigBlk"], 16)
    try:
        links = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        return False
    return caught >> (signal.SIGINT - 1) & 1 and any("bpf" in link for link in links)


def nothing_there():
    code, out, err = tool("hist", "-d", "no such domain", "1", "1")
    equal(code, 0, "no domain matches: exit 0")
    ok(re.search(r"\bno\b.*(domain|machine|VM|guest)", out + err, re.I), "… and says so", out + err)
    domains = json.loads(tool("list", "--json")[1])["domains"]
    if domains:
        return skip("a host without VMs", "another's VM runs here")
    code, out, err = tool("hist", "1", "1")
    equal(code, 0, "a host without VMs: exit 0")
    ok(re.search(r"\bno\b.*(domain|machine|VM|guest)", out + err, re.I), "… and says so", out + err)


def impostor():
    """A user's program that calls itself QEMU and its thread a vCPU."""
    path = os.path.join(temp_dir(), "qemu-system-x86_64")
    shutil.copy(os.environ["HOG"], path)
    os.chmod(path, 0o755)
    os.chown(os.path.dirname(path), NOBODY, NOBODY)
    os.chown(path, NOBODY, NOBODY)
    for comm in ("CPU 0/KVM", "CPU 0/TCG"):
        fake = Hog(comm, "-name", "guest=prod", executable=path, argv0="qemu-system-x86_64",
                   user=NOBODY)
        for command, want in (["list"], False), (["hist", "0.1", "1", "--trust-exe", path], True):
            domains = json.loads(tool(*command, "--json")[1])["domains"]
            equal(fake.pid in {domain["pid"] for domain in domains}, want,
                  f"{comm}: " + ("a domain where its program is trusted" if want else "no domain"))
        fake.end()


def test():
    usage()
    no_privilege()
    container()
    nothing_there()
    impostor()
    full_disk()
    guest = Guest("live-errors")
    closed_pipe()
    interrupted(guest)


main(test)
