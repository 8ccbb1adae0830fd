# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that mean harm, or only look as if they did."""
import multiprocessing
import time

from support.dialog import Dialog


def begin_data(dialog):
    dialog.command("MAIL FROM:<me@example.org>", 250)
    dialog.command("RCPT TO:<you@example.com>", 250)
    dialog.command("DATA", 354)


# -- Fairness ----------------------------------------------------------------

def pour(port, seconds):
    """Data in TLS, as fast as it goes."""
    with Dialog(port) as dialog:
        dialog.command("EHLO flood.example.org", 250)
        dialog.starttls()
        dialog.command("EHLO flood.example.org", 250)
        begin_data(dialog)
        block = (b"x" * 1000 + b"\r\n") * 1000
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            dialog.send(block)


def test_floods_in_tls_leave_a_turn_to_others(start_server, certificate):
    server = start_server({**certificate.settings(), "workers": 1})
    floods = [multiprocessing.Process(target=pour, args=(server.port, 4))
              for _ in range(3)]
    for flood in floods:
        flood.start()
    waits = []
    with server.dialog() as dialog:
        end = time.monotonic() + 3.5
        while time.monotonic() < end:
            began = time.monotonic()
            dialog.command("NOOP", 250)
            waits.append(time.monotonic() - began)
            time.sleep(0.01)
    for flood in floods:
        flood.join()
    assert len(waits) > 50, max(waits)


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
