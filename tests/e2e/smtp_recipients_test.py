# SPDX-License-Identifier: GPL-3.0-or-later
"""recipient_query while the database does not answer (the rest of it is in
worker_recipients_test.py), and XCLIENT, by which a proxy says for whom it
speaks."""
import time

import pytest

from support.waiting import wait_for

MESSAGE = "Subject: x\r\n\r\nhello\r\n"


def verdict(server, recipient):
    """Code and enhanced code of the RCPT."""
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        reply = dialog.command(f"RCPT TO:<{recipient}>")
        return f"{reply.code} {reply.enhanced}"


@pytest.fixture
def boxes(database):
    """A table of addresses that exist: you@example.com is one."""
    database.query("CREATE TABLE boxes (address varchar(320) COLLATE "
                   "utf8mb4_bin PRIMARY KEY)")
    database.query("INSERT INTO boxes VALUES ('you@example.com')")
    return database


def asking(**more):
    return {"recipient_query": "SELECT 1 FROM boxes WHERE address = ?",
            "timeouts.lookup": 2, **more}


# -- recipient_query -------------------------------------------------------


def test_no_answer_is_no_refusal(start_server, boxes):
    server = start_server(asking())
    boxes.query("RENAME TABLE boxes TO gone")
    assert verdict(server, "other@example.com") == "451 4.4.3"
    boxes.query("RENAME TABLE gone TO boxes")
    wait_for(lambda: verdict(server, "third@example.com") == "550 5.1.1",
             10, "recipients are asked for again")


def test_a_database_that_hangs_is_451_in_time(start_server, boxes):
    server = start_server(asking())
    assert verdict(server, "you@example.com") == "250 2.1.5"
    boxes.mariadb.pause()
    began = time.monotonic()
    assert verdict(server, "other@example.com") == "451 4.4.3"
    assert 1 < time.monotonic() - began < 6
    boxes.mariadb.resume()


# -- XCLIENT -----------------------------------------------------------------

def test_xclient_speaks_for_another(start_server, database):
    server = start_server({"xclient_hosts": ["127.0.0.1"]})
    with server.dialog() as dialog:
        assert "XCLIENT" in dialog.ehlo.text
        dialog.command("XCLIENT NAME=far.example ADDR=192.0.2.99", 220)
        dialog.command("MAIL FROM:<me@example.org>", 503)
        dialog.command("EHLO far.example", 250)
        dialog.mail(MESSAGE)
    row = database.row()
    assert row["ip_addr"] == bytes([192, 0, 2, 99])
    assert row["helo"] == "far.example"
    assert b"from far.example ([192.0.2.99])" in row["mail"]


def test_xclient_is_not_for_everyone(server, database):
    with server.dialog() as dialog:
        assert "XCLIENT" not in dialog.ehlo.text
        dialog.command("XCLIENT ADDR=192.0.2.99", 550)
        dialog.mail(MESSAGE)
    assert database.row()["ip_addr"] == bytes([127, 0, 0, 1])
