#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What make install and the package bring: man pages, completion, a unit; and that all of it goes again."""

import glob
import gzip
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))

from lib import *
from lib.scope import BINARY

BUILD = os.path.dirname(BINARY)
# Answers as readline would give them; = and : divide words, as COMP_WORDBREAKS has it.
BASH = """
compopt() { :; } # works in a real completion only
. /usr/share/bash-completion/bash_completion
. dist/completion/stealscope.bash
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_stealscope
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PATH=$PATH; fpath=(dist/completion $fpath); autoload -U compinit; compinit -D -u'
zpty -w shell 'stty columns 160; print ready'
zpty -r -m shell line '*ready*ready*'
zpty -w -n shell "$1"$'\\t'
zpty -r -m shell line "*$2*" && print -r -- "$line"
"""


def run(*argv, **popen):
    child = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=TOP,
                           timeout=600, **popen)
    return child.returncode, child.stdout, child.stderr


def table():
    rows = [line.split("\t") for line in run(BINARY, "--dump-options")[1].splitlines()]
    commands = [row[1] for row in rows if row[0] == "command"]
    options = [row[1:] for row in rows if row[0] == "option"]
    causes = [row[1] for row in rows if row[0] == "cause"]
    ok({"quota", "unknown"} <= set(causes), "--dump-options has the causes", causes)
    equal({option[0] for option in options}, set(commands), "--dump-options has options of each command")
    return commands, options, causes


def installed():
    destination = temp_dir()
    code, _, err = run("make", "install", f"BUILD={BUILD}", f"DESTDIR={destination}", "PREFIX=/opt/x")
    equal(code, 0, f"make install {err}")
    return destination + "/opt/x"


def pages(root, commands, options, causes):
    texts = {}
    for path in glob.glob(f"{root}/share/man/man8/*.gz"):
        name = os.path.basename(path)[:-len(".8.gz")]
        code, text, err = run("man", "--warnings", "-l", path, env={**os.environ, "MANWIDTH": "200"})
        ok(code == 0 and not err, f"{name}(8) renders without a warning", err)
        texts[name] = text
        raw = gzip.open(path, "rt").read()
        ok("@" not in re.sub(r"\S+@\S+\.\S+", "", raw), "… nothing is left to fill in")
    equal(sorted(texts), sorted(["stealscope"] + [f"stealscope-{name}" for name in commands]),
          "a page for the program and one for each command")
    missing = [(command, long) for command, _, long, _, text in options
               if long not in texts[f"stealscope-{command}"] or
               text not in re.sub(r"\s+", " ", texts[f"stealscope-{command}"])]
    equal(missing, [], "every option is in its page, with its help")
    metrics = {name for path in [*glob.glob(f"{TOP}/src/render/prom*.c"), f"{TOP}/include/counters.h"]
               for name in re.findall(r'"(stealscope_\w+)"', open(path).read())}
    ok("stealscope_vcpu_steal_seconds_total" in metrics, "the metrics are found in the source", metrics)
    equal(sorted(name for name in metrics if name not in texts["stealscope-export"]), [],
          "every metric is in stealscope-export(8)")
    for file in "README.md", "dist/prometheus/stealscope.rules.yml":
        code, text, err = run(f"{TOP}/docs/fill", f"{BUILD}/man/table", file)
        ok(code == 0 and text == open(f"{TOP}/{file}").read(),
           f"{file} has what the tables say (make texts)", err)
        equal([cause for cause in causes if cause not in text], [], "… of every cause")


def helps(options):
    for command in sorted({option[0] for option in options}):
        text = run(BINARY, command, "--help")[1]
        equal([option[2] for option in options if option[0] == command and option[2] not in text], [],
              f"{command} --help has every option")


def completes(line, *wanted):
    words = re.findall(r"[^\s=]+|=", line) + ([""] if line[-1] in " =" else [])
    env = {**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}"}
    code, out, err = run("bash", "-c", BASH, "bash", line, *words, env=env)
    ok(set(wanted) <= set(out.split()) and not err, f"bash completes {line!r}", (out, err))


def completion(commands, options, guest):
    completes("stealscope ", *commands)
    for command in commands:
        completes(f"stealscope {command} --",
                  *(option[2] + ("=" if option[3] else "") for option in options if option[0] == command))
    completes("stealscope hist --by ", "vcpu", "domain", "role")
    completes("stealscope hist --by=d", "domain")
    completes("stealscope export --compat=", "libvirt")
    completes("stealscope list -d ", guest.name)
    env = {**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}", "TERM": "dumb"}
    for line, wanted in (("stealscope hist --by=", "vcpu"), ("stealscope w", "watch"),
                         ("stealscope blame --r", "rows"), ("stealscope list -d ", guest.name)):
        code, out, err = run("timeout", "60", "zsh", "-f", "-c", ZSH, "zsh", line, wanted, env=env)
        ok(code == 0 and wanted in out, f"zsh completes {line!r}", (out, err))


def units(root):
    paths = glob.glob(f"{root}/lib/systemd/system/*")
    equal([os.path.basename(path) for path in paths], ["stealscope-exporter.service"], "one unit")
    for path in paths:
        text = open(path).read()
        ok("/opt/x/sbin/stealscope" in text and "/usr/sbin/stealscope" not in text,
           f"{os.path.basename(path)} starts what was installed", text)


# What one release's lintian asks for and another's forbids or does not know; systemd is Debian's default since 8.
RELEASES_DIFFER = re.compile("(out-of-date|newer)-standards-version|package-supports-alternative-init-but-no-init.d")


def package():
    # Not this machine's kernel's types: the build must do without.
    code, out, err = run("unshare", "--mount", "--propagation", "private", "sh", "-c",
                         "mount -t tmpfs none /sys && exec make deb BUILD=\"$1\"", "sh", f"{BUILD}/package")
    if not ok(code == 0, "make deb, without BTF in sight", (out + err)[-3000:]):
        return
    changes, = glob.glob(f"{BUILD}/package/deb/*.changes")
    code, out, err = run("lintian", "--allow-root", "-i", "-I", "--pedantic", changes)
    hints = [line for line in out.splitlines()
             if not line.startswith("N:") and not RELEASES_DIFFER.search(line)]
    ok(code == 0 and not hints, "lintian has nothing to say", out + err)
    deb, = glob.glob(f"{BUILD}/package/deb/stealscope_*.deb")
    code, out, err = run(f"{HERE}/sandbox", "sh", "-ec", INSTALL_AND_PURGE, "sh", deb)
    ok(code == 0 and out.endswith("gone\n"), "it is installed, works and is purged without a trace",
       out + err)


INSTALL_AND_PURGE = """
before=$(find /usr /etc /lib /var/lib/systemd -path /usr/share/man -prune -o -print | sort)
dpkg -i "$1"
/usr/sbin/stealscope --version
man -w stealscope-hist
test -e /lib/systemd/system/stealscope-exporter.service
enabled=$(find /etc/systemd -name 'stealscope*')
test -z "$enabled" || { echo "enabled: $enabled"; exit 1; }
dpkg -P stealscope
after=$(find /usr /etc /lib /var/lib/systemd -path /usr/share/man -prune -o -print | sort)
test "$before" = "$after" || { printf '%s\\n' "$before" >/tmp/before; printf '%s\\n' "$after" | diff /tmp/before -; }
echo gone
"""


def test():
    commands, options, causes = table()
    root = installed()
    pages(root, commands, options, causes)
    units(root)
    helps(options)
    completion(commands, options, Guest("live-install", append="sleep=1000"))
    package()


main(test)
