# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that kill, hang or bloat the worker that parses them."""
import pytest

from support.server import FRAGILE
from support.waiting import wait_for


def poison(kind):
    # By its comment the address is GMime's to read.
    return (f'From: "{kind}" (x) <Bad@Example.org>\r\nTo: you@example.com\r\n'
            f"Subject: poison\r\nX-Fragile: {kind}\r\n"
            f"Content-Type: text/plain; name={kind}\r\n\r\ntext\r\n")


def send_and_die(server, message):
    """The worker dies while it parses: there is no reply."""
    with server.dialog() as dialog:
        with pytest.raises((ConnectionError, AssertionError)):
            reply = dialog.mail(message)
            assert reply.code != 421, reply


@pytest.mark.parametrize("kind", ["crash", "abort", "gmime-crash",
                                  "gmime-memory"])
def test_a_message_that_kills_is_stored_unparsed(start_server, database, kind):
    server = start_server(program=FRAGILE)
    before = set(server.workers())

    send_and_die(server, poison(kind))
    wait_for(lambda: len(server.workers()) == 2
             and set(server.workers()) != before, 10, "a new worker")
    assert database.count() == 0

    # The sender comes back: the second time it is stored without parsing.
    with server.dialog() as dialog:
        reply = dialog.mail(poison(kind))
    row = database.row("`hash` = %s", [reply.id])
    assert row["from"] == "me@example.org"     # no parser: the envelope's
    assert row["subject"] == "poison"
    assert row["mail"].endswith(poison(kind).encode())
    server.await_log("without parsing")

    # Others are parsed as ever, and nobody dies any more.
    workers = set(server.workers())
    server.send("To: you@example.com\r\nSubject: =?utf-8?q?g=C3=BCt?=\r\n"
                "\r\nx\r\n")
    assert database.row("`subject` = %s", ["güt"])
    assert set(server.workers()) == workers


def test_a_parser_that_hangs_is_replaced(start_server, database):
    server = start_server({"watchdog": 5, "workers": 1}, program=FRAGILE)
    before = server.workers()
    with server.dialog(timeout=40) as dialog:
        with pytest.raises((ConnectionError, AssertionError)):
            dialog.mail(poison("hang"))
    wait_for(lambda: server.workers() and server.workers() != before, 20,
             "a new worker")
    wait_for(server.is_ready, 10, "the new worker serves")
    with server.dialog() as dialog:
        dialog.mail(poison("hang"))
    assert database.count() == 1


def test_a_worker_that_grows_is_recycled(start_server, database, load):
    server = start_server({"recycle.rss": "100M"}, program=FRAGILE)
    before = set(server.workers())
    with load(server, sessions=4) as traffic:
        # Which worker takes a connection is the kernel's choice.
        for _ in range(20):
            server.send(poison("leak"))
        wait_for(lambda: before - set(server.workers()), 40,
                 "the worker that grew is replaced")
    assert not traffic.unknown
    server.await_log("asks to be replaced")
    database.query("DELETE FROM new_mail WHERE subject = 'poison'")
    traffic.check(database)


def test_workers_are_recycled_after_so_many_mails(start_server, database,
                                                  load):
    server = start_server({"recycle.mails": 50})
    before = set(server.workers())
    with load(server, sessions=4) as traffic:
        wait_for(lambda: before - set(server.workers()), 40,
                 "a worker is replaced")
        traffic.await_accepted(50)
    assert not traffic.unknown
    traffic.check(database)
