# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is ours, who exists, and what becomes of mail for them."""
import os
import signal

from support.dialog import Dialog
from support.waiting import wait_for

MAIL = "To: you@example.com\r\nSubject: hello\r\n\r\nhello\r\n"


def rcpt(dialog, address):
    """The reply to RCPT, in a transaction of its own."""
    dialog.command("RSET", 250)
    dialog.command("MAIL FROM:<me@example.org>", 250)
    reply = dialog.command(f"RCPT TO:<{address}>")
    return reply.code, reply.enhanced


def asks(server, address):
    """The same in a session of its own: refusals count as its errors."""
    with server.dialog() as dialog:
        return rcpt(dialog, address)


# -- domains_query -----------------------------------------------------------

def test_domains_come_from_the_database_too(start_server, database):
    database.query("CREATE TABLE domains (name VARCHAR(255))")
    database.query("INSERT INTO domains VALUES ('One.Example'), "
                   "('*.below.example'), ('bücher.example')")
    # One worker: each has a list of its own, refreshed when it is due.
    server = start_server({
        "workers": 1,
        "domains_query": "SELECT name FROM domains", "domains_refresh": 1})
    with server.dialog() as dialog:
        assert rcpt(dialog, "a@one.example") == (250, "2.1.5")
        assert rcpt(dialog, "a@ONE.example.") == (250, "2.1.5")
        assert rcpt(dialog, "a@x.y.below.example") == (250, "2.1.5")
        assert rcpt(dialog, "a@xn--bcher-kva.example") == (250, "2.1.5")
        assert rcpt(dialog, "a@example.com") == (250, "2.1.5")
        assert rcpt(dialog, "a@below.example") == (550, "5.7.1")
        assert rcpt(dialog, "a@two.example") == (550, "5.7.1")

        database.query("INSERT INTO domains VALUES ('two.example')")
        wait_for(lambda: asks(server, "a@two.example") == (250, "2.1.5"), 10,
                 "the refresh brings the new domain")

        # A failed refresh keeps the last list.
        database.query("DROP TABLE domains")
        server.await_log("the last list stays")
        assert rcpt(dialog, "a@two.example") == (250, "2.1.5")


def test_before_the_first_list_an_unknown_domain_may_be_ours(start_server,
                                                             database):
    server = start_server({"domains_query": "SELECT name FROM domains",
                           "workers": 1, "domains_refresh": 1,
                           "timeouts.lookup": 2})
    with server.dialog() as dialog:
        assert rcpt(dialog, "a@example.com") == (250, "2.1.5")
        assert rcpt(dialog, "a@late.example") == (451, "4.4.3")
        database.query("CREATE TABLE domains AS "
                       "SELECT 'late.example' AS name")
        wait_for(lambda: asks(server, "a@late.example") == (250, "2.1.5"), 10,
                 "the first list comes")
        assert rcpt(dialog, "a@other.example") == (550, "5.7.1")


# -- recipient_query ---------------------------------------------------------

def with_users(start_server, database, **settings):
    database.query("CREATE TABLE users (address VARCHAR(320))")
    database.query("INSERT INTO users VALUES ('known@example.com')")
    return start_server({
        "workers": 1,
        "recipient_query": "SELECT 1 FROM users WHERE address = ?",
        "timeouts.lookup": 2, **settings})


def test_only_those_in_the_table_exist(start_server, database):
    server = with_users(start_server, database)
    with server.dialog() as dialog:
        assert rcpt(dialog, "known@example.com") == (250, "2.1.5")
        assert rcpt(dialog, "KNOWN@Example.COM") == (250, "2.1.5")
        assert rcpt(dialog, "unknown@example.com") == (550, "5.1.1")
        # Never looked up.
        assert rcpt(dialog, "postmaster") == (250, "2.1.5")
        # No row is remembered for 5 s only.
        database.query("INSERT INTO users VALUES ('unknown@example.com')")
        wait_for(lambda: asks(server, "unknown@example.com")[0] == 250, 15,
                 "the new user is seen")


def test_pipelined_recipients_each_get_their_own_verdict(start_server,
                                                         database):
    server = with_users(start_server, database)
    with server.dialog() as dialog:
        dialog.send("MAIL FROM:<me@example.org>\r\n"
                    "RCPT TO:<no1@example.com>\r\n"
                    "RCPT TO:<known@example.com>\r\n"
                    "RCPT TO:<no2@example.com>\r\nDATA\r\n")
        assert [dialog.reply().code for _ in range(5)] == [
            250, 550, 250, 550, 354]
        dialog.send(MAIL + ".\r\nQUIT\r\n")
        dialog.expect(250)
        dialog.expect(221)
    assert database.row()["to"] == "known@example.com"


