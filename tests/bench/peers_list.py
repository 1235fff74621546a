# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The other ways to look at run queue latency, as their users start them."""

import os
import re

from tracers import Nobody, STEALSCOPE, Tracer, empty, host, tool, which


def bpftrace_runqlat():
    """The command, or None. Its #include needs kernel headers, for TASK_RUNNING alone: it goes."""
    script, bpftrace = which("runqlat.bt"), which("bpftrace")
    if not script or not bpftrace:
        return None
    with open(script) as file:
        text = re.sub(r"#include.*\n", "", file.read()).replace("TASK_RUNNING", "0")
    return [bpftrace, "-e", text]


def virsh_domstats(libvirt):
    """A shell that asks every second. What libvirtd does to answer is part of the cost."""
    ask = f"while :; do {which('virsh')} -c qemu:///system domstats --vcpu >/dev/null; sleep 1; done"
    return lambda: Tracer(["/bin/sh", "-c", ask], attaches=False, helpers=[libvirt.child.pid])


def perf_record():
    data = os.path.join(host.temp_dir(), "perf.data")
    return ["perf", "sched", "record", "-a", "-o", data]


def tracing(argv):
    return (lambda: Tracer(argv)) if argv and argv[0] else None


def peers(libvirt):
    """{name: how to start it}; what this host lacks is left out. @libvirt may be None."""
    found = {
        "nobody": Nobody,
        "empty program": empty,
        "stealscope hist 1": tracing([STEALSCOPE, "hist", "1"]),
        "stealscope blame 1": tracing([STEALSCOPE, "blame", "1"]),
        "stealscope top -b 1": tracing([STEALSCOPE, "top", "-b", "1"]),
        "stealscope watch": tracing([STEALSCOPE, "watch", "--over", "10ms"]),
        "runqlat 1": tracing([which("runqlat"), "1"]),
        "runqslower 10000": tracing([which("runqslower"), "10000"]),
        "bpftrace runqlat.bt": tracing(bpftrace_runqlat()),
        "perf sched record": tracing(perf_record()) if which("perf") else None,
        "schedstat poller, 1 s": lambda: Tracer([tool("poller"), "1"], attaches=False),
        "virsh domstats, 1 s": virsh_domstats(libvirt) if libvirt else None,
    }
    return {name: start for name, start in found.items() if start}
