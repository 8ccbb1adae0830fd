# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole service while its database is away: 250 from the spool, 451 or
421 without one, and in the end every 250 has exactly its rows."""
import json
import os
import random
import signal
import socket
import time

import pytest

from support.dialog import Dialog
from support.waiting import wait_for


@pytest.fixture
def spooling(start_server, tmp_path_factory):
    def start(**settings):
        folder = f"/var/tmp/gsmtpd-spool-{os.getpid()}-{random.random()}"
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        folders.append(folder)
        server = start_server({
            "store.on_outage": "spool", "store.hold": 1,
            "store.spool_dir": folder + "/spool", **settings})
        server.spool = folder + "/spool"
        return server
    folders = []
    yield start
    for folder in folders:
        os.system(f"rm -rf {folder}")


def spooled(server, folder="new"):
    path = os.path.join(server.spool, folder)
    return os.listdir(path) if os.path.isdir(path) else []


def test_the_spool_takes_mail_and_gives_it_back(spooling, database, load):
    server = spooling()
    with load(server, sessions=4) as traffic:
        traffic.await_accepted(20)
        database.mariadb.stop()
        traffic.await_accepted(40)
        assert spooled(server)
        database.mariadb.start()
        traffic.await_accepted(40)
    wait_for(lambda: not spooled(server), 20, "an empty spool")
    assert not traffic.deferred and not traffic.rejected
    traffic.check(database)


def test_a_start_without_a_database(spooling, database, load):
    database.mariadb.stop()
    server = spooling()
    with load(server, sessions=2) as traffic:
        traffic.await_accepted(5)
    assert spooled(server)
    assert server.stop() == 0
    server.start()
    database.mariadb.start()
    wait_for(lambda: not spooled(server), 20, "an empty spool")
    traffic.check(database)


def test_a_second_instance_is_refused(spooling, start_server):
    first = spooling()
    second = start_server({"store.on_outage": "spool",
                           "store.spool_dir": first.spool,
                           "pid_file": ""}, wait=False)
    assert second.process.wait(20) == 3
    assert "another instance uses it" in second.log()
    second.set(store__spool_dir=first.spool + "-of-its-own")
    os.chmod(os.path.dirname(first.spool), 0o777)
    second.start()


def test_a_full_spool_is_452_and_no_loss(spooling, database, load):
    server = spooling(**{"store.spool_max": "64K"})
    with load(server, sessions=2) as traffic:
        traffic.await_accepted(5)
        database.mariadb.stop()
        wait_for(lambda: traffic.deferred, 30, "452")
        database.mariadb.start()
        traffic.await_accepted(20)
    wait_for(lambda: not spooled(server), 20, "an empty spool")
    traffic.check(database)


def test_size_in_ehlo_follows_the_table(start_server, database):
    server = start_server({"workers": 1})

    def size():
        with server.dialog() as dialog:
            line, = [line for line in dialog.ehlo.lines if "SIZE" in line]
            return int(line.split()[-1])
    wide = size()
    assert wide == 25 * 2 ** 20
    database.query("ALTER TABLE new_mail MODIFY mail blob NOT NULL")
    for row in database.query("SHOW PROCESSLIST"):
        if row["User"] == "guerrilla":
            database.query(f"KILL {row['Id']}")
    wait_for(lambda: size() == 65535 - 4096, 10, "the smaller figure")


def test_what_is_set_aside_is_counted(spooling, database, load):
    server = spooling()
    database.mariadb.stop()
    # One session: mails of two may share a batch, and so a file.
    with load(server, sessions=1) as traffic:
        traffic.await_accepted(5)
    wait_for(lambda: len(spooled(server)) >= 5, 5, "the spool")
    for name in spooled(server):
        with open(f"{server.spool}/new/{name}", "r+b") as file:
            text = file.read()
            if b"mark00000001@" not in text:
                file.truncate(len(text) - 1)
                break
    database.mariadb.start()
    database.query("ALTER TABLE new_mail ADD CONSTRAINT one CHECK "
                   "(return_path <> 'mark00000001@example.org')")
    wait_for(lambda: not spooled(server), 20, "an empty spool")
    assert len(spooled(server, "refused")) == 1
    assert len(spooled(server, "damaged")) == 1

    def total():
        scoreboard = json.loads(server.run("-s", "status", "--json").stdout)
        janitor, = [p for p in scoreboard["processes"] if p["role"] == "janitor"]
        return {**scoreboard["counters"], **janitor["gauges"]}
    wait_for(lambda: total()["spool_set_aside"] == 2, 5, "the gauge")
    assert total()["mails_set_aside"] == 1
    # The operator mends the table and has it tried again.
    database.query("ALTER TABLE new_mail DROP CONSTRAINT one")
    for name in spooled(server, "refused"):
        os.rename(f"{server.spool}/refused/{name}",
                  f"{server.spool}/new/{name}")
    wait_for(lambda: not spooled(server), 20, "an empty spool")
    wait_for(lambda: total()["spool_set_aside"] == 1, 5, "the gauge")
    traffic.check(database)


def test_without_a_spool_it_is_451_then_421(start_server, database):
    server = start_server({"store.hold": 1, "workers": 1})
    with Dialog(server.port) as dialog:
        dialog.command("EHLO client.example.org", 250)
        database.mariadb.stop()
        dialog.command("MAIL FROM:<a@example.org>", 250)
        dialog.command("RCPT TO:<b@example.com>", 250)
        dialog.command("DATA", 354)
        began = time.monotonic()
        dialog.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
        assert dialog.reply().code == 451
        assert time.monotonic() - began < 10
        with Dialog(server.port, greeting=None) as late:
            assert late.reply().code == 421
        database.mariadb.start()

    def is_served():
        with Dialog(server.port, greeting=None) as again:
            return again.reply().code == 220
    wait_for(is_served, 10, "220")


def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@pytest.mark.slow
def test_every_process_is_killed_while_the_database_comes_and_goes(
        spooling, database, load):
    server = spooling(workers=3)
    chance = random.Random(11)
    end = time.monotonic() + 40
    with load(server, sessions=6) as traffic:
        traffic.await_accepted(20)
        while time.monotonic() < end:
            what = chance.randrange(6)
            if what == 0:
                database.mariadb.kill()
                time.sleep(chance.uniform(0, 2))
                database.mariadb.start()
            elif what == 1:
                os.kill(server.pid, signal.SIGKILL)
                server.process.wait()
                # Its children notice, and leave the port.
                wait_for(lambda: is_free(server.port), 40, "the port")
                server.start()
            else:
                role = ("worker", "janitor", "worker", "logger")[what - 2]
                for pid in server.children(role)[:1]:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(chance.uniform(0.1, 1))
        traffic.await_accepted(50)
    wait_for(lambda: not spooled(server), 40, "an empty spool")
    traffic.check(database)
