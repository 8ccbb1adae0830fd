# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits over all workers together, and peers that are no mail clients."""
import os
import signal
import socket
import ssl
import time

import pytest

from support.certificates import blind_context
from support.dialog import Dialog
from support.waiting import wait_for

MESSAGE = "Subject: within limits\r\n\r\nhello\r\n"


def knock(server, **options):
    """The first reply, and the connection."""
    dialog = Dialog(server.port, greeting=None, **options)
    return dialog.reply(), dialog


def fill(server, count, **options):
    """So many connections, all of them greeted. One that was closed just
    before may be counted a moment longer."""
    held = []
    end = time.monotonic() + 5
    while len(held) < count:
        reply, dialog = knock(server, **options)
        if reply.code == 220:
            held.append(dialog)
            continue
        dialog.close()
        assert time.monotonic() < end, f"number {len(held) + 1}: {reply}"
    return held


def is_refused(server, enhanced, **options):
    reply, dialog = knock(server, **options)
    with dialog:
        if reply.code == 220:
            return False
        assert reply.code == 421 and reply.enhanced == enhanced, reply
        assert dialog.is_closed()
        return True


def close_all(dialogs):
    for dialog in dialogs:
        dialog.close()


# -- Per address ----------------------------------------------------------

def test_connections_of_an_address_over_all_workers(start_server):
    server = start_server({"workers": 3, "limits.connections_per_ip": 6})
    held = fill(server, 6)
    for _ in range(10):
        assert is_refused(server, "4.7.0")
    # Another address is another matter.
    close_all(fill(server, 1, source="127.0.0.2"))
    # Who leaves makes room, at once.
    held.pop().close()
    wait_for(lambda: not is_refused(server, "4.7.0"), 5, "room for one more")
    close_all(held)


def test_a_mail_goes_through_at_the_limit(start_server, database):
    server = start_server({"workers": 2, "limits.connections_per_ip": 3})
    held = fill(server, 3)
    assert is_refused(server, "4.7.0")
    held[0].command("EHLO client.example.org", 250)
    held[0].mail(MESSAGE)
    assert database.count() == 1
    close_all(held)


