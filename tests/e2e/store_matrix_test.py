# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole program in front of a database server that answers with each
error of the table of outcomes, at each moment of a mail: what the client was
told is true, and whoever comes next is served."""
import itertools
import signal

import pytest

from support.stand_in import ERRORS, MAY_BE_STORED, StandIn
from support.waiting import wait_for

MANY = 10                               # recipients: several statements


@pytest.fixture
def stand_ins(database):
    made = [StandIn(database.mariadb.socket) for _ in range(2)]
    yield made
    for one in made:
        one.close()


@pytest.fixture
def start(start_server, stand_ins):
    """The server before so many of them."""
    def start(hosts=1, **settings):
        return start_server({
            "mysql.hosts": [one.host for one in stand_ins[:hosts]],
            "mysql.timeout": 2, "store.hold": 4, "store.batch_rows": 4,
            "mysql.socket": "", "workers": 1, **settings})
    return start


class Account:
    """What a client is told of each mail, against the table."""

    def __init__(self, server, database):
        self.server = server
        self.database = database
        self.numbers = itertools.count()
        self.dialog = server.dialog()

    def send(self, what, recipients=1):
        """250 and all rows, each once; or another code, and none."""
        sender = f"case{next(self.numbers)}@example.org"
        code = self.dialog.command(f"MAIL FROM:<{sender}>").code
        for n in range(recipients if code == 250 else 0):
            self.dialog.command(f"RCPT TO:<you{n}@example.com>", 250)
        if code == 250:
            code = self.dialog.data(b"Subject: x\r\n\r\nx\r\n", None).code
        rows = len(self.database.rows("return_path = %s", [sender], "`hash`"))
        assert code in (250, 451, 452), f"{what}: {code}"
        assert rows == (recipients if code == 250 else 0), \
            f"{what}: {code}, {rows} rows\n{self.server.log()[-3000:]}"
        return code

    def await_service(self, what):
        """Whoever comes next is served, soon."""
        wait_for(lambda: self.send(f"after {what}") == 250, 20,
                 f"service after {what}")


@pytest.mark.slow
@pytest.mark.parametrize("kind, text, recipients", [
    ("execute", b"", 1), ("query", b"COMMIT", MANY)])
@pytest.mark.parametrize("how, errors", [("error", ERRORS),
                                         ("late", MAY_BE_STORED)])
def test_every_error_where_mail_is_committed(start, stand_ins, database, how,
                                             errors, kind, text, recipients):
    account = Account(start(), database)
    assert account.send("the first", recipients) == 250
    for error in errors:
        fault = stand_ins[0].set(kind, how, error, text)
        code = account.send(f"{error} {how}", recipients)
        assert fault.met == 1, error
        assert code == 250 or how == "error", error
        account.await_service(error)


@pytest.mark.slow
@pytest.mark.parametrize("kind, text, recipients", [
    ("connect", b"", 1), ("prepare", b"INSERT", 1), ("execute", b"", MANY),
    ("query", b"BEGIN", MANY)])
def test_every_error_before_anything_is_committed(start, stand_ins, database,
                                                  kind, text, recipients):
    account = Account(start(), database)
    assert account.send("the first") == 250
    for error in ERRORS:
        if kind in ("connect", "prepare"):
            assert stand_ins[0].interject(1927, True) > 0
        fault = stand_ins[0].set(kind, "error", error, text)
        account.send(error, recipients)
        assert fault.met == 1, error
        account.await_service(error)


@pytest.mark.slow
@pytest.mark.parametrize("is_end", [True, False])
def test_every_error_on_an_idle_connection(start, stand_ins, database,
                                           is_end):
    """As servers tell the end of one: 1053, 1927, 4031. It is noticed
    before mail is given to it."""
    account = Account(start(), database)
    assert account.send("the first") == 250
    for error in ERRORS:
        assert stand_ins[0].interject(error, is_end) > 0
        assert account.send(error) == 250


def test_no_answer_where_mail_is_committed(start, stand_ins, database):
    account = Account(start(), database)
    for kind, text, recipients in (("execute", b"", 1),
                                   ("query", b"COMMIT", MANY)):
        for how in "cut", "lost", "hang":
            assert account.send("before", recipients) == 250
            fault = stand_ins[0].set(kind, how, text=text)
            assert account.send(how, recipients) == 250
            assert fault.met == 1


# ---- The end of the process ---------------------------------------------------


@pytest.mark.parametrize("key", ["UNIQUE KEY", "KEY"])
def test_a_stop_does_not_wait_for_what_never_ends(start, stand_ins, database,
                                                  key):
    """Its client gets an answer, or an end, in time; no worker is killed."""
    database.query(f"ALTER TABLE new_mail DROP KEY `hash`, ADD {key} (`hash`)")
    server = start(**{"mysql.timeout": 1, "store.hold": 600,
                      "timeouts.shutdown": 3})
    server.send()
    fault = stand_ins[0].set("execute", "hang", times=1000)
    with server.dialog(timeout=60) as dialog:
        dialog.command("MAIL FROM:<a@example.org>", 250)
        dialog.command("RCPT TO:<b@example.com>", 250)
        dialog.command("DATA", 354)
        dialog.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
        wait_for(lambda: fault.met, 20, "the statement")
        server.signal(signal.SIGTERM)
        try:
            assert dialog.reply().code in (421, 451)
        except ConnectionError:
            pass                        # in doubt: no answer is right
    assert server.process.wait(60) == 0
    assert not server.log_lines("killed"), server.log()
    assert database.count() == 1


# ---- SIZE ---------------------------------------------------------------------


def send_large(server, stand_ins, database, size=3_000_000):
    """A mail of which the first server says, between MAIL and DATA, that it
    can take 2 MB. The reply to its end."""
    most = str(database.query("SELECT @@max_allowed_packet AS n")[0]["n"])
    two_mb = str(2 * 1024 * 1024).rjust(len(most), "0")
    with server.dialog(timeout=60) as dialog:
        dialog.command(f"MAIL FROM:<a@example.org> SIZE={size}", 250)
        dialog.command("RCPT TO:<b@example.com>", 250)
        stand_ins[0].renamed = [(most.encode(), two_mb.encode())]
        stand_ins[0].interject(1927, True)
        return dialog.data(b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" +
                           (b"y" * 70 + b"\r\n") * (size // 72 - 2), None)


def test_a_packet_that_shrinks_is_no_fault_of_the_sender(start, stand_ins,
                                                         database):
    server = start(**{"store.hold": 1})
    server.send()
    reply = send_large(server, stand_ins, database)
    assert reply.code == 451, reply
    with server.dialog() as dialog:     # from now on it is told before
        dialog.command("MAIL FROM:<a@example.org> SIZE=3000000", 552)
        dialog.command("MAIL FROM:<a@example.org> SIZE=1000000", 250)
    assert database.count() == 1


def test_the_next_host_is_asked_before_the_sender(start, stand_ins, database):
    server = start(hosts=2)
    server.send()
    assert not stand_ins[1].times("execute")
    assert send_large(server, stand_ins, database).code == 250
    assert stand_ins[1].times("execute")
    assert database.count() == 2
