# SPDX-License-Identifier: GPL-3.0-or-later
"""Each allocation and each system call of a session's life fails once, and
so do those of a start, a reload, an upgrade and a replay: nothing crashes,
nothing is lost, no 250 without a row (tests/support/torture.c)."""
import mmap
import os
import shutil
import signal
import struct
import subprocess

import pytest

from support.dialog import Dialog
from support.mariadb import TOP
from support.server import open_folder
from support.waiting import wait_for

LIBRARY = os.path.join(TOP, "build/torture.so")
PROGRAM = os.path.join(TOP, "build/guerrilla-smtpd")
# How a process ends that gets no memory: by design, or in libconfuse 3.3,
# which exits, aborts and frees what it could not allocate.
NO_MEMORY = (71, 2, -signal.SIGABRT, -signal.SIGSEGV)
KINDS = {"allocations": 1, "calls": 2}

pytestmark = pytest.mark.slow


class Torture:
    """The memory that the service and the test share."""

    def __init__(self):
        self.folder = open_folder()
        self.file = os.path.join(self.folder, "torture")
        with open(self.file, "wb") as file:
            file.write(bytes(4096))
        # An upgraded master maps it with the rights of its account.
        os.chmod(self.file, 0o666)
        with open(self.file, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 4096)

    def arm(self, kind, n, pid=0):
        self.memory[:16] = struct.pack("iiii", 0, pid, n, 0)
        self.memory[:4] = struct.pack("i", KINDS[kind])

    def has_failed(self):
        return self.line() != 0

    def line(self):
        """Of torture.c: which call failed."""
        return struct.unpack("i", self.memory[12:16])[0]

    def disarm(self):
        self.memory[:4] = bytes(4)

    def environment(self):
        return {"LD_PRELOAD": LIBRARY, "TORTURE_FILE": self.file}

    def close(self):
        self.memory.close()
        shutil.rmtree(self.folder)


@pytest.fixture
def torture():
    torture = Torture()
    yield torture
    torture.close()


@pytest.fixture
def tortured(start_server, torture):
    """tortured(settings): a running service that can be armed."""
    def start(settings=None, **options):
        server = start_server({"workers": 1, "log.level": "info",
                               "store.hold": 2, **(settings or {})},
                              program=options.pop("program", PROGRAM),
                              environment=torture.environment(), **options)
        # check_deaths() looks at the assertions that are met here.
        server.faults = list
        return server
    return start


def one_session(server, mark):
    """A whole session with one mail; whether it got its 250."""
    is_accepted = False
    try:
        with Dialog(server.port, greeting=None, timeout=20) as dialog:
            if dialog.reply().code != 220:
                return False
            dialog.command("EHLO torture.example.org", 250)
            dialog.command(f"MAIL FROM:<{mark}@example.org>", 250)
            dialog.command("RCPT TO:<you@example.com>", 250)
            dialog.command("DATA", 354)
            dialog.send(f"Subject: {mark}\r\n\r\nbody\r\n.\r\n".encode())
            is_accepted = dialog.reply().code == 250
            dialog.command("QUIT", 221)
    except (OSError, AssertionError):
        pass
    return is_accepted


def is_well(server):
    """Whether the service takes mail."""
    try:
        server.send()
        return True
    except (OSError, AssertionError):
        return False


def worker_of(server):
    wait_for(lambda: len(server.workers()) == 1, 20, "one worker")
    return server.workers()[0]


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_session(tortured, torture, database, kind):
    server = tortured()
    assert is_well(server)
    accepted, tried = [], 0
    worker = worker_of(server)
    before = descriptors(worker)
    for n in range(1, 2000):
        worker = worker_of(server)
        torture.arm(kind, n, worker)
        mark = f"m{n:05d}"
        if one_session(server, mark):
            accepted.append(mark)
        has_failed = torture.has_failed()
        torture.disarm()
        wait_for(lambda: is_well(server), 30,
                 f"mail after {kind} {n}, line {torture.line()}")
        if not has_failed:
            break
        tried = n
    # The whole of a session was gone through.
    assert not has_failed
    assert tried >= 10, tried
    rows = {row["return_path"]: row["n"] for row in database.query(
        "SELECT return_path, COUNT(*) AS n FROM new_mail "
        "WHERE return_path LIKE 'm%' GROUP BY return_path")}
    for mark in accepted:
        assert rows.get(f"{mark}@example.org") == 1, mark
    assert all(n == 1 for path, n in rows.items() if path[1:2].isdigit())
    # Whoever is still there has kept nothing open.
    wait_for(lambda: descriptors(worker_of(server)) <= before, 10,
             "no descriptor more")
    check_deaths(server)


