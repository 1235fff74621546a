#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Clients of the exporter that mean no good: they open connections and say nothing, guess passwords, come
by a name of their own; and what somebody who has taken the exporter over would find in it.
"""

import base64
import glob
import http.client
import os
import re
import shutil
import socket
import subprocess
import threading
import time

from lib import *
from lib.exporter import Exporter

# htpasswd -nbBC 12 alice secret
HASH = "$2b$12$Ut1P.LTFIVLlVxZTeO3SguFuyjNtMLdoUqNBTQjxLU/Sd8fluAGne"
HEADER_SECS = 5  # src/http/connections.h
SHARE = 1 / 4    # src/http/checks.h
# What the kernel side and the loader both write, and no addresses in it.
MAY_WRITE = {"slots", ".data.control", "requests"}


def ask(exporter, path="/metrics", source="127.0.0.1", headers=(), timeout=60):
    """The status of the answer."""
    channel = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=timeout,
                                         source_address=(source, 0))
    channel.request("GET", path, headers=dict(headers))
    with channel.getresponse() as reply:
        reply.read()
        return reply.status


def login(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def slow_clients(exporter):
    """More than there are places, who send half a request each: they are in each other's way only."""
    channels = [socket.create_connection(("127.0.0.1", exporter.port)) for _ in range(200)]
    for channel in channels:
        channel.send(b"GET /metrics HTTP/1.1\r\nX: ")
    begin = time.monotonic()
    equal(ask(exporter), 200, "a scrape beside 200 half requests")
    between(time.monotonic() - begin, 0, HEADER_SECS - 1, "before the time of any is over (s)")
    for source in "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5":
        for _ in range(30):
            channels.append(socket.socket())
            channels[-1].bind((source, 0))
            channels[-1].connect(("127.0.0.1", exporter.port))
    begin = time.monotonic()
    equal(ask(exporter, source="127.0.0.6"), 200, "and beside as many from each of four addresses")
    between(time.monotonic() - begin, 0, HEADER_SECS - 1, "as soon (s)")
    for channel in channels:
        channel.close()


class Guessers:
    """Four clients that guess as fast as they are answered."""

    def __init__(self, exporter):
        self.over = False
        self.codes = []
        self.threads = [threading.Thread(target=self._guess, args=(exporter, number))
                        for number in range(4)]
        for thread in self.threads:
            thread.start()

    def _guess(self, exporter, number):
        while not self.over:
            try:
                self.codes.append(ask(exporter, headers=login("alice", f"guess{number}")))
            except OSError:
                pass

    def end(self):
        self.over = True
        for thread in self.threads:
            thread.join()


def guessing():
    where = temp_dir()
    with open(f"{where}/web.yml", "w") as file:
        file.write(f"basic_auth_users:\n  alice: {HASH}\n")
    exporter = Exporter("--web-config", f"{where}/web.yml")
    guessers = Guessers(exporter)
    wait_for("guesses", lambda: len(guessers.codes) >= 4)
    equal(ask(exporter, source="127.0.0.2", headers=login("alice", "secret")), 200,
          "the right password, for the first time, from another address")
    begin, before = time.monotonic(), runs(exporter)
    wait_for("some seconds", lambda: time.monotonic() > begin + 6)
    took, after = time.monotonic() - begin, runs(exporter)
    worker = max(set(after) - {exporter.pid}, key=after.get)
    checking = (after[worker] - before.get(worker, 0)) / 1e9
    between(checking / took, SHARE / 4, SHARE * 1.2, "the share of a CPU that guesses take")
    between((after[exporter.pid] - before[exporter.pid]) / 1e9 / checking, 0, 0.3,
            "of what they take the loop's part")
    equal(ask(exporter, headers=login("alice", "secret")), 200,
          "the right password from where they guess")
    guessers.end()
    equal(set(guessers.codes) - {401, 429}, set(), "no guess was right")
    equal(exporter.finish(), 0, "exit status")

    exporter = Exporter("--web-config", f"{where}/web.yml")
    guessers = Guessers(exporter)
    wait_for("guesses", lambda: len(guessers.codes) >= 4)
    equal(ask(exporter, headers=login("alice", "secret")), 200,
          "after a restart, from the guessers' own address")
    equal(exporter.finish(), 0, "it ends while they guess")
    guessers.end()


def runs(exporter):
    return {tid: schedstat(tid).run for tid in tasks(exporter.pid)}


def names_of_the_host(exporter):
    """What a browser says when a page has had its own name resolve to this host."""
    for host, want in (("evil.example:10917", 421), ("localhost", 200), (f"127.0.0.1:{exporter.port}", 200)):
        equal(ask(exporter, headers={"Host": host}), want, f"Host: {host}")


def socket_of_unix():
    path = os.path.join(temp_dir(), "socket")
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(path)
    stale.close()
    exporter = Exporter("--listen", f"unix:{path}", listen=None)
    exporter.wait_for_log("serving metrics on")
    equal(oct(os.stat(path).st_mode & 0o777), "0o660", "a socket that others may not open")
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(path)
        channel.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        text = channel.makefile("rb").read()
    ok(b" 200 " in text.split(b"\r\n")[0] and b"stealscope_build_info" in text, "it has the metrics",
       text[:200])
    code, _, err = tool("export", "--listen", f"unix:{path}")
    ok(code == 1 and "in use" in err, "one where somebody listens is not taken away", err)
    equal(exporter.finish(), 0, "exit status")


def bpftool():
    return shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin")


def map_names():
    shown = subprocess.run([bpftool(), "map", "list"], capture_output=True, text=True, check=True)
    return dict(re.findall(r"^(\d+): \w+  name (\S+)", shown.stdout, re.M))


def taken_over(exporter):
    """Maps that it could still write to, as descriptors or mapped."""
    if not bpftool():
        return skip("what it can write", "bpftool is not installed")
    names, open_maps = map_names(), set()
    for path in glob.glob(f"/proc/{exporter.pid}/fdinfo/*"):
        with open(path) as file:
            found = re.search(r"^map_id:\s*(\d+)\n(?:.*\n)*?frozen:\s*(\d)", file.read(), re.M)
        if found and found[2] == "0":
            open_maps.add(names.get(found[1], found[1]))
    equal({name for name in open_maps if not any(map(name.endswith, MAY_WRITE))}, set(),
          "it has no descriptor of a map from which the programs take addresses")
    ok(any(name.endswith("slots") for name in open_maps), "but of those that it needs", open_maps)
    with open(f"/proc/{exporter.pid}/maps") as file:
        mapped = [line for line in file if "bpf-map" in line and line.split()[1][1] == "w"]
    ok(mapped and sum(map(size_of, mapped)) < (8 << 20), "and has mapped the like, no more", mapped)


def size_of(line):
    begin, end = (int(part, 16) for part in line.split()[0].split("-"))
    return end - begin


def inherited():
    """What it was started with is not there for whoever takes it over."""
    with open("/etc/hostname") as secret:
        exporter = Exporter(pass_fds=[secret.fileno()])
        links = {os.readlink(path) for path in glob.glob(f"/proc/{exporter.pid}/fd/*")}
        ok(os.path.realpath(secret.name) not in links, "an inherited descriptor is closed", links)
    equal(exporter.finish(), 0, "exit status")


def test():
    if os.geteuid():
        skip_all("needs root")
    exporter = Exporter()
    slow_clients(exporter)
    names_of_the_host(exporter)
    taken_over(exporter)
    equal(exporter.finish(), 0, "exit status")
    inherited()
    socket_of_unix()
    guessing()


main(test)
