# SPDX-License-Identifier: GPL-3.0-or-later
"""Load that keeps account: every mail is marked, every 250 is written down,
and in the end the table must agree. No 250 without exactly one row."""
import collections
import itertools
import random
import threading
import time

from support.dialog import Dialog

BODY_LINE = "Nothing much in this line but forty letters.\r\n"


class Load:
    """Sessions that send mail until stopped; start() and stop(), or `with`.

    accepted   id -> mark and number of recipients of each mail with a 250
    deferred   marks whose final dot got a 4xx
    unknown    marks whose final dot got no reply: the connection broke
    failures   Counter of what else went wrong: 'connect', 'greeting', ...
    rejected   replies that must never be seen under faults: 5xx
    """

    def __init__(self, port, sessions=4, size=2000, mails_per_session=20,
                 recipients=1, pause=0.0, timeout=60):
        self.port = port
        self.size = size
        self.mails_per_session = mails_per_session
        self.recipients = recipients
        self.pause = pause
        self.timeout = timeout
        self.accepted = {}
        self.raw = {}
        self.deferred = []
        self.unknown = []
        self.rejected = []
        self.failures = collections.Counter()
        self.sent = 0
        self._marks = itertools.count()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True)
                         for _ in range(sessions)]

    # -- Life -------------------------------------------------------------

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(self.timeout + 10)
            assert not thread.is_alive(), "a load session hangs"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def await_accepted(self, count, seconds=60):
        """Until so many mails more have their 250."""
        goal = len(self.accepted) + count
        end = time.monotonic() + seconds
        while len(self.accepted) < goal:
            assert time.monotonic() < end, (
                f"{goal - len(self.accepted)} of {count} mails still have "
                f"no 250 after {seconds} s; {self.summary()}")
            time.sleep(0.02)

    def summary(self):
        return (f"sent {self.sent}, accepted {len(self.accepted)}, deferred "
                f"{len(self.deferred)}, unknown {len(self.unknown)}, "
                f"failures {dict(self.failures)}")

    # -- One session ------------------------------------------------------

    def _work(self):
        while not self._stopping.is_set():
            try:
                self._session()
            except (OSError, AssertionError) as error:
                self.failures[type(error).__name__] += 1
                time.sleep(0.02 + random.random() * 0.05)

    def _session(self):
        with Dialog(self.port, timeout=self.timeout, greeting=None) as dialog:
            greeting = dialog.reply()
            if greeting.code != 220:
                self.failures[f"greeting {greeting.code}"] += 1
                time.sleep(0.05)
                return
            dialog.command("EHLO load.example.org", 250)
            for _ in range(self.mails_per_session):
                if self._stopping.is_set() or not self._mail(dialog):
                    break
                time.sleep(self.pause)
            dialog.command("QUIT", 221)

    def _mail(self, dialog):
        """One transaction; False where the session had better end."""
        mark = f"mark{next(self._marks):08d}"
        message = self.message(mark)
        dialog.command(f"MAIL FROM:<{mark}@example.org>", 250)
        for n in range(self.recipients):
            dialog.command(f"RCPT TO:<to{n}@example.com>", 250)
        dialog.command("DATA", 354)
        with self._lock:
            self.sent += 1
        try:
            dialog.send(message + b".\r\n")
            reply = dialog.reply()
        except OSError:
            with self._lock:
                self.unknown.append(mark)
            raise
        with self._lock:
            if reply.code == 250:
                assert reply.id not in self.accepted, "an id used twice"
                self.accepted[reply.id] = mark
                self.raw[mark] = message
            elif reply.code >= 500:
                self.rejected.append((mark, reply))
            else:
                self.deferred.append(mark)
        return reply.code == 250

    def message(self, mark):
        head = (f"From: {mark}@example.org\r\nTo: to0@example.com\r\n"
                f"Subject: {mark}\r\n\r\n")
        lines = max(1, (self.size - len(head)) // len(BODY_LINE))
        return (head + BODY_LINE * lines).encode()

    # -- The account ------------------------------------------------------

    def check(self, database, sql=None):
        """Every 250 has exactly its rows, with the raw bytes; no attempt,
        whatever its outcome, is there twice; nothing got a 5xx."""
        rows = database.query(
            sql or "SELECT `hash`, `return_path`, `recipient`, `mail` "
            f"FROM `{database.table}`")
        by_hash = collections.Counter(row["hash"] for row in rows)
        by_mark = collections.Counter(
            (row["return_path"].split("@")[0], row["recipient"])
            for row in rows)
        mail = {row["hash"]: row["mail"] for row in rows}

        assert not self.rejected, f"refused for good: {self.rejected[:3]}"
        for mail_id, mark in self.accepted.items():
            for n in range(self.recipients):
                row = f"{mail_id[:28]}{n:04x}"
                assert by_hash[row] == 1, (
                    f"{mark} got a 250 as {row} and has {by_hash[row]} rows; "
                    f"{self.summary()}")
                assert mail[row].endswith(self.raw[mark]), (
                    f"{mark}: the raw message was changed")
        twice = [mark for mark, count in by_mark.items() if count > 1]
        assert not twice, f"stored more than once: {twice[:5]}"
        known = len(self.accepted) * self.recipients
        assert len(rows) >= known
        loose = (len(self.deferred) + len(self.unknown)) * self.recipients
        assert len(rows) <= known + loose, "rows that nobody sent"