def test_no_answer_is_overlooked(start_server, database):
    """One that comes while the one before it is served."""
    names = [f"user{n}@example.com" for n in range(800)]
    server = with_users(start_server, database)
    database.query("INSERT INTO users VALUES " +
                   ", ".join(f"('{name}')" for name in names))
    for start in range(0, len(names), 80):
        with server.dialog() as dialog:
            dialog.send("MAIL FROM:<me@example.org>\r\n" + "".join(
                f"RCPT TO:<{name}>\r\n"
                for name in names[start:start + 80]))
            assert {dialog.reply().code for _ in range(81)} == {250}


def test_a_lookup_that_hangs_is_ended(start_server, database):
    server = with_users(
        start_server, database,
        recipient_query="SELECT SLEEP(6) FROM users WHERE address = ?")
    with server.dialog() as dialog:
        assert rcpt(dialog, "known@example.com") == (451, "4.4.3")
        # The loop did not wait: the session is alive.
        dialog.command("NOOP", 250)


def test_without_the_database_nobody_is_unknown(start_server, database,
                                                mariadb):
    server = with_users(start_server, database,
                        **{"store.on_outage": "spool"})
    with server.dialog() as dialog:
        assert rcpt(dialog, "known@example.com") == (250, "2.1.5")
        mariadb.stop()
        assert rcpt(dialog, "other@example.com") == (451, "4.4.3")
        # An answer that is remembered is still good.
        assert rcpt(dialog, "known@example.com") == (250, "2.1.5")


# -- What becomes of it ------------------------------------------------------

def test_discarded_mail_gets_250_and_no_row(start_server, database):
    server = start_server({"discard": ["void@example.com", "trash.example"],
                           "domains": ["example.com", "trash.example"]})
    server.send(MAIL, to="void@example.com")
    server.send(MAIL, to=["a@trash.example", "VOID@example.com"])
    assert database.count() == 0
    mail_id = server.send(MAIL, to=["void@example.com", "you@example.com"])
    row = database.row()
    assert row["to"] == "you@example.com"
    # It was the second recipient.
    assert row["hash"] == mail_id[:28] + "0001"
    server.await_log("verdict=discarded")


ELSEWHERE = "To: someone@elsewhere.example\r\nSubject: x\r\n\r\nx\r\n"
NOWHERE = "From: a@b.example\r\nSubject: x\r\n\r\nx\r\n"


def header_check(server, message, to="you@example.com"):
    with server.dialog() as dialog:
        reply = dialog.mail(message, to, code=None)
        return reply.code, reply.enhanced


def test_mail_that_names_no_hosted_domain_may_be_refused(start_server,
                                                         database):
    server = start_server({"header_check": "reject"})
    assert header_check(server, ELSEWHERE) == (554, "5.7.1")
    assert database.count() == 0
    # No such header at all, and mail for postmaster, only score.
    assert header_check(server, NOWHERE) == (250, "2.0.0")
    assert header_check(server, ELSEWHERE, "postmaster@example.com") == (
        250, "2.0.0")
    assert [row["spam_score"] for row in database.rows()] == [1.0, 1.0]
    # Any of the headers will do.
    for header in ("Cc", "Bcc", "Resent-To", "Delivered-To",
                   "X-Original-To"):
        message = f"{header}: Somebody <X@EXAMPLE.com>\r\n{ELSEWHERE}"
        assert header_check(server, message) == (250, "2.0.0"), header


def test_header_check_may_score_or_be_off(start_server, database):
    server = start_server()
    assert header_check(server, ELSEWHERE) == (250, "2.0.0")
    assert database.row()["spam_score"] == 1.0
    server = start_server({"header_check": "score",
                           "header_check_score": "2.5"})
    assert header_check(server, ELSEWHERE) == (250, "2.0.0")
    assert header_check(server, MAIL) == (250, "2.0.0")
    assert [row["spam_score"] for row in database.rows()] == [1.0, 2.5, 0.0]
    server = start_server({"header_check": "off"})
    assert header_check(server, ELSEWHERE) == (250, "2.0.0")
    assert database.rows()[-1]["spam_score"] == 0.0


