# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole service while its database is away: 250 from the spool, 451 or
421 without one, and in the end every 250 has exactly its rows."""
import contextlib
import itertools
import json
import os
import random
import re
import signal
import socket
import subprocess
import time

import pytest

from support.dialog import Dialog
from support.server import Server, child_pids
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
    if not os.path.isdir(path):
        return []
    # Hidden: why a file was set aside.
    return [name for name in os.listdir(path) if name[0] != "."]


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


def fill_spool(server, database, load, mails=8):
    """Accepted mail that no database has seen."""
    database.mariadb.stop()
    with load(server, sessions=2) as traffic:
        traffic.await_accepted(mails)
    assert spooled(server)
    return traffic


@pytest.mark.parametrize("verb", ["upgrade", "reload"])
def test_the_spool_is_handed_over(spooling, database, load, verb):
    server = spooling()
    traffic = fill_spool(server, database, load)
    for generation in 2, 3:
        done = server.run("-s", verb, timeout=100)
        assert done.returncode == 0, done.stderr
        assert f"generation {generation}" in done.stdout
    # Still ours: nobody else gets it, and its mail comes out.
    server.send(b"Subject: after it\r\n\r\n")
    database.mariadb.start()
    wait_for(lambda: not spooled(server), 20, "an empty spool")
    assert database.count() == len(traffic.accepted) + 1


def test_an_earlier_spool_dir_is_emptied(spooling, database, load):
    server = spooling()
    traffic = fill_spool(server, database, load)
    first, second = server.spool, server.spool + "-2"
    os.chmod(os.path.dirname(first), 0o777)
    os.mkdir(second)
    os.chmod(second, 0o777)
    with server.dialog() as dialog:
        # Of a worker that drains: it goes into the earlier one.
        dialog.command("MAIL FROM:<a@example.org>", 250)
        dialog.command("RCPT TO:<b@example.com>", 250)
        dialog.command("DATA", 354)
        server.set(store__spool_dir=second)
        assert server.run("-s", "reload").returncode == 0
        server.send(b"Subject: into the new one\r\n\r\n")
        before = len(spooled(server))
        dialog.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
        dialog.expect(250)
    assert len(spooled(server)) == before + 1
    server.spool = second
    assert len(spooled(server)) == 1
    # A restart does not forget it either.
    assert server.stop() == 0
    server.start()
    database.mariadb.start()
    server.await_log(f"an earlier spool_dir is empty dir={first}", 20)
    wait_for(lambda: not spooled(server), 20, "an empty spool")
    assert database.count() == len(traffic.accepted) + 2


def test_a_reload_that_is_refused_claims_nothing(spooling, start_server):
    first = spooling()
    other = first.spool + "-2"
    os.chmod(os.path.dirname(first.spool), 0o777)
    os.mkdir(other)
    os.chmod(other, 0o777)
    first.set(store__spool_dir=other, listen="nonsense")
    assert first.run("-s", "reload").returncode == 5
    start_server({"store.on_outage": "spool", "store.spool_dir": other})


def test_the_spool_of_a_dead_master_is_free(spooling, database, load):
    """Though nobody has waited for it: whoever should is slow, or missing,
    as in many containers."""
    server = spooling()
    traffic = fill_spool(server, database, load)
    dead = server.process
    os.kill(dead.pid, signal.SIGKILL)
    wait_for(lambda: is_free(server.port), 40, "the port")
    with open(f"/proc/{dead.pid}/stat", encoding="ascii") as file:
        assert file.read().split()[2] == "Z"
    server.start()
    database.mariadb.start()
    wait_for(lambda: not spooled(server), 20, "an empty spool")
    traffic.check(database)
    dead.wait()


@contextlib.contextmanager
def in_container(server):
    """The server as process 1 of its own; yields the pid outside."""
    with open(server.log_file, "ab") as log:
        outside = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
             *server.arguments()], stdin=subprocess.DEVNULL, stdout=log,
            stderr=log)
    try:
        yield outside
    finally:
        for pid in child_pids(outside.pid):
            os.kill(pid, signal.SIGTERM)
        outside.wait(40)


def test_two_containers_do_not_share_a_spool(spooling, start_server,
                                             database):
    if subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"],
                      check=False).returncode:
        pytest.skip("no PID namespace can be made here")
    first = spooling()
    second = Server(database, {"store.on_outage": "spool",
                               "store.spool_dir": first.spool})
    try:
        assert first.stop() == 0
        with in_container(first):
            first.await_log("master[1]: ready version", 30)
            with in_container(second) as outside:
                assert outside.wait(30) == 3
            assert "another instance uses it" in second.log()
    finally:
        second.clean_up()


def test_what_waits_is_listed(spooling, database, load):
    server = spooling()
    assert server.run("-s", "spool").stdout == "nothing is spooled\n"
    traffic = fill_spool(server, database, load)
    lines = server.run("-s", "spool").stdout.splitlines()
    assert {line.split()[0] for line in lines} == set(traffic.accepted)
    assert all(line.endswith("@example.com>: waits") for line in lines)
    server.stop()
    assert server.run("-s", "spool").stdout.splitlines() != []
    server.start()
    database.mariadb.start()
    wait_for(lambda: not spooled(server), 20, "an empty spool")


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


def test_status_tells_an_outage_in_words(spooling, database):
    server = spooling(**{"workers": 1, "store.hold": 1})

    def status():
        done = server.run("-s", "status")
        return done.returncode, done.stdout
    wait_for(lambda: status()[0] == 0, 10, "all is well")
    # With a mail that was stored: nothing waits any more.
    server.send()
    wait_for(lambda: re.search(r"^database +localhost, 1 of 1 workers$",
                               status()[1], re.MULTILINE), 10, "its host")
    database.mariadb.stop()
    server.send()
    wait_for(lambda: "1 file," in status()[1], 10, "the spool in status")
    code, text = status()
    assert code == 6
    assert "Somebody must see to this:\n  - no database host can be" in text
    assert re.search(r"^database +away for 0:00:\d\d", text, re.MULTILINE)
    assert re.search(r"^spool +1 file, .* bytes, the oldest for 0:00:\d\d$", text,
                     re.MULTILINE)
    assert re.search(r"^last error +0:00:\d\d ago: .*Can't connect", text,
                     re.MULTILINE)
    assert json.loads(server.run("-s", "status", "--json").stdout)["faults"]
    database.mariadb.start()
    wait_for(lambda: status()[0] == 0, 20, "all is well again")
    wait_for(lambda: re.search(r"^spool +empty$", status()[1], re.MULTILINE),
             20, "an empty spool in status")


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
    server = spooling(**{"store.set_aside": 1})
    database.query("ALTER TABLE new_mail ADD CONSTRAINT one CHECK "
                   "(return_path <> 'mark00000001@example.org')")
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
    numbers = itertools.count()

    def others_pass():
        # So the one that does not is at fault.
        server.send(sender=f"other{next(numbers)}@example.org")
        return not spooled(server)
    wait_for(others_pass, 30, "an empty spool")
    assert len(spooled(server, "refused")) == 1
    assert len(spooled(server, "damaged")) == 1

    def total():
        scoreboard = json.loads(server.run("-s", "status", "--json").stdout)
        janitor, = [p for p in scoreboard["processes"] if p["role"] == "janitor"]
        return {**scoreboard["counters"], **janitor["gauges"]}
    wait_for(lambda: total()["spool_set_aside"] == 2, 5, "the gauge")
    assert total()["mails_set_aside"] == 1
    assert abs(total()["spool_set_aside_oldest"] - time.time()) < 200
    wait_for(lambda: total()["spool_oldest"] == 0, 10, "that gauge, too")
    refused, damaged = sorted(
        server.run("-s", "spool").stdout.splitlines(),
        key=lambda line: "damaged: it is cut" in line)
    assert "damaged: it is cut or changed" in damaged
    assert f"{spooled(server, 'refused')[0]} " in refused
    assert "<mark00000001@example.org> to <" in refused
    assert "refused: CONSTRAINT `one` failed" in refused
    # The operator mends the table and has it tried again.
    database.query("ALTER TABLE new_mail DROP CONSTRAINT one")
    done = server.run("-s", "replay")
    assert done.returncode == 0 and "tried again" in done.stdout
    wait_for(lambda: not spooled(server, "refused"), 20, "another try")
    wait_for(lambda: total()["spool_set_aside"] == 1, 5, "the gauge")
    database.query("DELETE FROM new_mail WHERE return_path LIKE 'other%'")
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
