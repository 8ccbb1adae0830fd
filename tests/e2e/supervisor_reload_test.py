# SPDX-License-Identifier: GPL-3.0-or-later
"""HUP and -s reload: the new generation first, then the old one drains; a
fault leaves all as it was."""
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from support.dialog import Dialog
from support.server import free_port
from support.waiting import wait_for


# An address of this run, so that two runs can have the same low port.
LOOPBACK = f"127.7.{os.getpid() >> 8 & 255}.{os.getpid() % 254 + 1}"


def reload(server):
    done = server.run("-s", "reload")
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(server):
    done = server.run("-s", "reload")
    assert done.returncode == 5, done.stdout
    return done.stdout + done.stderr


def refused_by_signal(server):
    """For files in which `-s` would not find the master's pid file."""
    known = len(server.log_lines("reload refused"))
    server.reload()
    wait_for(lambda: len(server.log_lines("reload refused")) > known, 10,
             "a refusal")
    return "\n".join(server.log_lines("reload refused")[known:])


def test_the_number_of_workers_changes(server):
    master = server.pid
    for count in (4, 1, 3):
        server.set(workers=count)
        assert f"with {count} workers" in reload(server)
        wait_for(lambda: len(server.workers()) == count, 10, "the old to go")
    assert server.pid == master
    server.send()


