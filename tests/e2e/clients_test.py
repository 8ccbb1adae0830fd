# SPDX-License-Identifier: GPL-3.0-or-later
"""Stock clients and relays send a mail each, which is then in the table."""
import os
import shutil
import subprocess

import pytest

from support.dialog import Dialog
from support.mariadb import TOP
from support.relays import Exim, HAProxy, Postfix
from support.server import free_port
from support.waiting import wait_for

pytestmark = pytest.mark.slow

SUBJECT = "Grüße by {}"
MESSAGE = """From: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <Me@Example.org>
To: you@example.com
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= by {}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

.one dot
..two dots
ünd söme ümläüts
"""
BODY = [".one dot", "..two dots", "ünd söme ümläüts"]


@pytest.fixture
def server(start_server, certificate):
    return start_server(certificate.settings())


@pytest.fixture
def as_root():
    if os.geteuid() != 0:
        pytest.skip("needs root")


def message_file(folder, name):
    path = os.path.join(folder, f"{name}.eml")
    with open(path, "w", encoding="utf-8", newline="\r\n") as file:
        file.write(MESSAGE.format(name))
    return path


def run(arguments, **options):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, timeout=120,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def check(row, name, is_tls):
    assert row["subject"] == SUBJECT.format(name)
    assert row["to"] == "you@example.com"
    assert row["return_path"] == "me@example.org"
    assert [line.rstrip() for line in row["body"].splitlines()
            if line.strip()] == BODY
    assert row["is_tls"] == is_tls


@pytest.mark.parametrize("is_tls", [0, 1])
def test_curl(server, database, certificate, is_tls):
    run(["curl", "-sS", f"smtp://127.0.0.1:{server.port}/client.example.org",
         "--mail-from", "me@example.org", "--mail-rcpt", "you@example.com",
         "--upload-file", message_file(certificate.folder, "curl"),
         *(["--ssl-reqd", "--cacert", certificate.file] if is_tls else [])])
    check(database.row(), "curl", is_tls)


@pytest.mark.parametrize("is_tls", [0, 1])
def test_msmtp(server, database, certificate, is_tls):
    tls = ["--tls=on", "--tls-starttls=on",
           f"--tls-trust-file={certificate.file}"] if is_tls else ["--tls=off"]
    run(["msmtp", "--file=/dev/null", "--host=127.0.0.1", "--auth=off",
         f"--port={server.port}", "--from=me@example.org", *tls,
         "you@example.com"], input=MESSAGE.format("msmtp"))
    check(database.row(), "msmtp", is_tls)


@pytest.mark.parametrize("is_tls", [0, 1])
def test_swaks(server, database, certificate, is_tls):
    run(["swaks", "--server", "127.0.0.1", "--port", str(server.port),
         "--from", "me@example.org", "--to", "you@example.com",
         "--data", "@" + message_file(certificate.folder, "swaks"),
         *(["--tls"] if is_tls else [])])
    check(database.row(), "swaks", is_tls)


NET_SMTP = r"""
use Net::SMTP;
my ($port, $ca, $file) = @ARGV;
open my $mail, '<', $file or die;
my $smtp = Net::SMTP->new("127.0.0.1:$port", Hello => "client.example.org",
    Timeout => 20) or die "no greeting";
!$ca or $smtp->starttls(SSL_ca_file => $ca) or die $smtp->message;
$smtp->mail('me@example.org', Bits => 8) or die $smtp->message;
$smtp->to('you@example.com') or die $smtp->message;
$smtp->data or die $smtp->message;
while (<$mail>) { $smtp->datasend($_) or die }
$smtp->dataend or die $smtp->message;
$smtp->quit or die;
"""


@pytest.mark.parametrize("is_tls", [0, 1])
def test_perl_net_smtp(server, database, certificate, is_tls):
    run(["perl", "-e", NET_SMTP, str(server.port),
         certificate.file if is_tls else "",
         message_file(certificate.folder, "Net::SMTP")])
    check(database.row(), "Net::SMTP", is_tls)


