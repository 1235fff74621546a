# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""virsh, and what it prints as values."""

import re
import subprocess


def virsh(*arguments):
    done = subprocess.run(["virsh", "-q", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"virsh {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def _fields(text, separator):
    pairs = (line.split(separator, 1) for line in text.splitlines() if separator in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _pins(text):
    """Rows "0    1-2" as {"0": "1-2"}."""
    return dict(re.findall(r"^ *(\d+) +([\d,-]+)$", text, re.M))


def vcpupin(name):
    return {int(vcpu): cpus for vcpu, cpus in _pins(virsh("vcpupin", name)).items()}


def emulatorpin(name):
    return virsh("emulatorpin", name).strip()


def iothreadinfo(name):
    return {f"iothread{number}": cpus
            for number, cpus in _pins(virsh("iothreadinfo", name)).items()}


def vcpuinfo(name):
    """{vCPU: CPUs it may run on}, as the kernel says to libvirt."""
    text = virsh("vcpuinfo", name, "--pretty")
    numbers = re.findall(r"^VCPU:\s*(\d+)$", text, re.M)
    cpus = re.findall(r"^CPU Affinity:\s*(\S+)", text, re.M)
    return dict(zip(map(int, numbers), cpus, strict=True))


def schedinfo(name, **changes):
    """What applies now, after @changes."""
    options = [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    fields = _fields(virsh("schedinfo", name, "--live", *options), ":")
    return {key: int(value) for key, value in fields.items() if key != "Scheduler"}


def delays(name):
    """vcpu.N.delay of domstats, ns, by N."""
    stats = _fields(virsh("domstats", name, "--vcpu"), "=")
    found = {re.fullmatch(r"vcpu\.(\d+)\.delay", key): value for key, value in stats.items()}
    return {int(match[1]): int(value) for match, value in found.items() if match}
