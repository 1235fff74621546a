#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Threads by the ten thousand, and faults: no count is lost, no slot leaks, nothing stays behind.

SCALE_SEED repeats a run, SCALE_SOAK_SECS is how long memory is watched, SCALE_UNPLUG=0 leaves CPUs
alone. The clock is not set: intervals are of CLOCK_MONOTONIC, waits of the runqueues' clocks.
"""

import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import lib
from lib import cleanup
from lib.host import TIMEOUT
from lib.scope import BINARY

BIN = os.environ["SCALE_BIN"]
CPU_ONLINE = "/sys/devices/system/cpu/cpu1/online"
SEED = int(os.environ.get("SCALE_SEED", random.randrange(1 << 32)))
RESTLESS_THREADS = 60000
SOAK_SLOTS = 40000
DICE = random.Random(SEED)


def stealscope(directory, exe, *options):
    """Tracing from the return on; (child, file of snapshots, file of messages)."""
    record, messages = os.path.join(directory, "record"), os.path.join(directory, "messages")
    with open(messages, "w") as err, open(os.devnull, "w") as out:
        child = lib.start([BINARY, "hist", "-v", "--max-threads", "120000", "--trust-exe", exe,
                           "--record", record, *options, "1"], stdout=out, stderr=err)
    lib.wait_for("the first snapshot", lambda: child.poll() is not None or
                 os.path.exists(record) and os.path.getsize(record))
    return child, record, messages


class Churn:
    """A program of threads that end with last words. It begins when told to."""

    def __init__(self, directory, program, *arguments):
        self.exe = os.path.join(BIN, program)
        self.log = os.path.join(directory, "words")
        with open(self.log, "w") as out:
            self.child = lib.start([self.exe, *map(str, arguments)], stdin=subprocess.PIPE, stdout=out)
        self.pid = self.child.pid
        lib.wait_for("the program", lambda: os.readlink(f"/proc/{self.pid}/exe") == self.exe)

    def begin(self):
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()

    def done(self):
        with open(self.log, "rb") as file:
            file.seek(max(0, os.path.getsize(self.log) - 5))
            return file.read() == b"done\n" or (self.child.poll() is not None and
                                                exec_failed(self.child.returncode))

    def ended(self):
        """How many threads did."""
        with open(self.log, "rb") as file:
            return file.read().count(b"\n")

    def words(self):
        """By tid, in order: what each of its threads had waited when it ended."""
        words = collections.defaultdict(list)
        with open(self.log) as file:
            for line in file:
                if line != "done\n":
                    tid, _, delay, _ = map(int, line.split())
                    words[tid].append(delay)
        return words

    def end(self):
        self.child.stdin.close()
        return self.child.wait(TIMEOUT)


def exec_failed(status):
    raise ChildProcessError(f"it ended with {status}")


def dead_threads(record, pid):
    """By tid, in order: (delay, steal) in the last sample of each dead thread of @pid."""
    dead = collections.defaultdict(list)
    with open(record) as file:
        for line in file:
            for domain in json.loads(line)["domains"]:
                if domain["pid"] != pid:
                    continue
                for thread in domain["threads"]:
                    if thread["dead"]:
                        dead[thread["tid"]].append((thread["start"], thread["run_delay_ns"],
                                                    thread["steal_ns"]))
    return {tid: [rest for _, *rest in sorted(threads)] for tid, threads in dead.items()}


def losses(record):
    """What the recording itself says was missed, summed up by kind."""
    with open(record) as file:
        for line in file:
            last = json.loads(line)["trace"]  # counters since the start
    return {key: last[key] for key in ("dropped", "missed", "chain_breaks", "storage_failures")}


def alive_threads(record, pid):
    """Threads of @pid that the last snapshot has, and not as dead."""
    with open(record) as file:
        for line in file:
            last = line
    return [thread["tid"] for domain in json.loads(last)["domains"] if domain["pid"] == pid
            for thread in domain["threads"] if not thread["dead"]]


def check_slots(messages, name):
    """The books of slots, as they were closed."""
    with open(messages) as file:
        slots = re.findall(r"slots: (\d+), (\d+) free, (\d+) watched, (\d+) being adopted",
                           file.read())
    lib.equal(len(slots), 1, f"{name}: the books are closed once")
    total, *parts = map(int, slots[-1])
    lib.equal(sum(parts), total, f"{name}: no slot leaked")


def finish(child):
    """Its exit status, once the kernel has freed all that it held."""
    ids = bpf_ids(child.pid)
    child.send_signal(signal.SIGINT)
    status = child.wait(TIMEOUT)
    lib.ok(ids and freed(ids), f"the kernel has freed its {len(ids)} programs, maps and links",
           ids & bpf_left())
    return status


def bpf_ids(pid):
    """Every BPF program, map and link that it holds."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}") as file:
            ids.update(re.findall(r"^(prog|map|link)_id:\s*(\d+)", file.read(), re.M))
    return ids


