# SPDX-License-Identifier: GPL-3.0-or-later
"""What the metrics tell apart: replies, why connections are turned away, how
processes ended, TLS, certificates, hosts; each seen to count."""
import os
import signal
import ssl
import time

import pytest

from support.certificates import blind_context
from support.dialog import Dialog
from support.metrics import ask, metrics
from support.waiting import wait_for

PREFIX = "guerrilla_smtpd_"


@pytest.fixture
def start_watched(start_server, port):
    def start(settings=None, **options):
        return start_server({"status.listen": f"127.0.0.1:{port}",
                             **(settings or {})}, **options)
    return start


@pytest.fixture
def count(port):
    """count(name, label...): the metric now."""
    return lambda name, *labels: metrics(port)[(PREFIX + name, *labels)]


def test_replies_by_reason(start_watched, count):
    server = start_watched()
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>")
        dialog.command("RCPT TO:<you@example.com>")
        for _ in range(2):
            dialog.command("RCPT TO:<you@foreign.example>", code=550)
        dialog.command("BURN", code=500)
    wait_for(lambda: count("replies_total", "221", "2.0.0", "bye") >= 1, 5,
             "a 221")
    assert count("replies_total", "550", "5.7.1", "not_our_domain") == 2
    assert count("replies_total", "500", "5.5.1", "unknown_verb") == 1
    assert count("recipients_total", "accepted") == 1
    assert count("recipients_total", "refused") == 2


def test_why_connections_are_turned_away(start_watched, count):
    server = start_watched({"limits.connections_per_ip": 2})
    refused = "connections_refused_total"
    with server.dialog(), server.dialog():
        Dialog(server.port, greeting=421).close()
    wait_for(lambda: count(refused, "per_ip") >= 1, 5, "the count")
    assert count(refused, "full") == count(refused, "rate") == 0
    assert server.run("-s", "pause").returncode == 0
    Dialog(server.port, greeting=421).close()
    wait_for(lambda: count(refused, "paused") == 1, 5, "the count")


def test_how_a_process_ended(start_watched, count):
    server = start_watched({"watchdog": 2})
    wait_for(lambda: count("processes", "worker", "ready") == 2, 10, "both")
    server.kill_worker()
    wait_for(lambda: count("restarts_total", "worker", "signal") == 1, 10,
             "a restart")
    wait_for(lambda: count("processes", "worker", "ready") == 2, 10, "both")
    os.kill(server.workers()[0], signal.SIGSTOP)
    wait_for(lambda: count("restarts_total", "worker", "hang") == 1, 30,
             "one more")
    assert count("restarts_total", "worker", "signal") == 1


def test_what_roles_use(start_watched, count, port):
    server = start_watched()
    wait_for(lambda: count("resident_bytes", "worker") > 1000000, 10,
             "a look at the processes")
    for role in ("master", "logger", "janitor", "status"):
        assert 1000000 < count("resident_bytes", role) < 1 << 30
    before = count("cpu_seconds_total", "status")

    def spends():
        for _ in range(50):
            ask(port, "/readyz")
        return count("cpu_seconds_total", "status") > before
    wait_for(spends, 30, "CPU time of the status process")
    assert count("memory_limit_bytes") > count("memory_bytes")
    assert count("http_requests_total", "/readyz", "200") >= 50
    wait_for(lambda: count("log_lines_total", "info") > 0, 5, "lines")
    # What a process had used when it died stays.
    used = count("cpu_seconds_total", "worker")
    server.kill_worker()
    wait_for(lambda: count("restarts_total", "worker", "signal") == 1, 10,
             "a restart")
    assert count("cpu_seconds_total", "worker") >= used


def test_tls_by_version(start_watched, count, certificate):
    server = start_watched(certificate.settings())
    context = blind_context()
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = context.maximum_version = version
        with server.dialog() as dialog:
            dialog.starttls(context)
    with server.dialog() as dialog:
        dialog.command("STARTTLS", code=220)
        dialog.socket.sendall(b"no TLS at all\r\n")
        assert dialog.is_closed()
    for what in (("tls_handshakes_total", "1.2"),
                 ("tls_handshakes_total", "1.3"),
                 ("tls_failures_total", "handshake")):
        wait_for(lambda what=what: count(*what) == 1, 5, f"{what}")
    end = count("certificate_expiry_timestamp_seconds", "default")
    assert end > time.time()


def test_tls_that_does_not_come(start_watched, count, certificate):
    server = start_watched(certificate.settings(**{"timeouts.tls": 1}))
    with server.dialog() as silent, server.dialog() as leaving:
        silent.command("STARTTLS", code=220)
        leaving.command("STARTTLS", code=220)
        leaving.close()
        assert silent.is_closed()
    for reason in "closed", "timeout":
        wait_for(lambda reason=reason:
                 count("tls_failures_total", reason) == 1, 5, reason)


def test_hosts(start_watched, count, mariadb):
    start_watched()
    wait_for(lambda: count("store_workers", "localhost", "up") == 2, 10,
             "both workers")
    mariadb.stop()
    wait_for(lambda: count("store_workers", "none", "down") == 2, 30,
             "workers without a host")
    wait_for(lambda: count("store_host_failures_total", "localhost") > 0, 10,
             "failures of the host")
    assert count("store_workers", "localhost", "up") == 0


def test_lists_and_retention(start_watched, count, database):
    database.query("CREATE TABLE domain (name VARCHAR(64))")
    database.query("INSERT INTO domain VALUES ('a.example'), ('b.example')")
    server = start_watched({
        "domains_query": "SELECT name FROM domain",
        "store.retention": "1h"})
    now = time.time()
    server.send(to=("you@a.example",))
    wait_for(lambda: count("domains") == 2, 5, "the domains")
    assert abs(count("domains_refresh_timestamp_seconds") - now) < 600
    wait_for(lambda: count("retention_timestamp_seconds") > 0, 20,
             "a round of retention")