def test_a_mail_loop_is_broken(start_server, database):
    def hops(count):
        return "Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n" \
            * count + "Subject: round\r\n\r\nReceived: no field\r\n"
    server = start_server()
    assert header_check(server, hops(100)) == (250, "2.0.0")
    assert header_check(server, hops(101)) == (554, "5.4.6")
    assert header_check(server, hops(101), "postmaster@example.com") == (
        554, "5.4.6")
    assert database.count() == 1
    server.await_log("refused: limits.received")
    server = start_server({"limits.received": 0})
    assert header_check(server, hops(1000)) == (250, "2.0.0")
    server = start_server({"limits.received": 1, "header_check": "off"})
    assert header_check(server, hops(2)) == (554, "5.4.6")


def test_primary_host_gathers_all_domains(start_server, database):
    server = start_server({"primary_host": "main.example",
                           "domains": ["example.com", "*.example.net"]})
    server.send(MAIL, to="You@a.Example.NET")
    row = database.row()
    assert row["to"] == "you@main.example"
    assert row["recipient"] == "You@a.Example.NET"
    assert b"Delivered-To: You@a.Example.NET\r\n" in row["mail"]


def test_without_trace_headers_mail_is_what_was_sent(start_server, database):
    server = start_server({"trace_headers": False})
    server.send(MAIL)
    assert database.row()["mail"] == MAIL.encode()


def test_domain_files_are_read_again_on_reload(start_server):
    server = start_server()
    path = os.path.join(server.folder, "domains")
    with open(path, "w", encoding="utf-8") as file:
        file.write("# ours\nfile.example   # with a comment\n\n")
    server.set(domain_files=[path])
    server.reload()

    def accepts(domain):
        with server.dialog() as dialog:
            return rcpt(dialog, f"a@{domain}")[0] == 250

    wait_for(lambda: accepts("file.example"), 10, "the file counts")
    assert accepts("example.com")
    assert not accepts("more.example")
    with open(path, "a", encoding="utf-8") as file:
        file.write("*.more.example\n")
    server.signal(signal.SIGHUP)
    wait_for(lambda: accepts("x.more.example"), 10, "the file is read again")


# -- Queries that the database does not take ---------------------------------

def broken(server, key):
    return [line for line in server.log_lines("query of the configuration is "
                                              "broken") if key in line]


def last_errors(server):
    return server.run("-s", "status", "--json").stdout


def test_a_broken_recipient_query_is_told_once(start_server, database):
    server = start_server({"workers": 3, "recipient_query":
                           "SELECT 1 FROM `nobody` WHERE address = ?"})
    for _ in range(12):
        assert asks(server, "a@example.com") == (451, "4.4.3")
    lines = broken(server, "recipient_query")
    assert len(lines) == 1 and "1146" in lines[0]
    assert "nobody" in lines[0] and "451" in lines[0]
    assert "recipient_query: 1146" in last_errors(server)
    database.query("CREATE TABLE nobody AS SELECT 'a@example.com' address")
    for _ in range(12):
        assert asks(server, "a@example.com") == (250, "2.1.5")
    server.await_log("query of the configuration works again")


def test_a_broken_domains_query_is_told_once(start_server, database):
    server = start_server({"workers": 3, "domains_query":
                           "SELECT nonsense FROM new_mail",
                           "domains_refresh": 1})
    wait_for(lambda: last_errors(server).count("domains_query: 1054") >= 3,
             10, "all workers")
    lines = broken(server, "domains_query")
    assert len(lines) == 1 and "nonsense" in lines[0]
    assert not server.log_lines(" warn worker")


def test_a_table_that_goes_away_is_told(start_server, database):
    """One loud line of all processes, and the state in status."""
    server = start_server({"workers": 1})
    server.send(MAIL)
    database.query("RENAME TABLE new_mail TO old_mail")
    with server.dialog() as dialog:
        dialog.mail(MAIL, code=451)
    told = server.await_log("database host cannot be used")
    lines = [line for line in server.log_lines("cannot be used")
             if "1146" in line]
    assert len(lines) == 1, told
    assert f"table={database.name}.new_mail" in lines[0]
    assert "error=1146" in lines[0] and "remedy=" in lines[0]
    # "database is away", with the same words, may stand there until the next
    # try.
    wait_for(lambda: f"{database.name}.new_mail: 1146" in last_errors(server),
             10, "status tells it")
    database.query("RENAME TABLE old_mail TO new_mail")

    def flows():
        with Dialog(server.port, greeting=None) as dialog:
            return dialog.reply().code == 220
    wait_for(flows, 10, "the table is there")
    server.send(MAIL)
