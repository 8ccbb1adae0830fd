# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose mail is unwanted: by the envelope, by From, from files that change."""
import json
import os
import threading

import pytest

from support.waiting import wait_for


def mail(sender):
    return f"From: A <{sender}>\r\nTo: you@example.com\r\n\r\nhello\r\n"


def mail_from(server, sender):
    with server.dialog() as dialog:
        reply = dialog.command(f"MAIL FROM:<{sender}>")
        return reply.code, reply.enhanced


def blocked(server):
    processes = json.loads(server.run("-s", "status", "--json").stdout)
    return sum(process["counters"]["senders_blocked"]
               for process in processes["processes"])


REFUSED = (550, "5.7.1")


def test_mail_is_refused_by_its_envelope(start_server, database):
    server = start_server({"blocked_senders": [
        "Spam@A.example", "b.example", "*.c.example", "bücher.example"]})
    for sender in ("spam@a.example", "SPAM@a.EXAMPLE", '"spam"@a.example',
                   "x@b.example", "x@y.c.example",
                   "x@xn--bcher-kva.example"):
        assert mail_from(server, sender) == REFUSED, sender
    for sender in ("ham@a.example", "x@y.b.example", "x@c.example", ""):
        assert mail_from(server, sender)[0] == 250, sender
    server.send(mail("x@b.example"), sender="me@example.org")
    assert database.count() == 1
    server.await_log("No mail is accepted from that sender")
    wait_for(lambda: blocked(server) == 6, 10, "the counter")


def test_more_than_limits_errors_end_no_session(start_server):
    server = start_server({"blocked_senders": ["b.example"]})
    with server.dialog() as dialog:
        for _ in range(30):
            dialog.command("MAIL FROM:<x@b.example>", 550)
        dialog.mail(mail("me@example.org"))


def test_mail_is_refused_by_its_from(start_server, database):
    server = start_server({"blocked_senders": ["spam@a.example",
                                               "*.c.example"],
                           "blocked_senders_header": True})
    with server.dialog() as dialog:
        for sender in ("spam@a.example", "SPAM@A.example", "x@y.c.example"):
            reply = dialog.mail(mail(sender), code=550)
            assert reply.enhanced == "5.7.1"
        dialog.mail(mail("ham@a.example"))
        dialog.mail("Subject: none\r\n\r\nhello\r\n", sender="")
    assert database.count() == 2
    server.await_log('verdict="refused: blocked_senders"')
    wait_for(lambda: blocked(server) == 3, 10, "the counter")


def test_or_it_is_thrown_away(start_server, database):
    server = start_server({"blocked_senders": ["spam@a.example"],
                           "blocked_senders_header": True,
                           "blocked_action": "discard"})
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<spam@a.example>", 250)
        dialog.command("RCPT TO:<you@elsewhere.example>", 550)
        dialog.command("RSET", 250)
        dialog.mail(mail("me@example.org"), sender="spam@a.example")
        dialog.mail(mail("spam@a.example"))
        dialog.mail(mail("me@example.org"))
    assert database.count() == 1
    wait_for(lambda: len(server.log_lines(
        'verdict="discarded: blocked_senders"')) == 2, 10, "the lines")
    wait_for(lambda: blocked(server) == 2, 10, "the counter")


def write_list(server, names):
    path = os.path.join(server.folder, "senders")
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.writelines(f"{name}  # unwanted\n" for name in names)
    os.rename(path + ".new", path)
    server.set(blocked_sender_files=[path])
    server.reload()


def test_the_list_is_replaced_under_load(start_server, database):
    """Each mail is refused or stored, by the list before or after."""
    server = start_server({"blocked_senders": ["always.example"]})
    stored, ends = [], threading.Event()

    def send():
        while not ends.is_set():
            assert mail_from(server, "x@always.example") == REFUSED
            code = mail_from(server, "x@some.example")[0]
            assert code in (250, 550)
            stored.append(server.send(mail("me@example.org")))

    faults = []

    def client():
        try:
            send()
        except BaseException as fault:  # told by the main thread
            faults.append(fault)

    threads = [threading.Thread(target=client) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(4):
            names = [f"n{n}.example" for n in range(20000)]
            if turn % 2 == 0:
                names += ["some.example"]
            write_list(server, names)
            wanted = 550 if turn % 2 == 0 else 250
            wait_for(lambda: mail_from(server, "x@some.example")[0] ==
                     wanted, 30, "the new list")
    finally:
        ends.set()
        for thread in threads:
            thread.join()
    assert not faults
    assert database.count() == len(stored) > 0


def test_they_come_from_the_database_too(start_server, database):
    database.query("CREATE TABLE blocked (sender VARCHAR(320))")
    database.query("INSERT INTO blocked VALUES ('Spam@A.example'), "
                   "('*.c.example'), ('no address@'), (NULL)")
    server = start_server({
        "workers": 1, "domains_refresh": 1, "blocked_senders_header": True,
        "blocked_senders": ["b.example"],
        "blocked_senders_query": "SELECT sender FROM blocked"})
    # From the first client on.
    for sender in ("spam@a.example", "x@b.example", "x@y.c.example"):
        assert mail_from(server, sender) == REFUSED, sender
    assert mail_from(server, "x@late.example")[0] == 250
    with server.dialog() as dialog:
        dialog.mail(mail("spam@a.example"), code=550)
    server.await_log("what is no sender")
    database.query("INSERT INTO blocked VALUES ('late.example')")
    wait_for(lambda: mail_from(server, "x@late.example") == REFUSED, 10,
             "the refresh")
    # A failed one keeps the last list.
    database.query("RENAME TABLE blocked TO gone")
    server.await_log("the last list stays")
    assert mail_from(server, "x@late.example") == REFUSED
    assert [line for line in server.log_lines("query of the configuration is "
                                              "broken")
            if "blocked_senders_query" in line]
    database.query("RENAME TABLE gone TO blocked")
    database.query("DELETE FROM blocked WHERE sender = 'late.example'")
    wait_for(lambda: mail_from(server, "x@late.example")[0] == 250, 10,
             "the query works again")
    assert mail_from(server, "spam@a.example") == REFUSED


def proportional(pid):
    """The share of a process in the memory that it maps, in KB."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file
                    if line.startswith("Pss:"))


@pytest.mark.slow
def test_a_million_are_shared(start_server, top):
    """The program as it is installed: sanitizers shadow all memory."""
    server = start_server({"workers": 4}, program=os.path.join(
        top, "build/guerrilla-smtpd"))
    family = [server.pid, *server.workers()]
    before = sum(proportional(pid) for pid in family)
    write_list(server, [f"user{n}@host{n % 977}.example"
                        for n in range(1000000)])
    server.await_log("reload done", 60)
    wait_for(lambda: len(server.workers()) == 4, 30, "the old ones go")
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<user999999@host528.example>", 550)
        dialog.command("MAIL FROM:<user999999@host529.example>", 250)
    family = [server.pid, *server.workers()]
    grown = sum(proportional(pid) for pid in family) - before
    assert grown < 64 * 1024, grown
