# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault is told wherever one looks: by the metrics, by /readyz and by
the page."""
import os
import signal
import time

import pytest

from support.certificates import Certificate
from support.metrics import HOST, ask, metrics
from support.server import free_port
from support.waiting import wait_for

WELL = "All is well: mail is taken."
BUT = "Mail is taken, but somebody must see to this:"
NOT = "No mail is taken:"
NO_HOST = "no database host can be written"


class Watched:
    """A server, and what it tells of itself."""

    def __init__(self, start_server, settings):
        self.http = free_port()
        self.server = start_server({
            "status.listen": f"{HOST}:{self.http}", "store.hold": 0,
            **settings})
        self.await_all(200, "ready", WELL)

    def await_all(self, code, readiness, *words, **figures):
        """Until /readyz, the page and the metrics agree."""
        def agree():
            told = ask(self.http, "/readyz")
            page, now = ask(self.http, "/")[2], metrics(self.http)
            return (told[0], told[2].strip()) == (code, readiness) and \
                all(w in page for w in words) and \
                all(now[("guerrilla_smtpd_" + name,)] == value
                    for name, value in figures.items())
        wait_for(agree, 30, f"{code} {readiness} {words} {figures}")

    def count(self, name, *labels):
        return metrics(self.http)[("guerrilla_smtpd_" + name, *labels)]


@pytest.fixture
def watch(start_server):
    return lambda settings: Watched(start_server, settings)


def test_no_database_and_a_spool(watch, mariadb):
    watched = watch({"store.on_outage": "spool"})
    mariadb.kill()
    watched.server.send()
    watched.await_all(200, "ready", BUT, f"<li>{NO_HOST}</li>", "<p>1 file,",
                      "; 2 without one for ", "<td>none</td>", "Last errors",
                      store_up=0, spool_files=1)
    mariadb.start()
    watched.await_all(200, "ready", WELL, "<p>empty</p>", store_up=1,
                      spool_files=0)


def send_large(server):
    """The code that 10 KB are answered with."""
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", code=250)
        dialog.command("RCPT TO:<you@example.com>", code=250)
        dialog.command("DATA", code=354)
        text = "Subject: large\r\n\r\n" + ("x" * 70 + "\r\n") * 140 + ".\r\n"
        dialog.socket.sendall(text.encode())
        return dialog.reply().code


def test_no_database_and_a_full_spool(watch, mariadb):
    """Full is what has no room for what comes: some bytes may be left."""
    watched = watch({"store.on_outage": "spool", "store.spool_max": "64K"})
    reason = f"{NO_HOST} and the spool takes no more"
    mariadb.kill()
    wait_for(lambda: send_large(watched.server) == 452, 30, "a full spool")
    watched.await_all(503, reason, NOT, f"<li>{reason}</li>", store_up=0)
    page = ask(watched.http, "/")[2]
    assert f"<li>{NO_HOST}</li>" not in page        # said once
    assert watched.count("spool_bytes") < watched.count("spool_limit_bytes")
    assert watched.count("mails_total", "deferred") > 0
    mariadb.start()
    watched.await_all(200, "ready", WELL, store_up=1, spool_files=0)


def test_a_table_that_is_gone(watch, database):
    watched = watch({"workers": 1})
    database.query("RENAME TABLE new_mail TO away")
    with watched.server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>")
        dialog.command("RCPT TO:<you@example.com>")
        dialog.command("DATA", code=354)
        dialog.socket.sendall(b"\r\n.\r\n")
        assert dialog.reply().code == 451
    watched.await_all(503, NO_HOST, NOT, f"<li>{NO_HOST}</li>",
                      f"{database.name}.new_mail: 1146 ", store_up=0)
    database.query("RENAME TABLE away TO new_mail")
    watched.await_all(200, "ready", WELL, store_up=1)


def test_a_pause(watch):
    watched = watch({})
    assert watched.server.run("-s", "pause").returncode == 0
    watched.await_all(503, "paused", NOT, "<li>paused</li>")
    assert watched.count("processes", "worker", "paused") == 2
    assert watched.server.run("-s", "resume").returncode == 0
    watched.await_all(200, "ready", WELL)


@pytest.mark.parametrize("number, cause", [(signal.SIGKILL, "signal"),
                                           (signal.SIGSTOP, "hang")])
def test_a_process_that_ends_or_hangs(watch, number, cause):
    watched = watch({"workers": 1, "watchdog": 2})
    os.kill(watched.server.workers()[0], number)
    wait_for(lambda: watched.count("restarts_total", "worker", cause) == 1,
             30, "the restart")
    watched.await_all(200, "ready", WELL, "; restarts 1, ")


def test_a_certificate_that_ends(watch, certificate):
    watched = watch(certificate.settings())
    certificate.replace_by(Certificate(certificate.folder, "soon", days=3))
    assert watched.server.run("-s", "reload").returncode == 0
    watched.await_all(200, "ready", BUT, "<li>a certificate ends in ",
                      ">Certificates</h2>")
    end = watched.count("certificate_expiry_timestamp_seconds", "default")
    assert 0 < end - time.time() < 4 * 86400
    certificate.expire()
    assert watched.server.run("-s", "reload").returncode == 0
    watched.await_all(200, "ready", BUT, "<li>a certificate has expired: ",
                      '<td class="number">expired</td>')
