# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: mail of stock clients becomes a row before its 250."""
import subprocess
from email.message import EmailMessage


def test_smtplib_mail_is_a_row(server, database):
    mail = EmailMessage()
    mail["From"] = "Grüße <Sender@Example.org>"
    mail["To"] = "You <you@example.com>"
    mail["Subject"] = "Привет, мир — a subject that goes over its line " * 3
    mail.set_content("Grüße\n.\n..dots\n")
    mail.add_alternative("<p>Gr&uuml;&szlig;e <b>ü</b></p>", subtype="html")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf",
                        filename="bill.pdf")

    with server.smtp() as client:
        client.send_message(mail)

    row = database.row()
    assert row["to"] == row["recipient"] == "you@example.com"
    assert row["from"] == "sender@example.org"
    assert row["subject"].startswith("Привет, мир — a subject")
    assert row["subject"].count("Привет") == 3
    assert "<b>ü</b>" in row["body"]
    assert row["has_attach"] == 1
    assert row["mail"].endswith(b"--\r\n")
    assert b"\r\n.\r\n..dots" in row["mail"] or b"base64" in row["mail"]


def test_swaks_mail_is_a_row(server, database):
    done = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--port", str(server.port),
         "--to", "you@example.com,second@example.com",
         "--from", "me@example.org", "--header", "Subject: by swaks",
         "--body", ".a dot\n..two dots\n"],
        stdout=subprocess.PIPE, text=True, check=False)

    assert done.returncode == 0, done.stdout
    first, second = database.rows()
    assert first["hash"] in done.stdout
    assert second["hash"] == first["hash"][:28] + "0001"
    assert [first["to"], second["to"]] == ["you@example.com",
                                           "second@example.com"]
    assert first["subject"] == second["subject"] == "by swaks"
    assert first["body"].split() == [".a", "dot", "..two", "dots"]


def test_the_row_is_there_when_the_250_is(server, database):
    with server.dialog() as dialog:
        for n in range(50):
            reply = dialog.mail(f"Subject: {n}\r\n\r\n{n}\r\n")
            row = database.row("`hash` = %s", [reply.id])
            assert row["subject"] == str(n)
            assert row["mail"].endswith(b"Subject: %d\r\n\r\n%d\r\n" % (n, n))


def test_load_is_stored_exactly_once(server, database, load):
    with load(server, sessions=8, recipients=3) as traffic:
        traffic.await_accepted(300)
    assert not traffic.failures
    traffic.check(database)