def test_listeners_come_and_go(server):
    first, second = server.port, free_port()
    path = os.path.join(server.run_dir, "smtp")
    server.listeners = {f"127.0.0.1:{first}": {},
                        f"127.0.0.1:{second}": {}, f"unix:{path}": {}}
    server.write_config()
    reload(server)
    for where in ({"port": first}, {"port": second},
                  {"port": 0, "path": path}):
        Dialog(**where).close()
    server.listeners = {f"127.0.0.1:{second}": {}}
    server.write_config()
    reload(server)
    wait_for(lambda: not answers(first), 10, "the first to be closed")
    assert not os.path.exists(path)
    server.port = second
    server.send()


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_a_listener_that_cannot_be_bound_changes_nothing(server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        other = free_port()
        before = server.workers()
        server.listeners = {
            f"127.0.0.1:{server.port}": {}, f"127.0.0.1:{other}": {},
            f"127.0.0.1:{taken.getsockname()[1]}": {}}
        server.write_config()
        assert "another program listens there" in refused(server)
    assert server.workers() == before
    assert not answers(other)
    server.send()


FAULTS = {
    "workers": ["-1", "many", "100000000", "010x"],
    "domains": [[], ["exa mple.com"], ["*.*"]],
    "hostname": ["-bad-", "a b"],
    "sandbox": ["maybe"],
    "timeouts.drain": ["soon", "-5"],
    "limits.message_size": ["1X", "0"],
    "tls.certificate": ["/nowhere/at/all.pem"],
    "log.level": ["loud"],
    "log.target": ["/nowhere/at/all.log"],
    "nonsense": ["1"],
}


@pytest.mark.parametrize("key,value", [
    (key, value) for key, values in FAULTS.items() for value in values])
def test_a_broken_configuration_changes_nothing(broken, key, value):
    server = broken
    before = server.workers()
    was = server.settings.get(key)
    server.settings[key] = value
    server.write_config()
    try:
        assert "reload refused" in refused(server)
    finally:
        server.settings.pop(key)
        if was is not None:
            server.settings[key] = was
        server.write_config()
    assert server.workers() == before
    server.send()


@pytest.fixture(scope="module")
def broken(mariadb_of_this_run):
    """One server for all broken configurations: it must outlive them."""
    from support.mariadb import Database
    from support.server import Server
    mariadb_of_this_run.start()
    database = Database(mariadb_of_this_run, "test_broken")
    database.load("etc/schema.sql")
    server = Server(database).start()
    server.await_log("ready version")
    yield server
    assert server.stop() == 0
    assert not server.faults()
    server.clean_up()
    database.drop()


@pytest.mark.parametrize("text", [
    "", "domains = {", "\0\0\0\0", "listen = 'x'",
    pytest.param("}" * 1000, id="braces")])
def test_a_broken_file_changes_nothing(server, text):
    before = server.workers()
    server.write_config(text)
    refused_by_signal(server)
    os.unlink(server.config)
    refused_by_signal(server)
    assert server.workers() == before
    server.write_config()
    reload(server)


@pytest.mark.parametrize("key,value", [
    ("run_dir", "/var/tmp"), ("pid_file", "/var/tmp/elsewhere.pid"),
    ("user", "daemon"), ("group", "daemon"), ("allow_root", True)])
def test_what_needs_a_restart_is_refused(server, key, value):
    server.settings[key] = value
    server.write_config()
    assert key in refused_by_signal(server)
    # So that the end of the test finds it.
    server.settings.pop(key)
    if key == "run_dir":
        server.settings[key] = server.run_dir
    server.write_config()


def test_an_old_session_finishes_its_transaction(server, database):
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        reload(server)
        dialog.data("Subject: over the reload\r\n\r\n")
        assert dialog.reply().code == 421
    assert database.count() == 1


def test_an_idle_old_session_is_told_to_go(server):
    with server.dialog() as dialog:
        reload(server)
        assert dialog.reply().code == 421


def test_an_old_session_ends_at_the_deadline(start_server):
    server = start_server({"timeouts.drain": 1})
    old = sorted(server.workers())
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("DATA", 354)
        reload(server)
        wait_for(lambda: not set(old) & set(server.workers()), 15,
                 "the old generation's end")


def test_workers_come_and_go_by_signal(server):
    server.await_log("ready version")
    server.signal(signal.SIGTTIN)
    wait_for(lambda: len(server.workers()) == 3, 5, "one more")
    for count in (2, 1):
        server.signal(signal.SIGTTOU)
        wait_for(lambda: len(server.workers()) == count, 5, "one fewer")
    server.signal(signal.SIGTTOU)
    server.await_log("the last worker stays")
    assert len(server.workers()) == 1
    reload(server)
    wait_for(lambda: len(server.workers()) == 2, 5, "the configured number")


def test_everyone_who_asked_gets_an_answer(server):
    results = []
    threads = [threading.Thread(
        target=lambda: results.append(server.run("-s", "reload")))
        for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.returncode for done in results] == [0] * 6
    assert len(server.log_lines("reload done")) < 6


class Knocker(threading.Thread):
    """Connects and says QUIT, again and again, and notes what it met."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.met = 0
        self.faults = []
        self.is_done = False

    def run(self):
        while not self.is_done:
            try:
                with Dialog(self.port, timeout=20) as dialog:
                    dialog.send("QUIT\r\n")
                    dialog.reply()
                    self.met += 1
            except (OSError, AssertionError) as error:
                self.faults.append(repr(error))

    def finish(self):
        self.is_done = True
        self.join(30)


def knock(port, count):
    knockers = [Knocker(port) for _ in range(count)]
    for knocker in knockers:
        knocker.start()
    return knockers


def storm(server, seconds, knockers):
    end = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < end:
        server.reload()
        sent += 1
        time.sleep(0.1)
    for knocker in knockers:
        knocker.finish()
    return sent


def check_storm(server, knockers):
    faults = [fault for knocker in knockers for fault in knocker.faults]
    met = sum(knocker.met for knocker in knockers)
    reloads = len(server.log_lines("reload done"))
    print(f"{met} connections, {reloads} reloads, {len(faults)} faults")
    assert not faults, faults[:5]
    assert met > 100
    wait_for(lambda: len(server.workers()) == 2, 20, "the old to go")
    return reloads


def test_a_short_storm_of_reloads_refuses_nobody(server):
    server.await_log("ready version")
    knockers = knock(server.port, 4)
    storm(server, 3, knockers)
    assert 2 <= check_storm(server, knockers) <= 9


@pytest.mark.slow
def test_a_storm_of_reloads_refuses_nobody(server, database, load):
    server.await_log("ready version")
    knockers = knock(server.port, 4)
    with load(server, sessions=4) as traffic:
        storm(server, 20, knockers)
    assert 10 <= check_storm(server, knockers) <= 45
    traffic.check(database)
    assert not traffic.failures or set(traffic.failures) <= {
        "AssertionError"}, traffic.failures


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("keeps", [True, False])
def test_a_low_port_needs_the_kept_capability(start_server, keeps):
    server = start_server({"keep_bind_capability": keeps})
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start",
              encoding="ascii") as file:
        if int(file.read()) <= 1000:
            pytest.skip("any user may bind any port here")
    server.listeners[f"{LOOPBACK}:987"] = {}
    server.write_config()
    done = server.run("-s", "reload")
    assert done.returncode == (0 if keeps else 5), done.stdout
    if keeps:
        Dialog(987, host=LOOPBACK).close()
        wait_for(lambda: len(server.workers()) == 2, 10, "the drain")
        for pid in server.workers():
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                assert "CapEff:\t0000000000000000" in file.read()
    server.send()


def test_a_wrong_certificate_changes_nothing(start_server, certificate):
    server = start_server(certificate.settings())
    with server.dialog() as dialog:
        dialog.starttls()
    wrong = os.path.join(server.folder, "wrong.pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-out", wrong], check=True,
                   capture_output=True)
    os.chmod(wrong, 0o640)
    server.settings["tls.key"] = wrong
    server.write_config()
    refused(server)
    with server.dialog() as dialog:
        dialog.starttls()
