# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions on the wire: how bytes come and go, deadlines, memory, leaving."""
import contextlib
import json
import os
import re
import signal
import socket
import struct
import time

import pytest

from support.dialog import Dialog
from support.waiting import wait_for

WHOLE_SESSION = (
    b"EHLO client.example.org\r\n"
    b"MAIL FROM:<me@example.org>\r\nRCPT TO:<you@example.com>\r\nDATA\r\n"
    b"Subject: one\r\n\r\nfirst\r\n.\r\n"
    b"MAIL FROM:<me@example.org>\r\nRCPT TO:<you@example.com>\r\nDATA\r\n"
    b"Subject: two\r\n\r\nsecond\r\n.\r\nQUIT\r\n")
CODES = [220, 250, 250, 250, 354, 250, 250, 250, 354, 250, 221]


def codes_of(dialog, count):
    return [dialog.reply().code for _ in range(count)]


def closes_with_reset(dialog):
    dialog.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
    dialog.close()


# -- Bytes -------------------------------------------------------------------

def test_a_whole_session_in_one_segment(server, database):
    with server.dialog(ehlo=None, greeting=None) as dialog:
        dialog.send(WHOLE_SESSION)
        assert codes_of(dialog, len(CODES)) == CODES
        assert dialog.is_closed()
    assert [row["subject"] for row in database.rows()] == ["one", "two"]


def test_a_session_in_single_bytes(server, database):
    with server.dialog(ehlo=None, greeting=None) as dialog:
        for byte in WHOLE_SESSION:
            dialog.send(bytes([byte]))
        assert codes_of(dialog, len(CODES)) == CODES
    assert database.count() == 2


def test_half_closed_after_the_last_command(server, database):
    with server.dialog(ehlo=None, greeting=None) as dialog:
        dialog.send(WHOLE_SESSION.replace(b"QUIT\r\n", b""))
        dialog.socket.shutdown(socket.SHUT_WR)
        assert codes_of(dialog, len(CODES) - 1) == CODES[:-1]
        assert dialog.is_closed()
    assert database.count() == 2


def test_cut_off_in_the_data_is_no_mail(server, database):
    for end in (Dialog.close, closes_with_reset):
        dialog = server.dialog()
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("DATA", 354)
        dialog.send("Subject: half\r\n\r\nhalf a mail\r\n.")
        end(dialog)
    server.send()
    assert database.count() == 1


def test_large_mail_is_kept_byte_for_byte(server, database):
    line = bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"")
    body = b"Subject: large\r\n\r\n" + (line + b"\r\n.dot\r\n") * 30000
    with server.dialog() as dialog:
        dialog.mail(body)
    row = database.row()
    assert row["mail"].endswith(body)
    assert row["size"] == len(body)


# -- Limits ------------------------------------------------------------------

def test_replies_that_nobody_reads_cost_bounded_memory(start_server):
    server = start_server({"limits.commands": 0})
    with server.dialog() as dialog:
        dialog.socket.setblocking(False)
        sent = 0
        end = time.monotonic() + 3
        while time.monotonic() < end:
            try:
                sent += dialog.socket.send(b"HELP\r\n" * 10000)
            except BlockingIOError:
                time.sleep(0.05)
        # It has stopped reading: far less than what 3 s could take.
        assert sent < 30_000_000
        resident = max(rss(pid) for pid in server.workers())
    server.send()
    if "checked" not in server.arguments()[0]:
        assert resident < 64 << 20


