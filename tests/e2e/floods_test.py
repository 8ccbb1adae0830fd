# SPDX-License-Identifier: GPL-3.0-or-later
"""Floods: so many mails a minute for one address and for one domain, over all
workers, whoever sends them."""
import json
import os
import signal
import threading

import pytest

from support.dialog import Dialog
from support.waiting import wait_for

OVER = (450, "4.2.1")
WORKERS = 3


def over_rate(server):
    processes = json.loads(server.run("-s", "status", "--json").stdout)
    return sum(process["counters"]["recipients_over_rate"]
               for process in processes["processes"])


def send_from(server, source, *recipients):
    """A mail from that address of the loopback net; the codes to RCPT."""
    with Dialog(server.port, source=source) as dialog:
        dialog.command("EHLO there", 250)
        dialog.command("MAIL FROM:<me@example.org>", 250)
        replies = [dialog.command(f"RCPT TO:<{one}>") for one in recipients]
        codes = [(one.code, one.enhanced) for one in replies]
        if any(code == 250 for code, _ in codes):
            dialog.command("DATA", 354)
            dialog.send("Subject: hello\r\n\r\nhello\r\n.\r\n")
            dialog.expect(250)
        return codes


def flood(server, count, *recipients):
    """As many mails, each from another address."""
    return [send_from(server, f"127.0.1.{n + 1}", *recipients)
            for n in range(count)]


def rows_for(database, recipient):
    return int(database.query("SELECT COUNT(*) AS n FROM new_mail WHERE "
                              f"`to` = '{recipient}'")[0]["n"])


def test_an_address_gets_so_many_from_fifty_others(start_server, database):
    server = start_server({"workers": WORKERS,
                           "limits.rate_per_recipient": 10})
    codes = flood(server, 50, "victim@example.com", "other@example.com")
    # A minute that ends meanwhile lets in what is 60 s ago, and no more.
    taken = sum(first[0] == 250 for first, _ in codes)
    assert 10 <= taken <= 12
    assert all(first in (OVER, (250, "2.1.5")) for first, _ in codes)
    assert rows_for(database, "victim@example.com") == taken
    # The other one is over its rate just as well; a third is not.
    assert rows_for(database, "other@example.com") <= 12
    assert send_from(server, "127.0.1.1", "victim@example.com",
                     "third@example.com")[1][0] == 250
    server.await_log("reply=\"450 4.2.1\"")
    wait_for(lambda: over_rate(server) >= 76, 10, "the counter")


def test_other_recipients_of_a_message_are_unharmed(start_server, database):
    server = start_server({"limits.rate_per_recipient": 5})
    for n in range(15):
        codes = send_from(server, None, "victim@example.com",
                          f"user{n}@example.com")
        assert codes[1][0] == 250
    assert rows_for(database, "victim@example.com") in (5, 6)
    assert database.count() - rows_for(database, "victim@example.com") == 15


def test_what_is_over_may_be_thrown_away(start_server, database):
    server = start_server({"limits.rate_per_recipient": 5,
                           "discard_over_rate": True})
    codes = flood(server, 20, "victim@example.com", "VICTIM@example.com")
    assert all(code == 250 for both in codes for code, _ in both)
    assert rows_for(database, "victim@example.com") in (5, 6)
    server.await_log("discarded")
    wait_for(lambda: over_rate(server) >= 30, 10, "the counter")


def test_a_domain_counts_for_all_its_addresses(start_server, database):
    server = start_server({"domains": ["example.com", "example.net"],
                           "limits.rate_per_domain": 8})
    for n in range(12):
        send_from(server, None, f"user{n}@example.com")
    assert database.count() in (8, 9)
    assert send_from(server, None, "user@example.net")[0][0] == 250


def test_who_is_looked_up_is_counted_when_he_is_there(start_server, database):
    database.query("CREATE TABLE users (name VARCHAR(99))")
    database.query("INSERT INTO users VALUES ('victim@example.com')")
    server = start_server({
        "recipient_query": "SELECT 1 FROM users WHERE name = ?",
        "limits.rate_per_recipient": 4})
    codes = flood(server, 10, "victim@example.com", "nobody@example.com")
    assert [first for first, _ in codes][:4] == [(250, "2.1.5")] * 4
    assert sum(first == OVER for first, _ in codes) in (5, 6)
    assert all(second == (550, "5.1.1") for _, second in codes)


