# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrival events: after the commit, from the spool after the replay, and never
in the way of mail."""
import contextlib
import json
import os
import random
import socket
import subprocess
import threading
import time

import pytest

from support.waiting import wait_for

WATCH = os.path.join(os.path.dirname(__file__), "../../scripts/watch")


class Reader:
    """A front end: binds the socket and collects what comes, unless told
    not to read."""

    def __init__(self, path, reads=True):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(0.1)
        os.chmod(path, 0o622)
        self.events, self.ends = [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        if reads:
            self.thread.start()

    def run(self):
        while not self.ends.is_set():
            with contextlib.suppress(TimeoutError):
                self.events.append(json.loads(self.socket.recv(65536)))

    def await_events(self, count):
        wait_for(lambda: len(self.events) >= count, 20, f"{count} events")
        return self.events

    def close(self):
        self.ends.set()
        if self.thread.is_alive():
            self.thread.join()
        self.socket.close()


@pytest.fixture
def front():
    """A folder that the server's account can enter, and readers in it."""
    folder = f"/var/tmp/gsmtpd-events-{os.getpid()}-{random.random()}"
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    readers = []

    def bind(name="events", **options):
        readers.append(Reader(os.path.join(folder, name), **options))
        return readers[-1]
    bind.path = os.path.join(folder, "events")
    bind.folder = folder
    yield bind
    for reader in readers:
        reader.close()
    subprocess.run(["rm", "-rf", folder], check=True)


def counted(server, name):
    status = json.loads(server.run("-s", "status", "--json").stdout)
    return sum(process["counters"][name] for process in status["processes"])


def assert_of_rows(events, database):
    """Each event tells of a row that is there, as it is there."""
    rows = {row["hash"]: row for row in database.rows()}
    for event in events:
        row = rows[event["hash"]]
        for column in ("to", "recipient", "from", "subject", "size"):
            assert event[column] == row[column], column


def test_an_event_tells_of_each_row(start_server, database, front):
    reader, other = front(), front("other")
    server = start_server({"notify.socket": [front.path,
                                             front.folder + "/other"]})
    mail_id = server.send("From: Ä <Me@Example.org>\r\n"
                          "Subject: =?utf-8?q?gr=C3=BC=C3=9Fe_=22x=22?=\r\n"
                          "\r\nhello\r\n",
                          to=("You@example.com", "b@example.com"))
    events = reader.await_events(2)
    assert sorted(event["recipient"] for event in events) == [
        "You@example.com", "b@example.com"]
    assert {event["id"] for event in events} == {mail_id}
    assert {event["subject"] for event in events} == {'grüße "x"'}
    assert_of_rows(events, database)
    assert other.await_events(2) == events
    wait_for(lambda: counted(server, "events") == 4, 10, "the counter")
    assert counted(server, "events_lost") == 0


def test_it_comes_after_the_commit(start_server, database, front):
    reader = front()
    server = start_server({"notify.socket": front.path})
    server.send()
    reader.await_events(1)
    with contextlib.closing(database.mariadb.connect(database.name)) as lock:
        with lock.cursor() as cursor:
            cursor.execute("LOCK TABLES new_mail WRITE")
        client = threading.Thread(target=server.send)
        client.start()
        wait_for(lambda: database.mariadb.query(
            "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE LIKE "
            "'%metadata lock%'"), 20, "an insert that waits")
        assert len(reader.events) == 1
        with lock.cursor() as cursor:
            cursor.execute("UNLOCK TABLES")
        client.join()
    assert_of_rows(reader.await_events(2), database)


def test_spooled_mail_is_told_of_when_it_is_replayed(
        start_server, database, front):
    reader = front()
    spool = front.folder + "/store"
    os.mkdir(spool)
    os.chmod(spool, 0o755)
    server = start_server({
        "notify.socket": front.path, "store.on_outage": "spool",
        "store.hold": 1, "store.spool_dir": spool + "/spool"})
    database.mariadb.stop()
    mail_id = server.send()
    assert os.listdir(spool + "/spool/new")
    assert not reader.events
    database.mariadb.start()
    assert {event["id"] for event in reader.await_events(1)} == {mail_id}
    assert_of_rows(reader.events, database)


def test_a_reader_that_is_away_or_stops_reading_delays_no_mail(
        start_server, database, front):
    server = start_server({"notify.socket": front.path})
    began = time.monotonic()
    sent = [server.send()]                              # nobody is there
    server.await_log("arrival events are lost")
    deaf = front(reads=False)
    with server.dialog() as dialog:
        while counted(server, "events_lost") < 3:       # and then it is full
            sent += [dialog.mail("\r\nhello\r\n").id for _ in range(50)]
    deaf.close()
    sent.append(server.send())                          # gone
    reader = front()                                    # and bound again
    sent.append(server.send())
    assert reader.await_events(1)[0]["id"] == sent[-1]
    assert database.count() == len(sent)
    told = len(server.log_lines("arrival events are lost"))
    assert 1 <= told <= 1 + (time.monotonic() - began) // 60
    assert counted(server, "events") + counted(server, "events_lost") == \
        len(sent)


def test_a_worker_that_is_killed_costs_hints_alone(
        start_server, database, front, load):
    reader = front()
    server = start_server({"notify.socket": front.path, "workers": 2})
    with load(server, sessions=4) as traffic:
        for _ in range(4):
            traffic.await_accepted(30)
            server.kill_grown_worker()
        traffic.await_accepted(30)
    traffic.check(database)
    last = server.send()
    wait_for(lambda: reader.events[-1]["id"] == last, 20, "the last event")
    assert len({event["hash"] for event in reader.events}) <= database.count()
    assert_of_rows(reader.events, database)


def test_watch_prints_arrivals(start_server, front):
    server = start_server({"notify.socket": front.path})
    with subprocess.Popen([WATCH, front.path], stdout=subprocess.PIPE,
                          text=True, encoding="utf-8") as watch:
        try:
            wait_for(lambda: os.path.exists(front.path) and
                     os.stat(front.path).st_mode & 0o2, 20, "its socket")
            server.send("Subject: a =?utf-8?q?=1B[31m?= b\r\n\r\nhello\r\n")
            line = watch.stdout.readline()
        finally:
            # ^C is ignored by what was started in the background.
            watch.terminate()
    assert "you@example.com" in line and "hello" not in line
    assert "\x1b" not in line
    assert not os.path.exists(front.path)
