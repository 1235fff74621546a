# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A domain of libvirt's that runs the project's guest (tests/guest)."""

import os
import shutil
import tempfile
import xml.etree.ElementTree as xml

import daemon
from virsh import virsh
from lib import Guest, wait_for, work_cpu
from lib.guest import CPU_MODEL

QBOOT = "/usr/share/qemu/qboot.rom"
# What the XML cannot say of a CPU is said to QEMU.
XML = """
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{name}</name>
  <memory unit='MiB'>16</memory>
  <vcpu cpuset='{cpus}'>{vcpus}</vcpu>
  <iothreads>{iothreads}</iothreads>
  <cputune>{cputune}</cputune>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>{loader}
    <kernel>{kernel}</kernel>
    <cmdline>{append}</cmdline>
  </os>
  <devices>
    <emulator>{qemu}</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
  <qemu:commandline>
    <qemu:arg value='-cpu'/><qemu:arg value='{model}'/>{arguments}
  </qemu:commandline>
</domain>
"""


class Machine(Guest):
    """
    Defined in libvirt; start() it. Its vCPUs run on @cpu, everything else of it where the test
    does, unless @cputune, XML, says more.
    """

    def __init__(self, name, append="spin", vcpus=1, cpu=work_cpu(), iothreads=0, cputune=None,
                 arguments=()):
        self.name = name
        others = ",".join(map(str, sorted(os.sched_getaffinity(0))))
        if cputune is None:
            cputune = f"<emulatorpin cpuset='{others}'/>"
        self._define(XML.format(
            name=name, append=append, vcpus=vcpus, cpus=cpu, iothreads=iothreads, cputune=cputune,
            kernel=daemon.KERNEL, qemu=shutil.which("qemu-system-x86_64"), model=CPU_MODEL["kvm"],
            loader=f"<loader type='rom'>{QBOOT}</loader>" if os.path.exists(QBOOT) else "",
            arguments="".join(f"<qemu:arg value='{argument}'/>" for argument in arguments)))
        self.uuid = virsh("domuuid", name).strip()
        daemon.cleanup.on_exit(self._undefine)
        self.pid = None

    def _define(self, text):
        with tempfile.NamedTemporaryFile("w", dir="/run/libvirt", suffix=".xml") as file:
            file.write(text)
            file.flush()
            virsh("define", file.name)

    def _undefine(self):
        for command in ("destroy", "undefine"):
            try:
                virsh(command, self.name)
            except RuntimeError:
                pass  # it is not running, or not defined any more

    def start(self, *options):
        virsh("start", self.name, *options)
        self.find_vcpus()
        return self

    def find_vcpus(self):
        """As libvirt wrote it down."""
        root = xml.parse(f"/run/libvirt/qemu/{self.name}.xml").getroot()
        self.pid = int(root.get("pid"))
        by_index = {int(vcpu.get("id")): int(vcpu.get("pid")) for vcpu in root.find("vcpus")}
        self.tids = [by_index[index] for index in sorted(by_index)]
        return by_index

    def stop(self):
        virsh("suspend", self.name)
        wait_for("the vCPUs to come to rest", self._at_rest)

    def cont(self):
        virsh("resume", self.name)

    def quit(self):
        virsh("destroy", self.name)

    def cgroup(self, tid):
        """Of the CPU controller, as /proc shows it."""
        with open(f"/proc/{tid}/cgroup") as file:
            by_controllers = {line.split(":")[1]: line.rstrip("\n").split(":", 2)[2]
                              for line in file}
        v1 = [path for names, path in by_controllers.items() if "cpu" in names.split(",")]
        return v1[0] if v1 else by_controllers[""]
