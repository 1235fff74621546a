#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
What other kernels' types make of the programs, without booting them: btf.t OBJECT RELOCATIONS DIR

DIR is what tests/kernels/fetch filled. A kernel's types are in its image, kvm's in the module, or on
arm64 in the image as well.
"""

import glob
import gzip
import lzma
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lib import *

# Documentation/arch/x86/boot.rst: setup_sects, payload_offset and payload_length
SETUP_SECTS, PAYLOAD = 0x1f1, 0x248
# struct btf_header (include/uapi/linux/btf.h): magic, version, flags, hdr_len; four lengths follow
BTF_HEADER = b"\x9f\xeb\x01\x00\x18\x00\x00\x00"


def decompress(data):
    if data.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMADecompressor().decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):  # what follows the frame is not its
        return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=False).stdout
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    return data


def kernel(path):
    """The kernel proper of a bzImage, or of what it is when it is none."""
    with open(path, "rb") as file:
        image = file.read()
    if image[0x202:0x206] != b"HdrS" and image[0x202:0x204] != b"Hd":
        return decompress(image)
    offset, length = struct.unpack_from("<II", image, PAYLOAD)
    start = (image[SETUP_SECTS] + 1) * 512 + offset
    return decompress(image[start:start + length])


def types(data):
    """The BTF in it: the longest there is that is one by its header."""
    found, at = b"", data.find(BTF_HEADER)
    while at >= 0:
        type_off, type_len, str_off, str_len = struct.unpack_from("<IIII", data, at + 8)
        size = 24 + str_off + str_len
        if type_off == 0 and str_off == type_len and len(found) < size <= len(data) - at:
            found = data[at:at + size]
        at = data.find(BTF_HEADER, at + 1)
    return found


def one(pattern):
    paths = glob.glob(pattern, recursive=True)
    if len(paths) != 1:
        raise RuntimeError(f"{pattern}: {paths}")
    return paths[0]


def built_in(directory):
    with open(one(f"{directory}/boot/config-*")) as file:
        return "CONFIG_KVM=y\n" in file.read()


def write(directory, name, data):
    path = os.path.join(directory, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def faults(tool, object_file, directory):
    with tempfile.TemporaryDirectory() as where:
        own = types(kernel(one(f"{directory}/boot/vmlinuz-*")))
        kvm = b""
        if not built_in(directory):
            with open(one(f"{directory}/lib/modules/*/kernel/arch/*/kvm/kvm.ko*"), "rb") as file:
                kvm = types(decompress(file.read()))
            if not kvm:
                return "no types found in kvm"
        if not own:
            return "no types found"
        run = subprocess.run([tool, object_file, write(where, "vmlinux", own), write(where, "kvm", kvm)],
                             capture_output=True, text=True, check=False)
        return run.stdout if run.returncode in (0, 1) else run.stderr or str(run.returncode)


def test():
    object_file, tool, fetched = sys.argv[1:]
    if os.geteuid():
        skip_all("needs root: libbpf makes maps before it relocates")
    packages = sorted(glob.glob(f"{fetched}/*/package"))
    ok(len(packages) >= 2, "there are kernels", packages)
    for path in packages:
        with open(path) as file:
            package = file.read().strip()
        found = faults(tool, object_file, os.path.dirname(path))
        ok(not found, f"{package}: nothing is missing or of another width", found)


main(test)