def test_ipv6_counts_by_its_64(start_server):
    """Only ::1 is there to come from: all of ::/64 is one client."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
    server = start_server(
        {"limits.connections_per_ip": 2},
        listeners={"127.0.0.1:PORT": {}, "[::1]:PORT": {}})
    held = fill(server, 2, host="::1")
    assert is_refused(server, "4.7.0", host="::1")
    held += fill(server, 2)
    assert is_refused(server, "4.7.0")
    close_all(held)


def test_new_connections_a_minute(start_server):
    server = start_server({"workers": 3, "limits.rate_per_ip": 8})
    # is_ready took some of the eight.
    taken = 0
    while not is_refused(server, "4.7.0"):
        taken += 1
        assert taken <= 8
    assert taken >= 4
    for _ in range(5):
        assert is_refused(server, "4.7.0")
    close_all(fill(server, 8, source="127.0.0.2"))
    assert is_refused(server, "4.7.0", source="127.0.0.2")


def test_a_killed_worker_takes_its_counts_along(start_server):
    server = start_server({"workers": 2, "limits.connections_per_ip": 8,
                           "limits.connections": 8})
    for _ in range(3):
        held = fill(server, 8)
        assert is_refused(server, "4.3.2")
        before = server.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(server.workers()) == 2
                 and not set(server.workers()) & set(before), 20,
                 "two other workers")
        close_all(held)
        wait_for(server.is_ready, 20, "the server answers")
        wait_for(lambda: try_to_fill(server, 8), 10, "room for eight")


def try_to_fill(server, count):
    held = []
    try:
        for _ in range(count):
            reply, dialog = knock(server)
            held.append(dialog)
            if reply.code != 220:
                return False
        return True
    finally:
        close_all(held)


def test_a_reload_forgets_no_connection(start_server):
    server = start_server({"workers": 2, "limits.connections_per_ip": 4})
    held = fill(server, 3)
    before = server.workers()
    server.reload()
    wait_for(lambda: len(set(server.workers()) - set(before)) == 2, 20,
             "a new generation")
    wait_for(lambda: "220" == knock_code(server), 10, "the new generation")
    held += fill(server, 1)
    assert is_refused(server, "4.7.0")
    close_all(held)


def knock_code(server):
    reply, dialog = knock(server)
    dialog.close()
    time.sleep(0.1)
    return str(reply.code)


# -- In all ---------------------------------------------------------------

def test_connections_in_all(start_server):
    server = start_server({"workers": 3, "limits.connections": 10,
                           "limits.connections_per_ip": 100})
    held = fill(server, 5) + fill(server, 5, source="127.0.0.2")
    assert is_refused(server, "4.3.2")
    assert is_refused(server, "4.3.2", source="127.0.0.3")
    held.pop().close()
    wait_for(lambda: not is_refused(server, "4.3.2"), 5, "room for one more")
    close_all(held)


def test_tls_counts_against_the_memory(start_server, database, certificate):
    """Idle, each costs 15 KB: at three quarters of 2 MB no more are taken,
    until some have left."""
    server = start_server(certificate.settings(**{
        "workers": 1, "limits.memory": "2M", "limits.message_size": "1M",
        "limits.connections_per_ip": 1000}))
    held = []
    while len(held) < 300:
        dialog = Dialog(server.port, greeting=None, timeout=3)
        try:
            dialog.expect(220)
            dialog.command("EHLO client.example.org", 250)
            dialog.starttls()
        except OSError:
            dialog.close()
            break
        held.append(dialog)
    assert 70 < len(held) < 130
    with held[0] as dialog:
        dialog.command("EHLO client.example.org", 250)
        dialog.command("NOOP", 250)
    close_all(held)
    wait_for(server.is_ready, 10, "the server answers")
    server.send(MESSAGE)
    assert database.count() == 1


@pytest.mark.slow
def test_under_pressure_deadlines_are_short(start_server):
    server = start_server({"limits.connections": 20,
                           "limits.connections_per_ip": 100})
    held = fill(server, 20)
    began = time.monotonic()
    assert held[0].expect(421).enhanced == "4.4.2"
    assert 5 < time.monotonic() - began < 15
    close_all(held)
    # And the time is back once there is room again.
    wait_for(lambda: may_err(server, 5), 10, "five errors are borne")


def may_err(server, times):
    with server.dialog(ehlo=None, greeting=None) as dialog:
        # Those who were there may not all be gone yet: 421.
        return dialog.reply().code == 220 and all(
            dialog.command("NONSENSE").code == 500 for _ in range(times))


# -- Peers that are no mail clients ---------------------------------------

def test_an_early_talker_is_dropped(start_server, database):
    server = start_server({"greet_delay": 1})
    began = time.monotonic()
    with server.dialog(ehlo=None) as patient:
        assert time.monotonic() - began > 0.9
        patient.command("EHLO client.example.org", 250)
        patient.mail(MESSAGE)
    with Dialog(server.port, greeting=None) as hasty:
        hasty.send("EHLO client.example.org\r\n")
        reply = hasty.reply()
        assert reply.code in (421, 554), reply
        assert hasty.is_closed()
    assert database.count() == 1
    server.await_log("spoke before the greeting")


def test_a_greeting_with_delay_inside_tls(start_server, certificate):
    server = start_server(
        certificate.settings(**{"greet_delay": 1}),
        listeners={"127.0.0.1:PORT": {"tls": "implicit"}}, wait=False)
    wait_for(lambda: answers(server), 20, "the server listens")
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), 10) as raw, \
            blind_context().wrap_socket(raw) as tls:
        assert tls.recv(3) == b"220"
        assert time.monotonic() - began > 0.9
    with socket.create_connection(("127.0.0.1", server.port), 10) as raw, \
            blind_context().wrap_socket(raw) as tls:
        tls.sendall(b"EHLO client.example.org\r\n")
        assert tls.recv(3) in (b"421", b"554")


def answers(server):
    try:
        socket.create_connection(("127.0.0.1", server.port), 5).close()
        return True
    except OSError:
        return False


@pytest.mark.parametrize("line", [
    b"GET / HTTP/1.1\r\n", b"POST /mail HTTP/1.1\r\n", b"HEAD / HTTP/1.0\r\n",
    b"CONNECT a.example:25 HTTP/1.1\r\n", b"PUT / HTTP/1.1\r\n",
    b"OPTIONS * HTTP/1.1\r\n", b"DELETE / HTTP/1.1\r\n",
])
def test_http_is_closed_at_once(server, database, line):
    """A browser can be made to post SMTP: nothing of it may be run."""
    with server.dialog(ehlo=None) as dialog:
        dialog.send(line + b"Host: a.example\r\n\r\n"
                    b"EHLO client.example.org\r\n"
                    b"MAIL FROM:<me@example.org>\r\n"
                    b"RCPT TO:<you@example.com>\r\nDATA\r\n"
                    b"Subject: forged\r\n\r\n.\r\nQUIT\r\n")
        answer = everything(dialog)
    assert b"\r\n250" not in answer and b"354" not in answer
    assert answer.count(b"\r\n") <= 1
    assert database.count() == 0
    server.await_log("HTTP on an SMTP port")


def everything(dialog):
    """All bytes until the server closes, which it does soon."""
    answer, dialog.waiting = dialog.waiting, b""
    dialog.socket.settimeout(5)
    try:
        while True:
            more = dialog.socket.recv(65536)
            if not more:
                return answer
            answer += more
    except ConnectionError:
        return answer


def test_tls_on_a_clear_port_is_closed_at_once(server):
    with server.dialog(ehlo=None) as dialog:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            dialog.socket.settimeout(5)
            blind_context().wrap_socket(dialog.socket)
    server.await_log("TLS in clear")


def test_blocked_clients_get_554(start_server):
    server = start_server({"blocked_clients": ["127.0.0.2", "127.1.0.0/16"]})
    for source in "127.0.0.2", "127.1.2.3":
        reply, dialog = knock(server, source=source)
        assert reply.code == 554 and reply.enhanced == "5.7.1"
        assert dialog.is_closed()
    server.send(MESSAGE)
