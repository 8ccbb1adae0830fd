# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured of processes under load, and kept for the next run."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time

from support.metrics import metrics
from support.server import child_pids

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
LOAD = os.path.join(TOP, "build/bench/smtp_load")
RESULTS = os.path.join(TOP, "build/bench/results.json")
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


def family(pid):
    """A process and all below it."""
    return [pid] + [p for child in child_pids(pid) for p in family(child)]


def cpu_us(pids):
    total = 0.0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) * TICK_US
    return total


def load(port, arguments, mails, sessions=20):
    """smtp_load's figures as a dictionary of numbers."""
    done = subprocess.run(
        [LOAD, "-s", str(sessions), "-n", str(mails), "-t", "30", *arguments,
         "127.0.0.1", str(port)], stdout=subprocess.PIPE, text=True,
        check=True)
    return {key: float(value) for key, value in
            (pair.split("=") for pair in done.stdout.split())}


def memory_of(pid):
    """Kilobytes that only this process uses: private and dirty."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        fields = dict(line.split(":") for line in file.readlines()[1:])
    return (int(fields["Private_Dirty"].split()[0])
            + int(fields["Private_Clean"].split()[0]))


@contextlib.contextmanager
def idle_sessions(port, count, *arguments):
    """So many that have said EHLO and say no more."""
    with subprocess.Popen([LOAD, "-i", "-s", str(count), *arguments,
                           "127.0.0.1", str(port)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as holder:
        held = int(holder.stdout.readline().split("=")[1])
        try:
            assert held == count, f"only {held} of {count} were taken"
            yield
        finally:
            holder.stdin.close()


def pin(pids, processors):
    """All of their threads, to these processors."""
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), processors)


@contextlib.contextmanager
def flood(http_port, clients, processor):
    """Clients that ask for the page over and over, as fast as they can, from
    this processor. Gives a list, of which the first is, in the end, how many
    pages a second they had."""
    name = ("guerrilla_smtpd_http_requests_total", "/", "200")
    running, rate = [], []
    try:
        for _ in range(clients):
            running.append(subprocess.Popen(
                ["curl", "-s", "-o", "/dev/null",
                 f"http://127.0.0.1:{http_port}/?[1-1000000000]"]))
            pin([running[-1].pid], {processor})
        # What the status process has saved of its share is spent by then.
        time.sleep(4)
        before, began = metrics(http_port)[name], time.monotonic()
        yield rate
        rate.append((metrics(http_port)[name] - before)
                    / (time.monotonic() - began))
    finally:
        for client in running:
            client.kill()
            client.wait()


class Batches:
    """How many rows a commit has, since this was made."""
    NAME = "guerrilla_smtpd_batch_rows"

    def __init__(self, http_port):
        self.port = http_port
        self.before = metrics(http_port)

    def shares(self):
        """(mean, {"1": part of the commits with so many rows or fewer, but
        more than the one before})"""
        now = metrics(self.port)
        since = {key: value - self.before[key] for key, value in now.items()
                 if key[0].startswith(self.NAME)}
        commits = since[(self.NAME + "_count",)] or 1
        shares, below = {}, 0
        for key, value in since.items():
            if key[0] == self.NAME + "_bucket":
                shares[key[1].removesuffix(".0")] = (value - below) / commits
                below = value
        return since[(self.NAME + "_sum",)] / commits, shares


def system_calls(server, arguments, mails):
    """{name: calls a mail} of the workers, by strace; {} without it."""
    if not shutil.which("strace"):
        return {}
    output = os.path.join(TOP, "build/bench/strace")
    with subprocess.Popen(
            ["strace", "-q", "-c", "-f", "-o", output,
             *[f"-p{pid}" for pid in server.workers()]],
            stderr=subprocess.DEVNULL) as tracer:
        time.sleep(1)
        accepted = load(server.port, arguments, mails)["accepted"]
        tracer.send_signal(signal.SIGINT)
    with open(output, encoding="ascii") as file:
        # % time, seconds, usecs/call, calls, perhaps errors, name
        rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) .*?(\w+)$",
                          file.read(), re.MULTILINE)
    return {name: int(calls) / accepted for calls, name in rows
            if name != "total"}


def figures_instructions():
    """How many a mail spends on its figures, by callgrind; 0 without it."""
    if not shutil.which("valgrind"):
        return 0

    def count(mails):
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
             os.path.join(TOP, "build/bench/figures_bench"), str(mails)],
            stderr=subprocess.PIPE, text=True, check=True)
        return int(re.search(r"Collected : (\d+)", done.stderr)[1])
    return (count(1000) - count(0)) / 1000


class Results:
    """Figures of this run beside those of the last one of this tree."""

    def __init__(self):
        self.now = {}
        self.last = {}
        if os.path.exists(RESULTS):
            with open(RESULTS, encoding="utf-8") as file:
                self.last = json.load(file)

    def note(self, name, value):
        self.now[name] = value

    def print(self):
        print("\nsince the last run")
        for name, value in self.now.items():
            last = self.last.get(name)
            change = f"{(value / last - 1) * 100:+6.1f} %" if last else ""
            print(f"  {name:52}{value:10.2f}  {change}")

    def keep(self):
        with open(RESULTS, "w", encoding="utf-8") as file:
            json.dump({**self.last, **self.now}, file, indent=1)
