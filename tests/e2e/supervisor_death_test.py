# SPDX-License-Identifier: GPL-3.0-or-later
"""Every death: who dies is replaced, the log says why, and no mail and no
line is lost."""
import os
import random
import signal
import socket
import time

import pytest

from support.server import child_pids, title
from support.waiting import wait_for


def await_successor(server, role, old):
    """The pid of who took the place of the old one."""
    wait_for(lambda: [pid for pid in server.children(role)
                      if pid != old and old not in server.children(role)],
             10, f"another {role}")
    return server.children(role)[0]


@pytest.mark.parametrize("role", ["worker 1", "janitor", "logger"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_death_is_named_and_made_good(server, role, number):
    server.await_log("database is there")
    server.send()
    old = server.children(role)[0]
    os.kill(old, number)
    await_successor(server, role, old)
    server.await_log(f"child={old} generation=1 end={number.name}")
    line = server.log_lines(f"child={old} generation=1 end=")[0]
    assert "process died" in line and " doing=" in line
    server.send()


def test_a_crash_leaves_its_stack_in_the_log(server):
    if "checked" in os.environ.get("GUERRILLA_SMTPD", ""):
        pytest.skip("a sanitizer handles crashes in its own way")
    server.await_log("ready version")
    old = server.children("worker 1")[0]
    os.kill(old, signal.SIGSEGV)
    server.await_log("stack of a process that ends")
    assert f"worker 1[{old}]" in server.log_lines("stack of a process")[0]
    assert "guerrilla-smtpd+0x" in server.log_lines("stack of a process")[0]


def test_children_obey_the_master_and_not_the_terminal(server):
    before = sorted(child_pids(server.pid))
    for pid in before:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                       signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
            os.kill(pid, number)
    time.sleep(0.5)
    server.send()
    assert sorted(child_pids(server.pid)) == before


def test_a_frozen_worker_is_replaced(start_server, load, database):
    server = start_server({"watchdog": 4, "workers": 2})
    server.await_log("ready version")
    frozen = server.workers()[0]
    with load(server, sessions=4, timeout=30) as traffic:
        traffic.await_accepted(20)
        os.kill(frozen, signal.SIGSTOP)
        server.await_log("a process was stopped by a signal")
        server.await_log("a process hangs", 20)
        wait_for(lambda: frozen not in server.workers(), 10, "its end")
        traffic.await_accepted(20)
    assert "end=SIGKILL" in server.log_lines(f"child={frozen} gen")[-1]
    traffic.check(database)


@pytest.mark.parametrize("role", ["janitor", "logger"])
def test_a_frozen_helper_is_replaced(start_server, role):
    server = start_server({"watchdog": 2})
    server.await_log("ready version")
    frozen = server.children(role)[0]
    os.kill(frozen, signal.SIGSTOP)
    wait_for(lambda: frozen not in child_pids(server.pid) and
             server.children(role), 20, f"another {role}")
    server.await_log(f"child={frozen} generation=1 end=SIGKILL")
    server.send()


def test_who_sleeps_is_not_hung(start_server):
    """The longest pauses under the shortest watchdog: retention looks once
    in a minute, nobody sends mail and nothing is logged."""
    server = start_server({"watchdog": 2, "store.retention": "30d",
                           "log.level": "info"})
    server.await_log("ready version")
    first = sorted(child_pids(server.pid))
    time.sleep(7)
    assert sorted(child_pids(server.pid)) == first
    assert not server.log_lines("a process hangs")


def test_a_crash_loop_at_the_start_is_slow(server):
    """Workers that die before they are ready: they are started again after
    1, 2, 4 s, and one that gets so far is served with at once."""
    met = set()
    until = time.monotonic() + 6
    while time.monotonic() < until:
        for pid in set(server.workers()) - met:
            met.add(pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    # Not 5 a second, as those that had been ready.
    assert 4 <= len(met) < 20, len(met)
    assert server.process.poll() is None
    wait_for(lambda: len(server.workers()) == 2, 20, "two workers")
    server.send()


def test_a_stopped_master_spares_its_children(start_server):
    server = start_server({"watchdog": 3})
    before = sorted(child_pids(server.pid))
    server.signal(signal.SIGSTOP)
    time.sleep(5)
    server.signal(signal.SIGCONT)
    time.sleep(2)
    assert sorted(child_pids(server.pid)) == before


def test_no_line_is_lost_with_the_logger(server):
    """200 mails while the logger dies again and again: 200 stories."""
    ids = []
    for number in range(200):
        if number % 20 == 10:
            for pid in server.children("logger"):
                os.kill(pid, signal.SIGKILL)
        ids.append(server.send())
    wait_for(lambda: server.children("logger"), 10, "a logger")
    for mail_id in ids:
        server.await_log(mail_id)


def test_without_a_master_the_port_is_free(start_server, database):
    server = start_server()
    family = child_pids(server.pid)
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait(5)
        wait_for(lambda: is_port_free(server.port), 5, "a free port")
        # The transaction under way is finished, and then the client told.
        dialog.data("Subject: last words\r\n\r\n")
    wait_for(lambda: not any(title(pid) for pid in family), 15,
             "the children's leave")
    assert database.count() == 1
    server.start()
    server.send()


def is_port_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            s.listen(1)
            return True
        except OSError:
            return False


@pytest.mark.slow
def test_300_kills_in_a_minute(start_server, database, load):
    server = start_server({"workers": 4, "log.level": "info"})
    killed = 0
    end = time.monotonic() + 60
    accepted = []
    with load(server, sessions=12) as traffic:
        while time.monotonic() < end:
            workers = server.grown_workers()
            if workers:
                os.kill(random.choice(workers), signal.SIGKILL)
                killed += 1
            accepted.append(len(traffic.accepted))
            time.sleep(0.2)
    traffic.check(database)
    starts = len(server.log_lines("process died"))
    print(f"{killed} kills, {starts} deaths, {traffic.summary()}")
    assert killed >= 150
    assert starts <= 60 * 5 + 4 + 5
    # Mail flowed all the time: in each ten seconds.
    tenth = len(accepted) // 6
    for n in range(5):
        assert accepted[(n + 1) * tenth] > accepted[n * tenth]
