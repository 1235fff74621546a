# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""QEMU's machine protocol, as much of it as the tests use."""

import json
import socket


def connect(path, timeout):
    """None while nobody listens there yet."""
    channel = socket.socket(socket.AF_UNIX)
    channel.settimeout(timeout)
    try:
        channel.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        channel.close()
        return None
    return channel


class Qmp:
    def __init__(self, channel):
        self.file = channel.makefile("rw")
        self._receive()
        self.command("qmp_capabilities")

    def _receive(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("QEMU closed its monitor")
        return json.loads(line)

    def command(self, name, **arguments):
        """The answer to @name; events in between are skipped."""
        self.file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            message = self._receive()
            if "error" in message:
                raise RuntimeError(f"{name}: {message['error']['desc']}")
            if "return" in message:
                return message["return"]
