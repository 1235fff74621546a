# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A virtual machine that starts while hist runs and others do their worst."""

from .guest import Guest
from .tap import between, equal

MISSED = 0.5e9  # what a vCPU runs and waits before it is switched in inside KVM: QEMU's start


def newcomer(hist, vcpus=2):
    """Whatever is said of it is said of its right name and vCPUs. The guest, paused."""
    guest = Guest("live-newcomer", vcpus=vcpus)
    hist.settle()
    guest.stop()
    hist.settle()
    seen = {(domain["name"], thread["tid"], thread["role"], thread.get("index"))
            for _, domain, thread in hist.threads(guest.pid) if thread["tid"] in guest.tids}
    equal(seen, {("live-newcomer", tid, "vcpu", vcpu) for vcpu, tid in enumerate(guest.tids)},
          "newcomer: its name, and who is which")
    for vcpu, tid in enumerate(guest.tids):
        had, stat = hist.total(guest.pid, tid), guest.schedstat(vcpu)
        between(stat.run + stat.delay - had["run_ns"] - had["steal_ns"], -1e6, MISSED,
                f"newcomer: vCPU {vcpu} is watched from its first switch inside KVM")
    return guest
