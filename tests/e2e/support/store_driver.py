# SPDX-License-Identifier: GPL-3.0-or-later
"""The store room at the end of a pipe (tests/support/store_driver.c), and a proxy
that cuts its connection wherever a test wants."""
import collections
import contextlib
import os
import select
import socket
import subprocess
import threading

from support.mariadb import TOP
from support.server import PROGRAM

DRIVER = os.path.join(os.path.dirname(PROGRAM), "store_driver")
if not os.path.exists(DRIVER):
    DRIVER = os.path.join(TOP, "build/checked/store_driver")

Saved = collections.namedtuple("Saved", "id verdict error")


class Driver:
    """Commands in, verdicts out; the log goes to a file."""

    def __init__(self, database, folder, **settings):
        self.database = database
        self.log_path = os.path.join(folder, f"driver-{id(self)}.log")
        hosts = settings.pop("hosts", None)
        arguments = [f"host={host}" for host in hosts or []]
        settings = {"database": database.name, "user": "guerrilla",
                    "socket": database.mariadb.socket, **settings}
        arguments += [f"{key}={value}" for key, value in settings.items()]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [DRIVER, *arguments], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1)

    def begin(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def answer(self):
        """The lines up to "done", as words."""
        lines = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"the driver ended:\n{self.log()}")
            lines.append(line.split())
            if lines[-1][0] == "done":
                return lines

    def ask(self, command):
        self.begin(command)
        return self.answer()

    def saved(self):
        return [Saved(words[0], words[1], int(words[2]))
                for words in self.answer()[:-1]]

    def save(self, count=1, size=100, recipients=1, kind="plain"):
        self.begin(f"save {count} {size} {recipients} {kind}")
        return self.saved()

    @contextlib.contextmanager
    def janitor(self):
        """A janitor that runs meanwhile."""
        self.begin("janitor 100")
        yield
        self.begin("enough")
        self.answer()
        self.answer()

    def connect(self):
        return self.ask("connect")[-1][1:]

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.process.stdin.close()
        try:
            code = self.process.wait(30)
        finally:
            self.process.kill()
        assert code == 0, f"the driver ended with {code}:\n{self.log()}"


@contextlib.contextmanager
def running(database, folder, **settings):
    driver = Driver(database, folder, **settings)
    try:
        yield driver
        driver.close()
    finally:
        driver.process.kill()
        driver.process.wait()
        driver.process.stdout.close()


def assert_exactly_once(database, saved, recipients=1):
    """Every STORED has all its rows once; nothing else has a row but what is
    in doubt or spooled."""
    found = collections.Counter(
        row["hash"] for row in database.rows(columns="`hash`"))
    doubled = [hash for hash, n in found.items() if n > 1]
    assert not doubled, f"stored twice: {doubled[:5]}"
    known = set()
    for one in saved:
        own = {f"{one.id[:28]}{n:04x}" for n in range(recipients)}
        known |= own
        have = own & set(found)
        if one.verdict == "STORED":
            assert have == own, f"{one}: {len(have)} rows of {recipients}"
        elif one.verdict not in ("DOUBT", "SPOOLED"):
            assert not have, f"{one} has rows"
        else:
            assert have in (set(), own), f"{one} is stored in part"
    assert set(found) <= known, "rows that nobody sent"


class Proxy:
    """127.0.0.1:port to a unix socket. cut(to_server=n) lets n more bytes
    through in that direction, then closes both ends; once."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.budget = {}
        self.cuts = 0
        self.passed = {"to_server": 0, "to_client": 0}
        self.is_open = True
        self.refuses = False
        self.pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, **budget):
        with self.lock:
            self.budget = budget
            self.passed = {"to_server": 0, "to_client": 0}

    def refuse(self, refuses=True):
        """As a host that is gone: what is open is cut, what comes too."""
        self.refuses = refuses
        if refuses:
            for pair in list(self.pairs):
                self._drop(pair)

    def close(self):
        self.is_open = False
        self.refuse()
        self.listener.close()

    def _accept(self):
        while self.is_open:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuses:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.path)
            except OSError:
                client.close()
                server.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (client, server)
            self.pairs.append(pair)
            threading.Thread(target=self._forward, args=(pair,),
                             daemon=True).start()

    def _drop(self, pair):
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _forward(self, pair):
        client, server = pair
        ways = {client: (server, "to_server"), server: (client, "to_client")}
        with contextlib.suppress(OSError):
            while self._pass_on(ways):
                pass
        if pair in self.pairs:
            self.pairs.remove(pair)
        for end in pair:
            end.close()

    def _pass_on(self, ways):
        for end in select.select(list(ways), [], [])[0]:
            other, way = ways[end]
            data = end.recv(65536)
            if not data:
                return False
            with self.lock:
                room = self.budget.get(way)
                self.passed[way] += len(data)
                if room is not None and len(data) >= room:
                    self.budget = {}
                    self.cuts += 1
                    if room:
                        other.sendall(data[:room])
                    return False
                if room is not None:
                    self.budget[way] = room - len(data)
            other.sendall(data)
        return True
