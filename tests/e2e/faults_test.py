# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers killed, the database pulled away, configurations changed, all
under load: no 250 without exactly one row."""
import os
import random
import signal
import time

import pytest

from support.waiting import wait_for


def test_a_killed_worker_is_replaced(server):
    for _ in range(3):
        killed = server.kill_worker()
        wait_for(lambda: killed not in server.workers()
                 and len(server.workers()) == 2, 5, "a new worker")
        server.send()


def test_killed_workers_lose_no_mail(start_server, database, load):
    server = start_server({"workers": 3})
    with load(server, sessions=8) as traffic:
        for _ in range(12):
            traffic.await_accepted(25)
            workers = server.workers()
            if workers:
                os.kill(random.choice(workers), signal.SIGKILL)
        traffic.await_accepted(50)
    traffic.check(database)
    assert server.process.poll() is None


def test_all_workers_killed_at_once_lose_no_mail(server, database, load):
    with load(server, sessions=6) as traffic:
        for _ in range(3):
            traffic.await_accepted(40)
            for pid in server.workers():
                os.kill(pid, signal.SIGKILL)
        traffic.await_accepted(40)
    traffic.check(database)


def test_a_killed_database_loses_no_mail(start_server, database, mariadb,
                                         load):
    server = start_server({"store.hold": 10})
    with load(server, sessions=6) as traffic:
        for _ in range(3):
            traffic.await_accepted(40)
            mariadb.kill()
            mariadb.start()
        traffic.await_accepted(40)
    traffic.check(database)


def test_a_stopped_database_loses_no_mail(start_server, database, mariadb,
                                          load):
    server = start_server({"store.hold": 1})
    with load(server, sessions=6) as traffic:
        traffic.await_accepted(40)
        mariadb.stop()
        wait_for(lambda: traffic.deferred or traffic.failures, 20,
                 "a client that is told to come back")
        mariadb.start()
        traffic.await_accepted(40)
    traffic.check(database)


def test_a_frozen_database_loses_no_mail(start_server, database, mariadb,
                                         load):
    server = start_server({"mysql.timeout": 1, "store.hold": 3})
    with load(server, sessions=6) as traffic:
        for _ in range(2):
            traffic.await_accepted(40)
            mariadb.pause()
            time.sleep(2.5)
            mariadb.resume()
        traffic.await_accepted(40)
    traffic.check(database)


def test_a_database_that_is_away_at_start_is_awaited(start_server, database,
                                                     mariadb):
    mariadb.stop()
    server = start_server()
    mariadb.start()
    wait_for(lambda: sends(server), 20, "mail is taken again")
    assert database.count() == 1


def sends(server):
    try:
        return server.send()
    except (AssertionError, OSError):
        return None


def test_reloads_refuse_no_connection(server, database, load):
    with load(server, sessions=6, mails_per_session=5) as traffic:
        for _ in range(5):
            traffic.await_accepted(30)
            server.reload()
        traffic.await_accepted(60)
    assert not traffic.unknown
    assert not any("Refused" in what or "Reset" in what
                   for what in traffic.failures), traffic.failures
    traffic.check(database)


def test_a_reload_changes_the_domains(server, database):
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<>", 250)
        dialog.command("RCPT TO:<you@new.example>", 550)
    server.set(domains=["example.com", "new.example"])
    server.reload()

    def is_taken():
        with server.dialog() as dialog:
            dialog.command("MAIL FROM:<>", 250)
            return dialog.command("RCPT TO:<you@new.example>").code == 250
    wait_for(is_taken, 10, "the new domain is known")


def test_a_broken_configuration_leaves_the_old_one(server):
    server.write_config("domains = {}\nnonsense = 1\n")
    server.reload()
    server.await_log("nonsense")
    server.send()


def test_a_stop_under_load_loses_no_mail(start_server, database, load):
    server = start_server({"timeouts.shutdown": 5})
    with load(server, sessions=6) as traffic:
        traffic.await_accepted(60)
        assert server.stop() == 0
    traffic.check(database)


@pytest.mark.slow
def test_a_minute_of_random_kills(start_server, database, load):
    server = start_server({"workers": 3, "log.level": "info"})
    end = time.monotonic() + 60
    kills = 0
    with load(server, sessions=8) as traffic:
        while kills < 300 and time.monotonic() < end:
            grown = server.grown_workers()
            if grown:
                os.kill(random.choice(grown), signal.SIGKILL)
                kills += 1
            time.sleep(0.15)
        traffic.await_accepted(100)
    traffic.check(database)
    assert kills > 60
    assert server.process.poll() is None