def rss(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def test_memory_of_large_mail_goes_back(start_server, top, database):
    """The program as it is installed: sanitizers keep memory."""
    server = start_server({"workers": 1}, program=os.path.join(
        top, "build/guerrilla-smtpd"))
    worker = server.workers()[0]
    with server.dialog() as dialog:
        dialog.mail("Subject: small\r\n\r\nsmall\r\n")
        before = rss(worker)
        body = "Subject: large\r\n\r\n" + ("x" * 98 + "\r\n") * 150_000
        for _ in range(2):
            dialog.mail(body)
        wait_for(lambda: rss(worker) < before + (6 << 20), 20,
                 "the memory of 15 MB goes back")
    assert database.count() == 3


# What libmicrohttpd brings, and a worker has no use for.
OF_HTTP = re.compile(r"/lib(microhttpd|gnutls|p11-kit|tasn1|nettle|hogweed|"
                     r"gmp|ffi)\.so")


def test_the_library_of_http_costs_a_worker_little(start_server, top):
    """It brings GnuTLS, which is mapped in every process: what a worker has
    of it alone is less than 100 KB."""
    server = start_server(program=os.path.join(top, "build/guerrilla-smtpd"))
    server.send()
    kilobytes, is_of_http, seen = 0, False, set()
    with open(f"/proc/{server.workers()[0]}/smaps", encoding="utf-8") as file:
        for line in file:
            if re.match("[0-9a-f]+-", line):
                found = OF_HTTP.search(line)
                is_of_http = bool(found)
                seen.add(found and found[1])
            elif is_of_http and line.startswith("Private_Dirty:"):
                kilobytes += int(line.split()[1])
    assert {"microhttpd", "gnutls"} <= seen
    assert kilobytes < 100


def test_full_memory_gives_the_largest_message_up(start_server, database):
    server = start_server({"workers": 1, "limits.memory": "8M",
                           "limits.message_size": "7M",
                           "limits.transaction_bytes": "20M"})
    with server.dialog() as large, server.dialog() as small:
        for dialog in (large, small):
            dialog.command("MAIL FROM:<me@example.org>", 250)
            dialog.command("RCPT TO:<you@example.com>", 250)
            dialog.command("DATA", 354)
        small.send(b"Subject: small\r\n\r\n" + b"x" * 70 + b"\r\n")
        large.send((b"y" * 70 + b"\r\n") * 75000)
        # Above three quarters no data is taken in; below, both go on.
        small.send((b"z" * 70 + b"\r\n") * 40000)
        large.send((b"y" * 70 + b"\r\n") * 20000)
        large.send(b".\r\n")
        assert large.reply().code == 452
        small.send(b".\r\n")
        assert small.reply().code == 250
        # The session is in step all the same.
        large.mail("Subject: again\r\n\r\nagain\r\n")
    assert database.count() == 2


# -- Deadlines ---------------------------------------------------------------

def ends_with(dialog, code, enhanced, seconds):
    began = time.monotonic()
    reply = dialog.reply()
    assert (reply.code, reply.enhanced) == (code, enhanced), reply
    assert dialog.is_closed()
    assert time.monotonic() - began < seconds


def test_a_command_has_its_time_however_it_trickles(start_server):
    server = start_server({"timeouts.command": 2})
    with server.dialog() as idle, server.dialog() as trickling:
        trickling.socket.settimeout(0.3)
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() - began < 8:
                trickling.send("X")
                try:
                    reply = trickling.reply()
                except TimeoutError:
                    continue
                assert (reply.code, reply.enhanced) == (421, "4.4.2")
        assert 1.5 < time.monotonic() - began < 6
        ends_with(idle, 421, "4.4.2", 5)


def test_data_below_the_minimum_rate_is_ended(start_server):
    server = start_server({"timeouts.min_rate": 1000})
    with server.dialog(timeout=40) as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("DATA", 354)
        dialog.socket.settimeout(0.5)
        began = time.monotonic()
        while time.monotonic() - began < 30:
            dialog.send("slow\r\n")
            try:
                reply = dialog.reply()
                break
            except TimeoutError:
                continue
        assert (reply.code, reply.enhanced) == (421, "4.4.2")


def test_a_transaction_has_its_time(start_server):
    server = start_server({"timeouts.transaction": 2, "limits.commands": 0})
    with server.dialog(timeout=20) as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        began = time.monotonic()
        dialog.socket.settimeout(0.3)
        while time.monotonic() - began < 10:
            dialog.send("NOOP\r\n")
            try:
                reply = dialog.reply()
            except TimeoutError:
                continue
            if reply.code != 250:
                break
        assert (reply.code, reply.enhanced) == (421, "4.4.2")


def test_sessions_that_stay_are_shared(start_server):
    """One worker could take them all, being the first that wakes; what the
    others do not take, it does."""
    server = start_server({"workers": 3, "limits.connections_per_ip": 100})
    server.await_log("ready version")

    def sessions():
        status = json.loads(server.run("-s", "status", "--json").stdout)
        return [p["gauges"]["sessions"] for p in status["processes"]
                if p["role"] == "worker"]

    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(server.dialog())
        wait_for(lambda: sum(sessions()) == 60, 10, "all to be counted")
        assert min(sessions()) >= 5, sessions()


# -- Leaving -----------------------------------------------------------------

def test_stopping_lets_transactions_end(server, database):
    with server.dialog() as idle, server.dialog() as busy:
        busy.command("MAIL FROM:<me@example.org>", 250)
        busy.command("RCPT TO:<you@example.com>", 250)
        busy.command("DATA", 354)
        server.signal(signal.SIGTERM)
        ends_with(idle, 421, "4.3.2", 5)
        busy.send("Subject: last\r\n\r\nlast\r\n.\r\n")
        assert busy.reply().code == 250
        assert busy.reply().code == 421
        assert busy.is_closed()
    assert server.process.wait(20) == 0
    assert database.row()["subject"] == "last"


def test_stopping_ends_at_the_deadline(start_server):
    server = start_server({"timeouts.shutdown": 2})
    with server.dialog() as stuck:
        stuck.command("MAIL FROM:<me@example.org>", 250)
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        assert stuck.reply().code == 421
        assert server.process.wait(20) == 0
        assert 1 < time.monotonic() - began < 10


def test_a_reload_lets_sessions_finish(server, database):
    with server.dialog() as fresh, server.dialog() as used:
        used.mail("Subject: used\r\n\r\nused\r\n")
        old = server.workers()
        server.reload()
        # One that has had its mail may go; one that has not may send it.
        ends_with(used, 421, "4.3.2", 10)
        assert fresh.mail("Subject: fresh\r\n\r\nfresh\r\n").code == 250
        assert fresh.reply().code == 421
    wait_for(lambda: not set(old) & set(server.workers()), 10,
             "the old workers are gone")
    server.send()
    assert database.count() == 3


def test_workers_leave_when_the_master_is_gone(server):
    workers = server.workers()
    with server.dialog() as dialog:
        dialog.command("NOOP", 250)
        server.process.kill()
        server.process.wait()
        assert dialog.reply().code == 421
    wait_for(lambda: not any(alive(pid) for pid in workers), 15,
             "the workers are gone")
    with pytest.raises(ConnectionError):
        Dialog(server.port)
    # The fixture wants a clean stop: this one cannot have it.
    server.process.returncode = 0


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
