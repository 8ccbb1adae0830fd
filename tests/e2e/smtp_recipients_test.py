# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose mail is taken: recipient_query, domains_query, discard, primary_host;
and XCLIENT, by which a proxy says for whom it speaks."""
import time

import pytest

from support.waiting import wait_for

MESSAGE = "Subject: x\r\n\r\nhello\r\n"


def verdicts(server, *recipients):
    """Code and enhanced code of each RCPT of one transaction."""
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        replies = [dialog.command(f"RCPT TO:<{r}>") for r in recipients]
        return [f"{reply.code} {reply.enhanced}" for reply in replies]


def verdict(server, recipient):
    return verdicts(server, recipient)[0]


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

def test_recipients_are_asked_for(start_server, boxes):
    server = start_server(asking())
    assert verdicts(
        server, "You@Example.com", "nobody@example.com", "postmaster",
        "Postmaster@example.com", "you@example.com", "you@example.org") == [
            "250 2.1.5", "550 5.1.1", "250 2.1.5", "250 2.1.5", "250 2.1.5",
            "550 5.7.1"]


def test_a_group_of_commands_waits_for_each_answer(start_server, boxes):
    server = start_server(asking())
    with server.dialog() as dialog:
        dialog.send("MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n"
                    "RCPT TO:<you@example.com>\r\nRCPT TO:<b@example.com>\r\n"
                    "DATA\r\n")
        codes = [dialog.reply().code for _ in range(5)]
        assert codes == [250, 550, 250, 550, 354]
        dialog.send(MESSAGE + ".\r\n")
        dialog.expect(250)
    assert boxes.row()["to"] == "you@example.com"


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


# -- domains_query ----------------------------------------------------------

def test_domains_come_and_go(start_server, database):
    database.query("CREATE TABLE ours (name varchar(255))")
    database.query("INSERT INTO ours VALUES ('First.Example')")
    server = start_server({"domains_query": "SELECT name FROM ours",
                           "domains_refresh": 1})
    assert verdicts(server, "a@first.example", "a@example.com",
                    "a@second.example") == [
                        "250 2.1.5", "250 2.1.5", "550 5.7.1"]
    database.query("UPDATE ours SET name = '*.second.example'")
    wait_for(lambda: verdict(server, "a@x.second.example") == "250 2.1.5",
             10, "a new domain")
    assert verdict(server, "a@first.example") == "550 5.7.1"
    database.query("DROP TABLE ours")
    time.sleep(2.5)
    assert verdict(server, "a@x.second.example") == "250 2.1.5"


def test_domains_that_never_came_are_451(start_server, database):
    server = start_server({"domains_query": "SELECT name FROM missing",
                           "domains_refresh": 1, "timeouts.lookup": 1})
    assert verdicts(server, "a@elsewhere.example", "a@example.com") == [
        "451 4.4.3", "250 2.1.5"]


# -- discard, primary_host ---------------------------------------------------

def test_discarded_mail_is_no_row(start_server, database):
    server = start_server({"domains": ["example.com", "void.example"],
                           "discard": ["void.example",
                                       "Bounce@example.com"]})
    server.send(to=["x@void.example", "bounce@example.com"])
    server.await_log("discarded")
    assert database.count() == 0
    server.send(to=["x@void.example", "you@example.com"])
    assert database.row()["to"] == "you@example.com"


def test_primary_host_is_in_to_alone(start_server, database):
    server = start_server({"primary_host": "main.example"})
    server.send(to=["You.There@Example.com"])
    row = database.row()
    assert row["to"] == "you.there@main.example"
    assert row["recipient"] == "You.There@Example.com"
    assert b"Delivered-To: You.There@Example.com\r\n" in row["mail"]


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