def freed(ids):
    """Whether the kernel comes to free them all: it does some time after the last user is gone."""
    try:
        return lib.wait_for("the kernel", lambda: not ids & bpf_left(), 20)
    except TimeoutError:
        return False


def bpf_left():
    """Every BPF program, map and link that there is."""
    left = set()
    for kind in "prog", "map", "link":
        listed = subprocess.run(["bpftool", "-j", kind, "list"], capture_output=True, check=True)
        left.update((kind, str(item["id"])) for item in json.loads(listed.stdout))
    return left


def check_words(churn, record, name, threads):
    said, found = churn.words(), dead_threads(record, churn.pid)
    total = sum(map(len, said.values()))
    lost = [tid for tid in said if len(found.get(tid, [])) != len(said[tid])]
    pairs = [(want, got) for tid in said if tid not in lost
             for want, got in zip(said[tid], found[tid])]
    lib.equal(total, threads, f"{name}: threads that said their last words")
    lib.diag(f"{name}: {total} threads on {len(said)} tids, seed {SEED}")
    told = losses(record)
    missing = sum(abs(len(found.get(tid, [])) - len(said[tid])) for tid in lost)
    if lost:
        lib.diag(f"{name}: {told}; said and found of {[(tid, len(said[tid]), len(found.get(tid, []))) for tid in lost[:3]]}; "
                 f"{len(set(lost) & set(alive_threads(record, churn.pid)))} of {len(lost)} are shown as alive")
    lib.between(missing, 0, told["storage_failures"], f"{name}: every thread is in the record, once for each use of "
                "its tid, but those for which the record says that the kernel had no memory at hand")
    lib.equal([pair for pair in pairs if pair[1][0] < pair[0]][:3], [],
              f"{name}: none has less than it saw itself")
    lib.equal([pair for pair in pairs if pair[1][0] != pair[1][1]][:3], [],
              f"{name}: steal is all that the kernel counted, from birth to death")
    exact = sum(want == got[0] for want, got in pairs)
    lib.diag(f"{name}: {exact} of {len(pairs)} did not wait again after their last words; "
             f"all of them {sum(got[0] for _, got in pairs) / 1e9:.3f} s, "
             f"their words {sum(want for want, _ in pairs) / 1e9:.3f} s")


def churn_while_tracing(name, threads, program, *arguments):
    directory = lib.temp_dir()
    churn = Churn(directory, program, *arguments)
    child, record, messages = stealscope(directory, churn.exe)
    churn.begin()
    lib.wait_for(f"{name} to end", churn.done, 300)
    lib.equal(finish(child), 0, f"{name}: stealscope ends well")
    check_words(churn, record, name, threads)
    check_slots(messages, name)
    churn.end()


