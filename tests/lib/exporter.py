# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""stealscope export, and a Prometheus server that scrapes it."""

import json
import os
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request

from . import host
from .scope import BINARY

SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def fetch(url, timeout=20):
    """(status, headers, body) of a GET."""
    with urllib.request.urlopen(url, timeout=timeout) as reply:
        return reply.status, reply.headers, reply.read()


def unescape(text):
    """A label's value as the exposition format writes it."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


def parse(text):
    """{name: [(labels, value), …]}; a line that is no sample raises."""
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = SAMPLE.match(line).groups()
        labels = {label: unescape(text) for label, text in LABEL.findall(labels or "")}
        samples.setdefault(name, []).append((labels, float(value)))
    return samples


class Exporter:
    """A running exporter, on a free port unless told otherwise: @listen "" is where it listens by
    itself, None is nowhere."""

    def __init__(self, *options, listen="127.0.0.1:0", wait=True, **popen):
        self.log = os.path.join(host.temp_dir(), "stderr")
        argv = [BINARY, "export", *options] + (["--listen", listen] if listen else [])
        with open(self.log, "w") as err:
            self.child = host.start(argv, stderr=err, stdout=subprocess.DEVNULL,
                                    stdin=subprocess.DEVNULL, **popen)
        self.pid = self.child.pid
        served = listen is not None and wait
        self.url = host.wait_for("the exporter", self._url) if served else None

    def _url(self):
        if self.child.poll() is not None:
            raise ChildProcessError(f"the exporter exited: {self.stderr()}")
        found = re.search(r"serving metrics on (\S+)/metrics", self.stderr())
        return found and found.group(1)

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    @property
    def target(self):
        return self.url.split("//")[1]

    def stderr(self):
        with open(self.log) as file:
            return file.read()

    def wait_for_log(self, text):
        host.wait_for(f"it to say '{text}'", lambda: text in self.stderr())

    def text(self):
        return fetch(self.url + "/metrics")[2].decode()

    def samples(self):
        return parse(self.text())

    def wait(self, what, predicate):
        """Until @predicate holds for the metrics; its value is returned."""
        return host.wait_for(what, lambda: predicate(self.samples()))

    def domains(self):
        """{pid: labels} of the domains that are alive."""
        return {int(labels["pid"]): labels
                for labels, _ in self.samples().get("stealscope_domain_info", [])}

    def finish(self):
        self.child.terminate()
        return self.child.wait(host.TIMEOUT)


class Prometheus:
    """A server of our own on loopback that scrapes @targets each second."""

    def __init__(self, targets, rules=()):
        self.dir = host.temp_dir()
        self.url = f"http://127.0.0.1:{self._free_port()}"
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                  "rule_files": [os.path.abspath(rule) for rule in rules],
                  "scrape_configs": [{"job_name": "stealscope",
                                      "static_configs": [{"targets": list(targets)}]}]}
        path = os.path.join(self.dir, "prometheus.yml")
        with open(path, "w") as file:
            json.dump(config, file)  # JSON is YAML
        self._log = open(os.path.join(self.dir, "log"), "w")
        self.child = host.start(
            ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.dir}/data",
             f"--web.listen-address={self.url[7:]}"], stdout=self._log, stderr=self._log)
        host.wait_for("Prometheus", self._ready)

    @staticmethod
    def _free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def _ready(self):
        if self.child.poll() is not None:
            raise ChildProcessError("Prometheus exited: " + open(self._log.name).read())
        try:
            return fetch(self.url + "/-/ready")[0] == 200
        except OSError:
            return False

    def query(self, expression, at=None):
        """[(labels, value), …]; an error of the server raises."""
        fields = {"query": expression, **({"time": at} if at else {})}
        _, _, body = fetch(f"{self.url}/api/v1/query?" + urllib.parse.urlencode(fields))
        return [(row["metric"], float(row["value"][1])) for row in json.loads(body)["data"]["result"]]

    def wait_scrape(self, targets, after=None):
        """Until each of so many targets was scraped at least 2 s after @after (default: now): a
        scrape may get counters that are a second old."""
        after = (after or time.time()) + 2

        def scraped():
            stamps = self.query("timestamp(stealscope_build_info)")
            return len(stamps) == targets and all(stamp > after for _, stamp in stamps)

        host.wait_for("scrapes", scraped)
