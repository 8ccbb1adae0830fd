# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS as clients meet it: STARTTLS (RFC 3207), listeners that begin with it,
names, tickets, and certificates that change under load."""
import json
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import warnings

import pytest

from support.certificates import Certificate, blind_context
from support.dialog import Dialog
from support.server import free_port
from support.waiting import wait_for

MESSAGE = "Subject: sealed\r\n\r\nhello\r\n"


@pytest.fixture
def server(start_server, certificate):
    return start_server(certificate.settings())


def serve_implicit(start_server, certificate, **settings):
    """A server with a second port that begins with TLS; both."""
    port = free_port()
    server = start_server(
        certificate.settings(**settings),
        listeners={"127.0.0.1:PORT": {},
                   f"127.0.0.1:{port}": {"tls": "implicit"}})
    return server, port


def wrapped(port, context=None, **options):
    """A TLS connection to a port that begins with it."""
    return (context or blind_context()).wrap_socket(
        socket.create_connection(("127.0.0.1", port), 10), **options)


def shown(server, **options):
    """The certificate that a new connection is shown, as DER."""
    with server.dialog() as dialog:
        dialog.starttls(**options)
        return dialog.socket.getpeercert(binary_form=True)


# -- The main way ---------------------------------------------------------

def test_starttls_mail_is_a_row(server, database, certificate):
    with server.smtp() as client:
        client.ehlo()
        assert client.has_extn("starttls")
        client.starttls(context=certificate.context())
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail("me@example.org", ["you@example.com"], MESSAGE)
        version, cipher = client.sock.version(), client.sock.cipher()[0]

    row = database.row()
    assert row["is_tls"] == 1
    received = row["mail"].split(b"\r\n\r\n")[0].decode()
    assert "with ESMTPS" in received
    assert version in received and cipher in received


def test_clear_mail_is_marked_as_such(server, database):
    server.send(MESSAGE)
    row = database.row()
    assert row["is_tls"] == 0
    assert b"with ESMTP " in b" ".join(row["mail"].split())
    assert b"TLS" not in row["mail"]


def test_implicit_tls_mail_is_a_row(start_server, database, certificate):
    server, port = serve_implicit(start_server, certificate)
    with smtplib.SMTP_SSL("127.0.0.1", port, timeout=10,
                          context=certificate.context()) as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail("me@example.org", ["you@example.com"], MESSAGE)
    assert database.row()["is_tls"] == 1
    with server.smtp() as client:
        client.ehlo()
        assert client.has_extn("starttls")


def test_a_large_mail_in_one_burst(server, database):
    lines = b"".join(b"%07d and so on\r\n" % n for n in range(200000))
    with server.dialog() as dialog:
        dialog.starttls()
        dialog.command("EHLO client.example.org", 250)
        dialog.send(b"MAIL FROM:<me@example.org>\r\n"
                    b"RCPT TO:<you@example.com>\r\nDATA\r\n")
        for code in 250, 250, 354:
            dialog.expect(code)
        dialog.send(b"Subject: big\r\n\r\n" + lines + b".\r\nNOOP\r\nQUIT\r\n")
        for code in 250, 250, 221:
            dialog.expect(code)
        assert dialog.is_closed()
    assert database.row()["mail"].endswith(lines)


def test_one_byte_a_record(server, database):
    with server.dialog() as dialog:
        dialog.starttls()
        for byte in (b"EHLO client.example.org\r\n"
                     b"MAIL FROM:<me@example.org>\r\n"
                     b"RCPT TO:<you@example.com>\r\nDATA\r\n"):
            dialog.send(bytes([byte]))
        for code in 250, 250, 250, 354:
            dialog.expect(code)
        for byte in b"Subject: slow\r\n\r\n..x\r\n.\r\nQUIT\r\n":
            dialog.send(bytes([byte]))
        dialog.expect(250)
        dialog.expect(221)
    assert database.row()["mail"].endswith(b"\r\n\r\n.x\r\n")


def test_goodbye_is_said_with_close_notify(server):
    with server.dialog() as dialog:
        dialog.starttls(suppress_ragged_eofs=False)
        dialog.command("QUIT", 221)
        assert dialog.socket.recv(1) == b""


# -- RFC 3207 -------------------------------------------------------------

def test_clear_text_behind_starttls_is_thrown_away(server, database):
    with server.dialog() as dialog:
        dialog.send(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n"
                    b"RCPT TO:<you@example.com>\r\n")
        dialog.expect(220)
        assert dialog.waiting == b""
        dialog.socket = blind_context().wrap_socket(dialog.socket)
        dialog.command("NOOP", 250)
        dialog.command("EHLO client.example.org", 250)
        dialog.command("RCPT TO:<you@example.com>", 503)
        dialog.mail(MESSAGE)
    assert database.row()["return_path"] == "me@example.org"


def test_the_session_begins_anew(server):
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        reply = dialog.command("STARTTLS")
        if reply.code != 220:           # not within a transaction: as good
            assert reply.code == 503
            dialog.command("RSET", 250)
            dialog.command("STARTTLS", 220)
        dialog.socket = blind_context().wrap_socket(dialog.socket)
        dialog.command("MAIL FROM:<me@example.org>", 503)
        dialog.command("EHLO client.example.org", 250)
        dialog.command("RCPT TO:<you@example.com>", 503)


def test_starttls_takes_no_argument_and_comes_once(server):
    with server.dialog() as dialog:
        dialog.command("STARTTLS now", 501)
        dialog.starttls()
        assert dialog.command("STARTTLS", 503).enhanced == "5.5.1"
        dialog.command("EHLO client.example.org", 250)
        dialog.command("STARTTLS", 503)
        dialog.command("NOOP", 250)


def test_a_listener_without_tls_offers_none(start_server, certificate):
    server = start_server(certificate.settings(),
                          listeners={"127.0.0.1:PORT": {"tls": "off"}})
    with server.dialog() as dialog:
        assert "STARTTLS" not in dialog.ehlo.text
        assert dialog.command("STARTTLS").code in (454, 502, 503)
        dialog.mail(MESSAGE)


# -- Handshakes -----------------------------------------------------------

@pytest.mark.parametrize("minimum, version, is_taken", [
    ("1.2", ssl.TLSVersion.TLSv1_3, True),
    ("1.2", ssl.TLSVersion.TLSv1_2, True),
    ("1.2", ssl.TLSVersion.TLSv1_1, False),
    ("1.3", ssl.TLSVersion.TLSv1_3, True),
    ("1.3", ssl.TLSVersion.TLSv1_2, False),
])
def test_versions(start_server, certificate, minimum, version, is_taken):
    server = start_server(certificate.settings(**{"tls.min_version": minimum}))
    with warnings.catch_warnings(), server.dialog() as dialog:
        warnings.simplefilter("ignore")
        dialog.command("STARTTLS", 220)
        context = blind_context(version)
        if is_taken:
            dialog.socket = context.wrap_socket(dialog.socket)
            dialog.command("EHLO client.example.org", 250)
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(dialog.socket)
    if not is_taken:
        server.await_log("TLS handshake failed")
    server.send(MESSAGE)


@pytest.mark.parametrize("noise", [
    b"", b"EHLO again\r\n", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
    b"\x16\x03\x01\xff\xff", b"\x15\x03\x01\x00\x02\x02\x28", b"\x80" * 300,
])
def test_a_handshake_that_is_none_ends_the_connection(server, noise):
    with server.dialog() as dialog:
        dialog.command("STARTTLS", 220)
        dialog.socket.settimeout(10)
        try:
            dialog.send(noise)
            dialog.socket.shutdown(socket.SHUT_WR)
            rest = dialog.socket.recv(1000)
            assert rest == b"" or rest[0] == 0x15   # an alert at most
        except OSError:
            pass                            # it was closed before
    server.await_log("TLS handshake failed")
    server.send(MESSAGE)


def test_a_handshake_has_a_deadline(start_server, certificate):
    server, port = serve_implicit(start_server, certificate,
                                  **{"timeouts.tls": 1})
    with server.dialog() as dialog, \
            socket.create_connection(("127.0.0.1", port), 10) as silent:
        dialog.command("STARTTLS", 220)
        assert dialog.is_closed(5)
        silent.settimeout(5)
        assert silent.recv(1) == b""


def test_clear_text_on_an_implicit_port_ends_at_once(start_server,
                                                     certificate):
    _, port = serve_implicit(start_server, certificate)
    for text in b"EHLO a\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n":
        with Dialog(port, greeting=None, timeout=5) as dialog:
            dialog.send(text)
            try:
                rest = dialog.socket.recv(1000)
                assert rest == b"" or rest[0] == 0x15
            except ConnectionError:
                pass


def test_tickets_are_good_at_every_worker(start_server, certificate):
    server, port = serve_implicit(start_server, certificate, workers=3)
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        context = blind_context(version)
        with wrapped(port, context) as first:
            assert first.recv(3) == b"220"
            session = first.session
        # Kept open, so that they spread over the workers.
        more = [wrapped(port, context, session=session) for _ in range(12)]
        assert all(s.session_reused for s in more)
        for s in more:
            assert s.recv(3) == b"220"
            s.close()
    server.send(MESSAGE)


def resumes(port, context, session):
    with wrapped(port, context, session=session) as client:
        assert client.recv(3) == b"220"
        return client.session_reused


def test_tickets_outlive_a_reload(start_server, certificate):
    server, port = serve_implicit(start_server, certificate, workers=2)
    context = blind_context(ssl.TLSVersion.TLSv1_3)
    with wrapped(port, context) as first:
        assert first.recv(3) == b"220"
        session = first.session
    old = set(server.workers())
    server.reload()
    wait_for(lambda: old.isdisjoint(server.workers()), 20, "new workers")
    assert resumes(port, context, session)


def test_machines_share_tickets_by_a_file(start_server, certificate):
    path = os.path.join(certificate.folder, "tickets")
    with open(path, "wb") as file:
        file.write(os.urandom(80))
    shutil.copymode(certificate.key, path)
    shutil.chown(path, group=os.stat(certificate.key).st_gid)
    settings = {"tls.ticket_keys_file": path}
    _, one = serve_implicit(start_server, certificate, **settings)
    _, other = serve_implicit(start_server, certificate, **settings)
    context = blind_context(ssl.TLSVersion.TLSv1_3)
    with wrapped(one, context) as first:
        assert first.recv(3) == b"220"
        session = first.session
    assert resumes(other, context, session)


# -- Certificates ---------------------------------------------------------

def test_the_name_chooses_the_certificate(start_server, certificate):
    other = Certificate(certificate.folder, "other", ["mail.example.net"])
    server = start_server(certificate.settings(), extra="".join(
        f"tls_name '{name}' {{ certificate = '{other.file}'\n"
        f"key = '{other.key}' }}\n"
        for name in ("mail.example.net", "*.example.info")))
    assert shown(server) == certificate.der
    assert shown(server, server_hostname="mail.example.net") == other.der
    assert shown(server, server_hostname="MAIL.Example.NET") == other.der
    assert shown(server, server_hostname="mx1.example.info") == other.der
    for name in "a.example.org", "example.info", "a.b.example.info":
        assert shown(server, server_hostname=name) == certificate.der


def test_a_new_certificate_is_taken_on_hup(server, database, certificate):
    old, new = certificate.der, Certificate(certificate.folder, "second")
    with server.dialog() as before:
        before.starttls()
        before.command("EHLO client.example.org", 250)
        before.command("MAIL FROM:<me@example.org>", 250)
        certificate.replace_by(new)
        assert shown(server) == old
        server.reload()
        wait_for(lambda: shown(server) == new.der, 20, "the new certificate")
        # The old session still ends well.
        before.command("RCPT TO:<you@example.com>", 250)
        before.data(MESSAGE)
    assert database.count() == 1


@pytest.mark.parametrize("fault", ["no PEM", "other key", "gone", "public"])
def test_a_wrong_certificate_is_refused_on_hup(server, certificate, fault):
    old, other = certificate.der, Certificate(certificate.folder, "second")
    if fault == "no PEM":
        with open(certificate.file, "w", encoding="ascii") as file:
            file.write("nothing of use\n")
    elif fault == "other key":
        shutil.copyfile(other.key, certificate.key)
    elif fault == "gone":
        os.unlink(certificate.key)
    else:
        os.chmod(certificate.key, 0o644)
    workers = server.workers()
    server.reload()
    server.await_log(certificate.file if fault == "no PEM"
                     else certificate.key)
    assert shown(server) == old
    assert server.workers() == workers
    server.send(MESSAGE)


def test_the_end_of_a_certificate_is_warned_of(start_server, certificate):
    short = Certificate(certificate.folder, "short", days=3)
    server = start_server(short.settings())
    wait_for(lambda: server.log_lines(f"file={short.file} days_left="),
             10, "a warning that the certificate expires")
    figures = json.loads(server.run("-s", "status", "--json").stdout)
    assert "certificate_end" in str(figures)
    # A renewed one on reload: no warning any more.
    short.replace_by(certificate)
    before = len(server.log())
    assert server.run("-s", "reload").returncode == 0
    assert "certificate expires" not in server.log()[before:]


def test_an_expired_certificate_is_served_and_warned_of(start_server,
                                                        certificate):
    certificate.expire()
    server = start_server(certificate.settings())
    assert shown(server) == certificate.der
    wait_for(lambda: server.log_lines("a certificate has expired"), 10,
             "a warning that the certificate has expired")


# -- What others say ------------------------------------------------------

def test_openssl_s_client(server):
    done = subprocess.run(
        ["openssl", "s_client", "-starttls", "smtp", "-connect",
         f"127.0.0.1:{server.port}", "-brief", "-crlf",
         "-ign_eof"],
        input="EHLO client.example.org\nQUIT\n", text=True, timeout=20,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert "CONNECTION ESTABLISHED" in done.stdout
    assert "Protocol version: TLSv1.3" in done.stdout
    assert "221 2.0.0" in done.stdout


def test_renegotiation_is_refused(server):
    done = subprocess.run(
        ["openssl", "s_client", "-starttls", "smtp", "-connect",
         f"127.0.0.1:{server.port}", "-tls1_2"],
        input="R\nQUIT\n", text=True, timeout=20,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert "no renegotiation" in done.stdout.lower()


@pytest.mark.slow
def test_sslscan_finds_nothing_weak(server):
    if not shutil.which("sslscan"):
        pytest.fail("sslscan is not installed (scripts/setup test)")
    done = subprocess.run(
        ["sslscan", "--no-colour", "--starttls-smtp",
         f"127.0.0.1:{server.port}"], text=True, timeout=300,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    for line in ("SSLv2     disabled", "SSLv3     disabled",
                 "TLSv1.0   disabled", "TLSv1.1   disabled",
                 "TLSv1.2   enabled", "TLSv1.3   enabled",
                 "Session renegotiation not supported"):
        assert line in done.stdout, done.stdout
    ciphers = [line for line in done.stdout.splitlines()
               if line.startswith(("Accepted", "Preferred"))]
    assert ciphers
    for line in ciphers:
        assert "GCM" in line or "CHACHA20" in line, line