def restless_host():
    """Cgroups change, a CPU goes and comes, stealscope is stopped for a while; all under churn."""
    directory = lib.temp_dir()
    churn = Churn(directory, "churn", RESTLESS_THREADS, 16)
    child, record, messages = stealscope(directory, churn.exe)
    groups = [lib.Cgroup("churn-a"), lib.Cgroup("churn-b")] if lib.Cgroup.root else []
    unplug = os.path.exists(CPU_ONLINE) and os.environ.get("SCALE_UNPLUG", "1") != "0"
    if unplug:
        cleanup.on_exit(lambda: plug(True))
    churn.begin()
    turns = 0
    while not churn.done():
        if groups:
            DICE.choice(groups).add(churn.pid)
        if turns % 5 == 1:
            child.send_signal(signal.SIGSTOP)
            time.sleep(DICE.uniform(0, 0.4))
            child.send_signal(signal.SIGCONT)
        if turns % 8 == 3 and unplug:
            plug(False)
            time.sleep(DICE.uniform(0.05, 0.3))
            plug(True)
        time.sleep(DICE.uniform(0.02, 0.2))
        turns += 1
    if not unplug:
        lib.skip("restless: a CPU goes and comes", f"no {CPU_ONLINE}, or SCALE_UNPLUG=0")
    lib.equal(finish(child), 0, "restless: stealscope ends well")
    check_words(churn, record, "restless", RESTLESS_THREADS)
    check_slots(messages, "restless")
    churn.end()


def plug(online):
    with open(CPU_ONLINE, "w") as file:
        file.write(str(int(online)))


def killed():
    """SIGKILL at any moment: the kernel takes everything back."""
    directory = lib.temp_dir()
    churn = Churn(directory, "churn", 40000, 16)
    churn.begin()
    for number in range(6):
        with open(os.devnull, "w") as nowhere:
            child = lib.start([BINARY, "hist", "--trust-exe", churn.exe, "1"], stdout=nowhere,
                              stderr=nowhere)
        if number:
            time.sleep(DICE.uniform(0, 1.2))
        else:  # one at least has all that there is
            lib.wait_for("links", lambda: any(kind == "link" for kind, _ in bpf_ids(child.pid)))
        child.send_signal(signal.SIGSTOP)  # so that it holds what is looked at, and nothing more
        lib.wait_for("it to stop", lambda: lib.status(child.pid)["State"].startswith("T"))
        ids = bpf_ids(child.pid)
        if not number:
            lib.equal({kind for kind, _ in ids & bpf_left()}, {"prog", "map", "link"},
                      "killed: it held programs, maps and links")
        child.kill()
        child.wait()
        lib.ok(freed(ids), f"killed with {len(ids)} programs, maps and links: none is left",
               ids & bpf_left())
    churn.child.kill()


def soak():
    """The same churn for a while: once every slot has been used, memory is flat."""
    directory = lib.temp_dir()
    churn = Churn(directory, "churn", 1 << 30, 2)
    child, _, messages = stealscope(directory, churn.exe, "--max-threads", str(SOAK_SLOTS))
    churn.begin()
    lib.wait_for("every slot to be used", lambda: churn.ended() > 2 * SOAK_SLOTS, 300)
    rounds = int(os.environ.get("SCALE_SOAK_SECS", "24"))
    sizes = []
    for _ in range(rounds):
        time.sleep(1)
        sizes.append(int(lib.status(child.pid)["VmRSS"].split()[0]))
    files = len(os.listdir(f"/proc/{child.pid}/fd"))
    half = rounds // 2
    lib.diag(f"soak: {rounds} s, {sum(map(len, churn.words().values()))} threads, resident "
             f"{sizes[0]} to {sizes[-1]} KiB, {files} files")
    lib.between(max(sizes[half:]) / max(sizes[:half]), 0, 1.05, "soak: memory is flat")
    lib.equal(len(os.listdir(f"/proc/{child.pid}/fd")), files, "soak: no file is left open")
    churn.child.send_signal(signal.SIGSTOP)  # the books are read one after the other
    lib.wait_for("the churn to stop", lambda: lib.status(churn.pid)["State"].startswith("T"))
    lib.equal(finish(child), 0, "soak: stealscope ends well")
    check_slots(messages, "soak")
    churn.child.kill()


def test():
    churn_while_tracing("threads", 80000, "churn", 80000, 16)
    if lib.accel() == "kvm":
        churn_while_tracing("vCPUs", 2000 * 4, "vcpus", 2000, 4, 20)
    else:
        lib.skip("vCPUs of KVM", "no /dev/kvm")
    restless_host()
    killed()
    soak()


lib.main(test)
