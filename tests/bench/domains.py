# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two domains that the tools look at: libvirt's where it is installed, so that it can be asked, too."""

import shutil

from tracers import host

from daemon import Libvirt  # found by tracers
from lib import Guest
from machine import Machine

NAMES = "live-web-01", "live-db-02"


def domains(append, cpu):
    """(libvirt or None, [both])."""
    if host.accel() == "kvm" and shutil.which("libvirtd") and shutil.which("virsh"):
        libvirt = Libvirt()
        libvirt.wait()
        return libvirt, [Machine(name, append=append, cpu=cpu).start() for name in NAMES]
    return None, [Guest(name, append=append, cpu=cpu) for name in NAMES]
