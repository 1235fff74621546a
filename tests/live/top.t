#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
stealscope top as a person meets it: in a terminal (tmux), keys sent, screens read.

"alpha" spins; of "beta"'s two vCPUs one does, on the same CPU. So alpha's mean is the worse.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import time

from lib import *
from lib import cleanup
from lib.scope import BINARY

SERVER = f"stealscope-live-{os.getpid()}"
COLOR = re.compile(r"\x1b\[([0-9;]*;)?[34][0-8][;m]")  # 39 and 49 are the terminal's own
KEYS = ["Enter", "Esc", "Up Down", "PgUp PgDn", "Home End", "/", "< >", "r", "Space", "+ -", "s",
        ".", "^L", "h", "q"]


def tmux(*arguments):
    return subprocess.run(["tmux", "-u", "-L", SERVER, "-f", "/dev/null", *arguments], check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout.decode()


class Terminal:
    """A window of its own that runs top, then says how that ended, then waits."""

    count = 0

    def __init__(self, *arguments, width=80, height=24, term="tmux", locale="C.UTF-8",
                 env="", script=None):
        Terminal.count += 1
        self.name = f"t{Terminal.count}"
        self.dir = temp_dir()
        command = shlex.join([BINARY, "top", *arguments])
        standard = (f"cd {self.dir}; echo before-top; stty -a >before; "
                    f"env -u NO_COLOR TERM={term} LC_ALL={locale} {env} "
                    f"sh -c 'echo $$ >pid; exec {command}'; "
                    "echo status=$?; stty -a >after; echo over; exec sleep 1000")
        tmux("new-session", "-d", "-s", self.name, "-x", str(width), "-y", str(height),
             script or standard)
        if Terminal.count == 1:
            cleanup.on_exit(lambda: tmux("kill-server"))

    def lines(self, *options):
        return tmux("capture-pane", "-p", *options, "-t", self.name).rstrip("\n").split("\n")

    def text(self, *options):
        return "\n".join(self.lines(*options))

    def wait(self, what, *wanted, without=()):
        """The screen once all of @wanted, and nothing of @without, is on it."""
        seen = ""

        def there():
            nonlocal seen
            seen = self.text()
            return (all(re.search(one, seen) for one in wanted) and
                    not any(re.search(one, seen) for one in without))

        try:
            wait_for(what, there, 20)
        except TimeoutError:
            ok(False, what, seen)
            raise
        return seen

    def at_rest(self):
        """The screen once it is drawn to its end."""
        seen = None

        def same():
            nonlocal seen
            before, seen = seen, self.text("-e")
            return before == seen

        wait_for("a screen at rest", same, 20)
        return self.text()

    def keys(self, *keys):
        tmux("send-keys", "-t", self.name, *keys)

    def type(self, text):
        tmux("send-keys", "-t", self.name, "-l", text)

    def resize(self, width, height):
        tmux("resize-window", "-t", self.name, "-x", str(width), "-y", str(height))

    def read(self, name):
        with open(os.path.join(self.dir, name)) as file:
            return file.read()

    def pid(self):
        return int(self.read("pid"))

    def finished(self, name, status=0):
        """top has ended, and the terminal is as it was."""
        screen = self.wait(f"{name}: the shell goes on", "^over$|\nover")
        ok(f"status={status}\n" in screen, f"{name}: exit status {status}", screen)
        ok("before-top" in screen, f"{name}: what was on the screen before is back", screen)
        equal(self.read("after"), self.read("before"), f"{name}: the terminal's modes are back")


def row(screen, name):
    """The words of the table's row that begins with @name, and its line number."""
    for number, line in enumerate(screen.split("\n")):
        if line.startswith(name + " "):
            return line.split(), number
    return None, None


def clock(screen):
    return screen.split("\n")[0]


def test_table(terminal):
    screen = terminal.wait("figures come", r"\nalpha +1 +\d", r"\nbeta +2 +\d",
                           r"\nalpha .* beta \d")
    alpha, alpha_at = row(screen, "alpha")
    beta, beta_at = row(screen, "beta")
    ok(alpha_at < beta_at, "worst first", screen)
    between(float(alpha[2]), 25, 75, "alpha's steal %")
    ok(float(beta[3]) > 1.5 * float(beta[2]), "beta's worst vCPU is worse than its mean", screen)
    ok(r"e\x1b[2Jvil" in screen, "a name's escape sequence is shown, not obeyed", screen)
    colors = terminal.text("-e")
    ok(re.search(r"\x1b\[[0-9;]*31[0-9;]*m *\d", colors), "steal over 10 % is red", colors)
    terminal.wait("the next interval", r"\nalpha", without=[re.escape(clock(screen))])
    ok(True, "figures are renewed")


def test_drill_down(terminal):
    terminal.keys("Down")
    terminal.keys("Up")
    terminal.keys("Enter")
    screen = terminal.wait("a domain's threads", r"alpha  \(\w+, pid \d+, 1 vCPU\)", r"\nvcpu 0 ",
                           r"\nemulator")
    ok("TID" in screen, "Enter opens the domain: vCPUs and other roles")
    terminal.keys("Enter")
    screen = terminal.wait("a vCPU", "alpha > vcpu 0", "distribution", r" vm +beta/vcpu 0")
    ok(True, "Enter opens the vCPU: thieves and histogram")
    terminal.wait("the vCPU's next interval", "distribution",
                  without=[re.escape(clock(screen))])
    ok(True, "they change as they come")
    terminal.keys("Escape")
    terminal.wait("back at the threads", r"\nTHREAD")
    terminal.keys("BSpace")
    terminal.wait("back at the domains", r"\nDOMAIN")
    ok(True, "Escape and Backspace lead back")


def test_filter(terminal):
    terminal.type("/BET")
    terminal.wait("the filter", "1 of 3 domains match /BET", r"\nbeta", r"Filter: BET",
                  without=[r"\nalpha"])
    terminal.keys("Enter")
    terminal.wait("the filter stays", "1 of 3 domains match /BET", "Enter open",
                  without=[r"\nalpha"])
    terminal.keys("Escape")
    terminal.wait("no filter", r"\nalpha", r"\nbeta")
    ok(True, "/ filters while one types, Escape forgets it")


def test_sort(terminal):
    terminal.type("N")
    terminal.wait("by name", "by name", r"(?s)\nalpha.*\nbeta")
    terminal.type("r")
    terminal.wait("by name, reversed", r"(?s)\nbeta.*\nalpha")
    terminal.type("r")
    terminal.type(">>>")
    terminal.wait("by the third column from there", "by WORST%")
    terminal.type("S")
    terminal.wait("by steal", "by STEAL%")
    ok(True, "sorted by letters, by < and >, reversed")


def test_freeze(terminal):
    terminal.keys("Space")
    terminal.wait("frozen", "FROZEN")
    screen = terminal.at_rest()
    time.sleep(2.5)  # an interval is one second
    equal(terminal.text(), screen, "frozen: the picture stands, all of it")
    terminal.keys("Space")
    terminal.wait("not frozen", r"\nalpha", without=["FROZEN", re.escape(clock(screen))])
    ok(True, "and goes on")


def test_help(terminal):
    terminal.resize(80, 60)
    terminal.type("?")
    screen = terminal.wait("help", "stealscope top: help", "TOP THIEF")
    for key in KEYS:
        ok(re.search(rf"(?m)^ {re.escape(key)}  ", screen), f"help explains {key}", screen)
    terminal.type("h")
    terminal.wait("no help", r"\nalpha")
    terminal.resize(80, 24)


def test_sizes(terminal):
    terminal.type("s60")
    terminal.keys("Enter")
    terminal.wait("a longer interval", "every 60s")
    for width, height, wanted in ((120, 40, "SUM%"), (40, 10, "STEAL%"), (10, 3, "DOMAIN"),
                                  (1, 1, r"\S"), (80, 24, "TOP THIEF")):
        terminal.resize(width, height)
        last = r"\A(.*\n){%d}.*\S" % (height - 1)  # the line of keys is where the screen ends
        screen = terminal.wait(f"{width}x{height}, long before the interval ends", wanted, last)
        ok(width < 40 or "Enter" in screen.split("\n")[-1], f"{width}x{height} is drawn at once",
           screen)
    terminal.wait("80x24", "Enter open", without=["SUM%"])
    terminal.type(".")
    terminal.type("s1")
    terminal.keys("Enter")
    terminal.wait("one second again", r"every 1.0s", r"\nalpha")


def test_stop():
    """^Z gives the terminal back to an interactive shell, fg takes it again."""
    terminal = Terminal("1", script="exec env PS1=prompt: bash --norc --noprofile -i")
    terminal.wait("the shell", "prompt:")
    terminal.type(f"{BINARY} top 1\n")
    terminal.wait("top in the shell", r"\nalpha")
    terminal.keys("C-z")
    terminal.wait("the shell after ^Z", "Stopped", "prompt:", without=["STEAL%"])
    terminal.type("fg\n")
    terminal.wait("the screen after fg", r"\nalpha", "STEAL%")
    terminal.type("q")
    terminal.wait("the shell after q", "prompt:", without=["STEAL%"])
    ok(True, "^Z and fg")


def test_plain_terminal():
    terminal = Terminal("1", locale="C", term="vt100")
    screen = terminal.wait("a vt100 in the C locale", r"\nalpha +1 +\d+\.\d!", "vvvv")
    ok(screen.isascii(), "the C locale gets ASCII", screen)
    colors = terminal.text("-e")
    ok(not COLOR.search(colors), "a vt100 gets no colour", repr(colors))
    terminal.type("h")
    terminal.wait("help on a vt100", r"marked \* from 5 %|Up and Down scroll")
    os.kill(terminal.pid(), signal.SIGTERM)
    terminal.wait("the end after SIGTERM", "status=0")
    ok(True, "SIGTERM ends it")


def test_no_color():
    terminal = Terminal("1", env="NO_COLOR=1")
    terminal.wait("NO_COLOR", r"\nalpha +1 +\d+\.\d!")
    colors = terminal.text("-e")
    ok(not COLOR.search(colors), "NO_COLOR is respected", repr(colors))
    terminal.keys("C-c")
    terminal.finished("^C")


def test_hangup():
    terminal = Terminal("1")
    terminal.wait("the first screen", r"\nalpha")
    pid = terminal.pid()
    tmux("respawn-pane", "-k", "-t", terminal.name, "exec sleep 1000")
    wait_for("the end after a hangup", lambda: not os.path.exists(f"/proc/{pid}"), 10)
    ok(True, "ends when its terminal goes away")


def test_obstacles():
    for term, why in (("no-such-terminal", "is unknown"), ("dumb", "cannot move"), ("", "not set")):
        terminal = Terminal("1", term=term or "''")
        screen = terminal.wait(f"TERM={term}", "status=")
        ok("status=1" in screen and why in screen.replace("\n", " ") and "top -b" in screen,
           f"TERM='{term}' gets a clear error", screen)


def test_batch():
    status, out, err = tool("top", "-b", "0.5", "2")
    equal((status, err), (0, ""), "top -b 0.5 2 ends well and says nothing else")
    blocks = re.findall(r"(?m)^DOMAIN +CPU +STEAL% +WORST% +SUM%.*TOP THIEF$", out)
    equal(len(blocks), 2, "one block for each interval")
    ok(re.search(r"(?m)^alpha +1 +\d+\.\d +\d+\.\d .* beta \d+%$", out), "plain rows", out)
    ok("\x1b" not in out, "no escape sequence in a pipe")


def test():
    if not shutil.which("tmux"):
        skip_all("tmux is not installed")
    guests = [Guest("alpha", "spin"), Guest("beta", "spin=0", vcpus=2),
              Guest("e\x1b[2Jvil", "spin", running=False)]
    terminal = Terminal("1")
    for part in (test_table, test_drill_down, test_filter, test_sort, test_freeze, test_help,
                 test_sizes):
        part(terminal)
    terminal.type("q")
    terminal.finished("q")
    for part in (test_stop, test_plain_terminal, test_no_color, test_hangup, test_obstacles, test_batch):
        part()
    for guest in guests:
        guest.quit()


main(test)
