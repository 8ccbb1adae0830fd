# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused leaves a line, with all that an operator asks for."""
import json
import os
import re

from support.dialog import Dialog
from support.waiting import wait_for

ENVELOPE = ("EHLO c.example\r\nMAIL FROM:<me@example.org>\r\n"
            "RCPT TO:<you@example.com>\r\n")


def fields(line):
    """Of a line in text: {'from': 'me@example.org', ...}."""
    found = re.findall(r' ([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)', line)
    return {key: value.strip('"') for key, value in found}


def refusals(server):
    return [fields(line) for line in server.log_lines(": refused ")]


def await_refusal(server, reply, reason, **wanted):
    def found():
        return [one for one in refusals(server)
                if one["reply"] == reply and reason in one["reason"]]
    wait_for(found, 10, f"a line of {reply} {reason}")
    one = found()[0]
    assert one["client"] == "127.0.0.1" and one["helo"] == "c.example"
    assert one["from"] == wanted.pop("sender", "me@example.org")
    for key, value in wanted.items():
        assert one[key] == value, one
    return one


def test_each_refusal_has_its_line(start_server, database):
    database.query("CREATE TABLE people (name VARCHAR(255))")
    database.query("INSERT INTO people VALUES ('you@example.com')")
    server = start_server({
        "recipient_query": "SELECT 1 FROM people WHERE name = ?",
        "limits.recipients": 1, "limits.message_size": "10K",
        "header_check": "reject"})
    with server.dialog(ehlo="c.example") as dialog:
        dialog.command("MAIL FROM:<big@example.org> SIZE=99999", 552)
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<x@foreign.example>", 550)
        dialog.command("RCPT TO:<nobody@example.com>", 550)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("RCPT TO:<two@example.com>", 452)
        dialog.command("DATA", 354)
        dialog.send("To: you@example.com\r\n\r\n" + "x" * 70 + "\r\n")
        dialog.send(("x" * 70 + "\r\n") * 300 + ".\r\n")
        dialog.expect(552)
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("DATA", 354)
        dialog.send("To: x@elsewhere.example\r\n"
                    "Message-ID: <1@c.example>\r\n\r\nx\r\n.\r\n")
        dialog.expect(554)
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("DATA", 354)
        dialog.send("To: you@example.com\r\n"
                    "Message-ID: <2@c.example>\r\n\r\nx\r\n.\r\n")
        stored = dialog.expect(250)
    await_refusal(server, "552 5.3.4", "too big", sender="big@example.org")
    foreign = await_refusal(server, "550 5.7.1", "that domain",
                            to="x@foreign.example")
    await_refusal(server, "550 5.1.1", "No such recipient",
                  to="nobody@example.com")
    await_refusal(server, "452 4.5.3", "Too many recipients",
                  to="two@example.com")
    whole = [one for one in refusals(server) if "id" in one]
    assert len(whole) == 1 and len(whole[0]["id"]) == 32
    assert whole[0]["reply"] == "552 5.3.4"
    assert whole[0]["to"] == "you@example.com"

    server.await_log(stored.id)
    mails = [fields(line) for line in server.log_lines(": mail ")]
    assert [one["message_id"] for one in mails] == ["<1@c.example>",
                                                    "<2@c.example>"]
    assert mails[0]["verdict"] == "refused: header check"
    assert mails[0]["reply"] == "554 5.7.1"
    assert mails[1]["verdict"] == "stored" and "reply" not in mails[1]
    for key in "error", "tls", "client_gone":
        assert key not in mails[1]
    # One session, in all its lines.
    assert {one["session"] for one in mails + refusals(server)} == \
        {foreign["session"]}


def test_a_look_up_that_cannot_be_made_has_its_line(start_server):
    server = start_server({
        "recipient_query": "SELECT 1 FROM there_is_none WHERE name = ?"})
    with server.dialog(ehlo="c.example") as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 451)
    await_refusal(server, "451 4.4.3", "Cannot look up",
                  to="you@example.com")


def test_many_of_a_kind_are_one_line_more(start_server):
    server = start_server({"workers": 1, "limits.errors": 100})
    with server.dialog(ehlo="c.example") as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        for i in range(30):
            dialog.command(f"RCPT TO:<x{i}@foreign.example>", 550)
    assert server.stop() == 0
    assert len(refusals(server)) == 10
    rest = [fields(line) for line in server.log_lines("more of the same")]
    assert [(one["client"], one["reply"], one["times"]) for one in rest] == \
        [("127.0.0.1", "550 5.7.1", "20")]


def test_names_stay_readable_and_unix_clients_are_called_so(start_server,
                                                            certificate):
    path = os.path.join(certificate.folder, "smtp")
    os.chmod(certificate.folder, 0o777)
    server = start_server(listeners={"127.0.0.1:PORT": {},
                                     f"unix:{path}": {}})
    with Dialog(0, path=path) as dialog:
        dialog.send("EHLO c.example\r\nMAIL FROM:<jörg@example.org> SMTPUTF8"
                    "\r\nRCPT TO:<you@example.com>\r\nDATA\r\n")
        for code in 250, 250, 250, 354:
            dialog.expect(code)
        dialog.send("To: you@example.com\r\n\r\nx\r\n.\r\n")
        server.await_log(dialog.expect(250).id)
    mail = server.log_lines(": mail ")[0]
    assert " from=jörg@example.org " in mail
    assert ' client="unix socket" ' in mail


def test_json_keeps_all_keys(start_server):
    server = start_server({"log.format": "json"})
    with server.dialog(ehlo=None) as dialog:
        dialog.send(ENVELOPE + "RCPT TO:<x@foreign.example>\r\nDATA\r\n")
        for code in 250, 250, 250, 550, 354:
            dialog.expect(code)
        dialog.send("To: you@example.com\r\n\r\nx\r\n.\r\n")
        server.await_log(dialog.expect(250).id)
    lines = [json.loads(line) for line in server.log().splitlines()
             if line.startswith("{")]
    mail = [one for one in lines if one["event"] == "mail"][0]
    assert (mail["error"], mail["tls"], mail["client_gone"],
            mail["message_id"]) == (0, "", "no", "")
    refused = [one for one in lines if one["event"] == "refused"][0]
    assert refused["session"] == mail["session"]
    assert refused["id"] == ""
