# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that mean harm, or only look as if they did."""
import json
import multiprocessing
import os
import subprocess
import time

import pytest

from support.dialog import Dialog
from support.mariadb import TOP
from support.server import free_port
from support.waiting import wait_for

FLOOD = os.path.join(TOP, "build/checked/tls_flood")


def begin_data(dialog):
    dialog.command("MAIL FROM:<me@example.org>", 250)
    dialog.command("RCPT TO:<you@example.com>", 250)
    dialog.command("DATA", 354)


def lasts(dialog, bytes_now, seconds=12):
    """Sends them again and again; how long until the server closes."""
    began = time.monotonic()
    dialog.socket.settimeout(0.3)
    with pytest.raises(ConnectionError):
        while time.monotonic() - began < seconds:
            dialog.send(bytes_now)
            try:
                reply = dialog.reply()
            except TimeoutError:
                continue
            if reply.code == 500:
                continue
            assert (reply.code, reply.enhanced) == (421, "4.4.2")
    return time.monotonic() - began


# -- Deadlines ---------------------------------------------------------------

@pytest.mark.parametrize("trickle", [b"X", b"X\n", b"\n", b"\r", b"\0"])
def test_a_line_without_end_earns_no_time(start_server, trickle):
    server = start_server({"timeouts.command": 2, "limits.errors": 1000})
    with server.dialog() as dialog:
        assert 1.5 < lasts(dialog, trickle) < 6


def test_a_chunk_of_no_transaction_has_its_time(start_server):
    server = start_server({"timeouts.transaction": 2,
                           "timeouts.min_rate": 0})
    with server.dialog() as dialog:
        dialog.send("BDAT 1000000\r\n")
        assert 1.5 < lasts(dialog, b"X") < 6


def test_each_transaction_has_its_own_time(start_server):
    """Also where one segment ends one and begins the next."""
    server = start_server({"timeouts.transaction": 2})
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        for _ in range(5):
            time.sleep(0.8)
            dialog.send("RSET\r\nMAIL FROM:<me@example.org>\r\n")
            dialog.expect(250)
            dialog.expect(250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.data("Subject: in time\r\n\r\n")


# -- Counted -----------------------------------------------------------------

def counted(server):
    processes = json.loads(server.run("-s", "status", "--json").stdout)
    names = ("recipients_refused", "mails_refused", "mails_deferred")
    return [sum(process["counters"][name]
                for process in processes["processes"]) for name in names]


def test_what_a_session_refuses_is_counted(start_server):
    server = start_server({"limits.message_size": "4K"})
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@elsewhere.example>", 550)
        wait_for(lambda: counted(server) == [1, 0, 0], 5)
        dialog.command("RSET", 250)
        dialog.mail("x" * 5000, code=552)
        begin_data(dialog)
        dialog.send(b"bare\nline\r\n.\r\n")
        dialog.expect(550)
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@elsewhere.example>", 550)
        dialog.command("QUIT", 221)
    wait_for(lambda: counted(server) == [2, 2, 0], 5)


# -- Fairness ----------------------------------------------------------------

def pour(port, end):
    """Data in TLS, as fast as it goes, until the event."""
    with Dialog(port) as dialog:
        dialog.command("EHLO flood.example.org", 250)
        dialog.starttls()
        dialog.command("EHLO flood.example.org", 250)
        begin_data(dialog)
        block = (b"x" * 1000 + b"\r\n") * 1000
        while not end.is_set():
            dialog.send(block)


def test_floods_in_tls_leave_a_turn_to_others(start_server, certificate):
    server = start_server({**certificate.settings(), "workers": 1})
    end = multiprocessing.Event()
    floods = [multiprocessing.Process(target=pour, args=(server.port, end))
              for _ in range(3)]
    for flood in floods:
        flood.start()
    try:
        with server.dialog() as dialog:
            # Each must be answered within the time-out of the dialog.
            for _ in range(100):
                dialog.command("NOOP", 250)
            assert all(flood.is_alive() for flood in floods)
    finally:
        end.set()
        for flood in floods:
            flood.join()


def test_commands_without_a_message_come_to_an_end(start_server, database):
    server = start_server({"limits.commands": 50})
    with server.dialog() as dialog:         # EHLO is the first
        for _ in range(45):
            dialog.command("NOOP", 250)
        dialog.mail("Subject: paid\r\n\r\n")
        for _ in range(50):
            dialog.command("RSET", 250)
        assert dialog.command("NOOP", 421).enhanced == "4.7.0"
        assert dialog.is_closed()
    assert database.count() == 1


def test_who_ends_lines_by_lf_is_told_so(start_server, database):
    """A script that forgot the CR: an answer at once, then the end."""
    server = start_server({"limits.errors": 5})
    with server.dialog(ehlo=None) as dialog:
        dialog.send("EHLO script.example\n")
        assert str(dialog.expect(500).text).endswith("Lines end in CR LF")
        for line in ("MAIL FROM:<a@b.example>", "RCPT TO:<you@example.com>",
                     "DATA", "."):
            dialog.send(line + "\n")
        assert dialog.expect(421).enhanced == "4.7.0"
        assert dialog.is_closed()
    assert database.count() == 0


@pytest.mark.parametrize("kind", ["update", "hello"])
def test_tls_messages_without_data_end_it(start_server, certificate, kind):
    """KeyUpdates or ClientHellos without end: who sends them is hung up on,
    and others are answered all the while."""
    port = free_port()
    server = start_server(
        {**certificate.settings(), "workers": 1, "limits.commands": 0},
        listeners={"127.0.0.1:PORT": {},
                   f"127.0.0.1:{port}": {"tls": "implicit"}})
    with server.dialog() as dialog:
        for _ in range(5):
            client = subprocess.Popen([FLOOD, str(port), kind])
            while client.poll() is None:
                dialog.command("NOOP", 250)
            assert client.returncode == 0
    assert "too many TLS messages without data" in server.log()


def test_who_speaks_in_tls_before_the_greeting(start_server, certificate):
    server = start_server({**certificate.settings(), "greet_delay": 2},
                          listeners={"127.0.0.1:PORT": {"tls": "implicit"}},
                          wait=False)
    server.await_log("ready")
    dialog = Dialog(server.port, greeting=None)
    dialog.socket = certificate.context().wrap_socket(
        dialog.socket, server_hostname="mail.example.com")
    began = time.monotonic()
    dialog.send("EHLO client.example.org\r\n")
    dialog.expect(554)
    assert time.monotonic() - began < 1.5
    dialog.close()