def taken_of(codes):
    return sum(first[0] == 250 for first, in codes)


@pytest.mark.parametrize("how", ["reload", "upgrade"])
def test_others_go_on_with_the_counts(start_server, how):
    server = start_server({"workers": 2, "limits.rate_per_recipient": 10})
    flood(server, 15, "victim@example.com")
    before = server.workers()
    assert server.run("-s", how).returncode == 0
    wait_for(lambda: not set(server.workers()) & set(before), 20, "others")
    # What was counted a while ago ends to count; nothing else does.
    assert taken_of(flood(server, 10, "victim@example.com")) <= 5


def test_a_reload_changes_the_limit(start_server):
    server = start_server({"workers": 1, "limits.rate_per_recipient": 5})
    assert taken_of(flood(server, 8, "victim@example.com")) in (5, 6)
    server.set(limits__rate_per_recipient=9)
    assert server.run("-s", "reload").returncode == 0
    assert 4 <= taken_of(flood(server, 8, "victim@example.com")) <= 8
    server.set(limits__rate_per_recipient=0)
    assert server.run("-s", "reload").returncode == 0
    assert taken_of(flood(server, 8, "victim@example.com")) == 8


def test_a_killed_worker_leaves_no_count(start_server):
    """Nobody knows whether its mail had come."""
    server = start_server({"workers": 1, "limits.rate_per_recipient": 5})
    dialogs = [Dialog(server.port) for _ in range(5)]
    for dialog in dialogs:
        dialog.command("EHLO there", 250)
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<victim@example.com>", 250)
    assert send_from(server, None, "victim@example.com") == [OVER]
    before = server.workers()
    os.kill(before[0], signal.SIGKILL)
    for dialog in dialogs:
        dialog.close()
    wait_for(lambda: set(server.workers()) - set(before), 20, "another")
    assert taken_of(flood(server, 5, "victim@example.com")) == 5


@pytest.mark.parametrize("end", [["RSET"], ["EHLO there"], ["QUIT"], [],
                                 ["DATA", "a\nb\r\n."]])
@pytest.mark.parametrize("discards", [True, False])
def test_mail_that_does_not_come_does_not_count(start_server, database, end,
                                                discards):
    server = start_server({"workers": 1, "limits.rate_per_recipient": 5,
                           "limits.discard_over_rate": discards})
    for _ in range(12):
        with server.dialog() as dialog:
            dialog.command("MAIL FROM:<me@example.org>", 250)
            dialog.command("RCPT TO:<victim@example.com>", 250)
            for line in end:
                dialog.command(line)
    wait_for(lambda: server.dialog().close() is None, 5, "an answer")
    assert taken_of(flood(server, 5, "victim@example.com")) == 5
    assert rows_for(database, "victim@example.com") == 5
    assert over_rate(server) == 0


def test_transactions_held_open_make_no_mail_vanish(start_server, database):
    server = start_server({"workers": 1, "limits.rate_per_recipient": 5,
                           "discard_over_rate": True})
    dialogs = [Dialog(server.port) for _ in range(8)]
    for dialog in dialogs:
        dialog.command("EHLO there", 250)
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<victim@example.com>", 250)
        dialog.command("DATA", 354)
    assert taken_of(flood(server, 5, "victim@example.com")) == 5
    assert rows_for(database, "victim@example.com") == 5
    for dialog in dialogs:
        dialog.close()
    assert over_rate(server) == 0


def test_what_cannot_be_stored_does_not_count(start_server, database):
    server = start_server({"workers": 1, "limits.rate_per_recipient": 5,
                           "store.hold": 1})
    database.query("CREATE TRIGGER picky BEFORE INSERT ON new_mail FOR EACH "
                   "ROW SIGNAL SQLSTATE '45000'")
    for _ in range(8):
        with server.dialog() as dialog:
            dialog.mail("\r\nhello\r\n", to=["victim@example.com"],
                        code=451)
    database.query("DROP TRIGGER picky")
    assert taken_of(flood(server, 5, "victim@example.com")) == 5


def test_fifty_at_once_are_no_way_around(start_server, database):
    server = start_server({"workers": WORKERS,
                           "limits.rate_per_recipient": 10})
    codes = []
    threads = [threading.Thread(target=lambda n=n: codes.extend(send_from(
        server, f"127.0.1.{n + 1}", "victim@example.com")))
        for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 50
    assert rows_for(database, "victim@example.com") <= 12
