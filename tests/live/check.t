#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
What check, and a command that would trace, say of hosts that cannot be booted here: no BTF, no
SCHED_INFO, lockdown, no KVM, a kernel that refuses the programs. Mounts in a namespace of its own simulate each; the
program is the real one.
"""

import json
import os
import subprocess

from lib import *
from lib.scope import BINARY

BTF = "/sys/kernel/btf"
# What is asked of a kernel's types, as clang writes it.
TYPES = """
struct sched_info { unsigned long pcount; %(queued)s };
struct sched_entity { void *cfs_rq; };
struct bpf_local_storage_map { %(storage)s };
struct cfs_rq { %(throttled)s };
struct rq { %(rq)s };
struct task_struct { void *bpf_storage; struct sched_entity se; struct sched_info sched_info; };
typedef void (*btf_trace_sched_switch)(void *);
struct { struct task_struct a; struct bpf_local_storage_map b; struct cfs_rq c; struct rq e;
         btf_trace_sched_switch d; } all;
"""
MODERN = {"queued": "unsigned long long last_queued;", "storage": "int bpf_ma;",
          "throttled": "unsigned long long throttled_clock_self_time;", "rq": "int cpu;"}


def btf(**fields):
    """A command that puts a kernel's types with other fields in the place of this kernel's."""
    path = os.path.join(temp_dir(), "types.o")
    subprocess.run([os.environ.get("CLANG", "clang"), "-g", "-target", "bpf", "-c", "-x", "c", "-",
                    "-o", path], input=TYPES % {**MODERN, **fields}, text=True, check=True)
    return f"mount --bind {path} {BTF}/vmlinux"


def file_as(target, text):
    """A command that puts a file with @text in the place of another."""
    path = os.path.join(temp_dir(), "file")
    with open(path, "w") as file:
        file.write(text)
    return f"mount --bind {path} {target}"


def empty(*directories):
    return " && ".join(f"mount -t tmpfs none {path}" for path in directories)


def on_host(mounts, *arguments):
    """Run the program where @mounts, a shell command, was run: (exit status, stdout, stderr)."""
    run = subprocess.run(["unshare", "--mount", "sh", "-ec", f'{mounts}; exec "$0" "$@"', BINARY,
                          *arguments], capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout, run.stderr


def findings(mounts):
    """(exit status, {what: finding})."""
    code, out, err = on_host(mounts, "check", "--json")
    if not out:
        raise RuntimeError(f"check: {code}, {err}")
    return code, {finding["what"]: finding for finding in json.loads(out)["findings"]}


def impossible(name, mounts, what, detail):
    code, found = findings(mounts)
    equal((code, found[what]["verdict"]), (3, "missing"), f"{name}: check says so, exit 3")
    ok(detail in found[what]["detail"] and found[what]["advice"], f"{name}: what, and what to do",
       found[what])
    return found[what]


def not_traced(name, mounts, what, detail):
    """Where the kernel itself cannot be traced as it looks now, nobody pretends to."""
    finding = impossible(name, mounts, what, detail)
    for command in ("hist", "blame"):
        code, out, err = on_host(mounts, command, "1", "1")
        equal((code, out, err.count("\n")), (3, "", 1), f"{name}: {command} exits 3, one line")
        ok(detail in err and finding["advice"] in err, f"{name}: {command} says why", err)


def limited(name, mounts, what, detail):
    code, found = findings(mounts)
    equal(found[what]["verdict"], "limited", f"{name}: limited")
    ok(detail in found[what]["detail"], f"{name}: how", found[what])
    return code


def test():
    if subprocess.run(["unshare", "--mount", "true"]).returncode:
        skip_all("no mount namespace can be made here")
    code, found = findings("true")
    equal((code, "missing" in {finding["verdict"] for finding in found.values()}), (0, False),
          "this host can be traced")
    equal(found["programs"]["verdict"], "ok", "since the kernel takes the programs")
    code, found = findings(btf())
    equal([found[what]["verdict"] for what in ("run delay", "quota", "new vCPUs", "run time")],
          ["ok"] * 4, "and so could one of these types")
    equal((code, found["programs"]["verdict"]), (3, "missing"), "but the kernel has the last word")
    not_traced("no BTF", empty(BTF), "BTF", "no /sys/kernel/btf/vmlinux")
    not_traced("no SCHED_INFO", btf(queued=""), "run delay", "CONFIG_SCHED_INFO")
    lockdown = file_as("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n")
    impossible("lockdown", empty("/sys/kernel/security") +
               " && touch /sys/kernel/security/lockdown && " + lockdown, "lockdown",
               "confidentiality")
    limited("old task storage", btf(storage="int none;"), "new vCPUs", "some 100 ms after")
    limited("no throttled time", btf(throttled="int none;"), "quota", "a lower bound")
    for fields, detail in (("int prev_irq_time;", "time that interrupts take"),
                           ("int prev_steal_time_rq;", "time that a hypervisor below takes"),
                           ("int prev_irq_time, prev_steal_time_rq;",
                            "time that interrupts and a hypervisor below take")):
        limited(fields, btf(rq=fields), "run time", detail)
    equal(limited("no KVM", empty("/sys/module", "/dev"), "KVM", "not loaded"), 0, "exit 0")
    equal(limited("hidepid", "mount -t proc -o hidepid=2 proc /proc", "/proc", "hidepid"), 0, "exit 0")


main(test)
