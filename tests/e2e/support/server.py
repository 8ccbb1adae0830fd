# SPDX-License-Identifier: GPL-3.0-or-later
"""The server under test as its users see it: a program, a configuration
file, signals, a log and a port."""
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time

from support.config import render
from support.dialog import Dialog
from support.mariadb import TOP
from support.waiting import wait_for

PROGRAM = os.path.join(TOP, os.environ.get("GUERRILLA_SMTPD",
                                           "build/guerrilla-smtpd"))
# With faults that a message can call for: tests/support/fragile.c.
FRAGILE = os.path.join(TOP, "build/release/fragile")
FAULTS = ("ERROR: AddressSanitizer", "runtime error:", "Assertion",
          "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def open_folder():
    """A temporary folder that the server's own account can enter too."""
    folder = tempfile.mkdtemp(prefix="gsmtpd-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    return folder


def is_open_to_all(path):
    """Whether any account can come to it."""
    above = os.path.dirname(os.path.realpath(path))
    while os.stat(above).st_mode & 0o1 and above != "/":
        above = os.path.dirname(above)
    return above == "/"


class Server:
    def __init__(self, database, settings=None, listeners=None, extra="",
                 environment=None, program=PROGRAM):
        self.folder = open_folder()
        self.program = program
        # An upgrade opens it with the rights of the server's account, which
        # cannot enter a tree below /root.
        if os.geteuid() == 0 and not is_open_to_all(program):
            self.program = shutil.copy(program, self.folder)
        self.run_dir = os.path.join(self.folder, "run")
        self.config = os.path.join(self.folder, "guerrilla-smtpd.conf")
        self.log_file = os.path.join(self.folder, "log")
        self.port = free_port()
        self.listeners = {
            name.replace("PORT", str(self.port)): options for name, options
            in (listeners or {"127.0.0.1:PORT": {}}).items()}
        self.extra = extra
        self.environment = environment or {}
        self.settings = {
            "hostname": "mail.example.com",
            "domains": ["example.com"],
            "run_dir": self.run_dir,
            "workers": 2,
            "log.level": "debug",
            "event_method": os.environ.get("GUERRILLA_TEST_EVENTS", "epoll"),
            "sandbox": os.environ.get("GUERRILLA_TEST_SANDBOX", "on"),
            # Two servers on one spool meet each other's claims.
            "store.spool_dir": os.path.join(self.folder, "spool"),
        }
        if database:
            self.settings.update({
                "mysql.socket": database.mariadb.socket,
                "mysql.user": "guerrilla",
                "mysql.database": database.name,
            })
        self.settings.update(settings or {})
        self.process = None
        self.born = {}
        self.write_config()

    def write_config(self, text=None):
        """Writes the settings as they are now, or this text."""
        if text is None:
            text = render(self.settings, self.listeners, self.extra)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def set(self, **settings):
        """Changes settings in the file: set(store__hold=3)."""
        for key, value in settings.items():
            self.settings[key.replace("__", ".")] = value
        self.write_config()

    def arguments(self, *more):
        return [self.program, "-c", self.config, *more]

    def run(self, *arguments, timeout=60):
        """The program once more, to its end: run('-t'), run('-s', 'reload').
        Returns subprocess.CompletedProcess with text."""
        return subprocess.run(self.arguments(*arguments), timeout=timeout,
                              env=self._environment(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)

    def _environment(self):
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
                "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
                **self.environment}

    def start(self, *arguments, wait=True):
        # Only the starting process may keep the log open for appending:
        # the server is to inherit it as stderr.
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments(*arguments), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self._environment())
        if wait:
            wait_for(self.is_ready, 30, "the server answers")
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(
                f"the server ended with {self.process.returncode}:\n"
                + self.log())
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                if s.recv(3) not in (b"220", b"421"):
                    return False
                # Until it closes: this session is to count no more.
                s.sendall(b"QUIT\r\n")
                while s.recv(1000):
                    pass
                return True
        except OSError:
            return False

    # -- What it says -----------------------------------------------------

    def log(self):
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            return file.read()

    def await_log(self, text, seconds=10):
        wait_for(lambda: text in self.log(), seconds, f"{text!r} in the log")

    def log_lines(self, text):
        return [line for line in self.log().splitlines() if text in line]

    # -- Processes --------------------------------------------------------

    @property
    def pid(self):
        return self.process.pid

    def children(self, role=""):
        """Pids of the master's children with this role: 'worker', ..."""
        found = []
        for pid in child_pids(self.pid):
            if role in title(pid):
                found.append(pid)
        return found

    def workers(self):
        return self.children("worker")

    def grown_workers(self):
        """Those that were first seen here half a second ago. One that dies
        before it is ready is started again later each time."""
        now = time.monotonic()
        self.born = {pid: self.born.get(pid, now) for pid in self.workers()}
        return [pid for pid in self.born if now - self.born[pid] > 0.5]

    def kill_worker(self, index=0):
        """SIGKILL; returns the pid that it had."""
        pid = self.workers()[index]
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_grown_worker(self):
        """One that serves, once there is one."""
        wait_for(self.grown_workers, 20, "a worker that serves")
        os.kill(self.grown_workers()[0], signal.SIGKILL)

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        self.signal(signal.SIGHUP)

    def stop(self, seconds=40):
        """Graceful; returns the exit code."""
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGTERM)
            self.process.wait(seconds)
        return self.process and self.process.returncode

    # -- Clients ----------------------------------------------------------

    def dialog(self, ehlo="client.example.org", **options):
        """SMTP by hand, after EHLO (None: before it)."""
        dialog = Dialog(self.port, **options)
        if ehlo:
            dialog.ehlo = dialog.command(f"EHLO {ehlo}", 250)
        return dialog

    def smtp(self):
        """A stock client: Python's smtplib."""
        return smtplib.SMTP("127.0.0.1", self.port, timeout=20)

    def send(self, message="Subject: hello\r\n\r\nhello\r\n",
             to=("you@example.com",), sender="me@example.org"):
        """One mail on a connection of its own; returns its id."""
        with self.dialog() as dialog:
            reply = dialog.mail(message, to, sender)
            # A worker that drains may say 421 first.
            assert dialog.command("QUIT").code in (221, 421)
            return reply.id

    # -- The end ----------------------------------------------------------

    def faults(self):
        """What no log may ever show."""
        return [line for line in self.log().splitlines()
                if any(fault in line for fault in FAULTS)]

    def clean_up(self):
        if self.process and self.process.poll() is None:
            family = [self.pid, *child_pids(self.pid)]
            for pid in family:
                try:
                    os.kill(pid, signal.SIGCONT)
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def child_pids(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children",
                  encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []


def title(pid):
    """What ps shows; '' for one that is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