def check_deaths(server):
    """Nothing crashes; who has no memory, or meets what the kernel never
    does, ends by design and says so."""
    for line in server.log_lines("process died"):
        assert "exit 71" in line or "SIGABRT" in line, line
        said = "out of memory" if "exit 71" in line else "Assertion"
        assert said in server.log(), line


def start_again(server):
    """The children of a dead master may still have the port."""
    server.start(wait=False)
    wait_for(lambda: server.process.poll() is not None or is_well(server),
             30, "an end or a start")
    return server.process.poll() is None


def sample(most, count):
    """Some numbers up to most: all small ones, then farther apart."""
    n, numbers = 1, []
    while n < most:
        numbers.append(n)
        n += max(1, n * 8 // count)
    return numbers


@pytest.mark.parametrize("kind", KINDS)
def test_a_start(tortured, torture, kind):
    """It starts all the same, or says why not and leaves nothing behind that
    stops the next one."""
    server = tortured()
    server.stop()
    failures = 0
    for n in sample(20000 if kind == "allocations" else 400, 60):
        torture.arm(kind, n)
        server.start(wait=False)
        wait_for(lambda: server.process.poll() is not None
                 or is_well(server), 30, f"an end or a start ({kind} {n})")
        code = server.process.poll()
        has_failed = torture.has_failed()
        torture.disarm()
        if code is None:
            assert server.stop() == 0
        else:
            assert code in (1, 3) or kind == "allocations" and (
                code in NO_MEMORY), (kind, n, code)
            failures += 1
        if not has_failed:
            break
    assert failures > 0
    server.start()
    assert is_well(server)


@pytest.mark.parametrize("verb", ["reload", "upgrade"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_order(tortured, torture, kind, verb):
    """It is done or refused; the service goes on either way."""
    folder = open_folder()
    program = shutil.copy(PROGRAM, folder)
    server = tortured(program=program)
    for n in sample(5000 if kind == "allocations" else 300, 30):
        torture.arm(kind, n, server.pid)
        # A child whose word was lost is waited for, a minute at most.
        subprocess.run(server.arguments("-s", verb), check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=100)
        has_failed = torture.has_failed()
        torture.disarm()
        wait_for(lambda: server.process.poll() is not None
                 or is_well(server), 30, f"mail after {kind} {n}")
        if server.process.poll() is not None:
            # Without memory a master ends; its next start is well.
            assert kind == "allocations" and has_failed
            assert server.process.returncode in NO_MEMORY
            wait_for(lambda: start_again(server), 30, "a start")
        if not has_failed:
            break
    shutil.rmtree(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_a_replay(tortured, torture, database, kind):
    """The janitor fails at each step; the mail comes home all the same."""
    server = tortured({"store.on_outage": "spool", "store.hold": 1})
    count = 0
    for n in sample(3000 if kind == "allocations" else 200, 10):
        database.query("RENAME TABLE new_mail TO away")
        mark = f"m{n:05d}"
        wait_for(lambda m=mark: one_session(server, m), 30, "a spooled mail")
        count += 1
        janitor, = server.children("janitor")
        torture.arm(kind, n, janitor)
        database.query("RENAME TABLE away TO new_mail")
        wait_for(lambda m=mark: database.count() and database.query(
            "SELECT 1 FROM new_mail WHERE return_path = %s",
            [f"{m}@example.org"]), 60, f"the mail ({kind} {n})")
        has_failed = torture.has_failed()
        torture.disarm()
        wait_for(lambda: server.children("janitor"), 20, "a janitor")
        if not has_failed:
            break
    rows = database.query("SELECT COUNT(*) AS n FROM new_mail "
                          "GROUP BY return_path HAVING n > 1")
    assert not rows, "stored twice"
    check_deaths(server)