NODEMAILER = r"""
const [port, ca, file] = process.argv.slice(1);
const transport = require('nodemailer').createTransport({
    host: '127.0.0.1', port: Number(port), secure: false, pool: true,
    ignoreTLS: !ca, requireTLS: !!ca,
    tls: ca ? { ca: require('fs').readFileSync(ca) } : {}});
transport.sendMail({
    envelope: { from: 'me@example.org', to: ['you@example.com'] },
    raw: { path: file },
}).then(() => transport.close(), (fault) => {
    console.error(fault); process.exit(1);
});
"""


def install_nodemailer():
    folder = os.path.join(TOP, "build/relays/nodemailer")
    if not os.path.isdir(os.path.join(folder, "node_modules/nodemailer")):
        os.makedirs(folder, exist_ok=True)
        run(["npm", "install", "--silent", "--no-fund", "--no-audit",
             "--prefix", folder, "nodemailer@6"])
    return folder


@pytest.mark.parametrize("is_tls", [0, 1])
def test_nodemailer(server, database, certificate, is_tls):
    run(["node", "-e", NODEMAILER, str(server.port),
         certificate.file if is_tls else "",
         message_file(certificate.folder, "nodemailer")],
        cwd=install_nodemailer())
    check(database.row(), "nodemailer", is_tls)


@pytest.mark.usefixtures("as_root")
def test_postfix_as_a_relay(server, database):
    with Postfix(server.port).start() as relay:
        relay.send(MESSAGE.format("Postfix").encode(), ["you@example.com"])
        row, = database.await_rows(1, 30)
        check(row, "Postfix", 1)
        wait_for(lambda: "status=sent (250 2.0.0 OK: queued as" in
                 relay.log(), 10, "the relay's log of it")
        # Two recipients of one mail, and one that is not ours.
        relay.send(MESSAGE.format("Postfix").encode(),
                   ["a@example.com", "b@example.com", "c@elsewhere.example"])
        rows = database.await_rows(3, 30)
        assert {row["to"] for row in rows[1:]} == {"a@example.com",
                                                   "b@example.com"}
        assert rows[1]["hash"][:28] == rows[2]["hash"][:28]


@pytest.mark.usefixtures("as_root")
def test_exim_as_a_relay(server, database):
    with Exim(server.port) as relay:
        relay.send(MESSAGE.format("Exim").encode(), ["you@example.com"])
        row, = database.await_rows(1, 30)
        check(row, "Exim", 1)
        # K: it came in chunks.
        assert " K " in relay.log(), relay.log()
        big = MESSAGE.format("Exim").encode() + b"a line of many\n" * 200000
        relay.send(big, ["a@example.com", "b@example.com"])
        rows = database.await_rows(3, 30)
        assert rows[1]["mail"].count(b"a line of many\r\n") == 200000


@pytest.mark.parametrize("version", [1, 2])
def test_haproxy_as_a_balancer(start_server, database, version):
    port = free_port()
    start_server(listeners={"127.0.0.1:PORT": {},
                            f"127.0.0.1:{port}": {"proxy_protocol": True}})
    with HAProxy(port, version) as balancer:
        with Dialog(balancer.port, source="127.0.0.9") as dialog:
            dialog.command("EHLO client.example.org", 250)
            dialog.mail("Subject: balanced\r\n\r\nhello\r\n")
        assert database.row()["ip_addr"] == b"\x7f\0\0\x09"
        assert "DOWN" not in balancer.log()


def test_all_tools_are_here():
    """Better one clear failure than many strange ones."""
    missing = [tool for tool in ("curl", "msmtp", "swaks", "perl", "node",
                                 "npm", "openssl") if not shutil.which(tool)]
    assert not missing, f"{missing}: scripts/setup slow installs them"
