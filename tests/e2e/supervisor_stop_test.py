# SPDX-License-Identifier: GPL-3.0-or-later
"""TERM, INT, QUIT and -s stop: what is under way is finished within a
deadline, and the exit code is 0."""
import os
import resource
import signal
import time

import pytest

from support.dialog import Dialog
from support.waiting import wait_for


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_transaction_is_finished(server, database, number):
    with server.dialog() as dialog, server.dialog() as idle:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("DATA", 354)
        server.signal(number)
        assert idle.reply().code == 421
        server.await_log("stopping")
        wait_for(lambda: is_refused(server.port), 5, "closed listeners")
        dialog.send("Subject: at last\r\n\r\n.\r\n")
        dialog.expect(250)
        assert dialog.reply().code == 421
    assert server.process.wait(10) == 0
    assert database.count() == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_the_log_says_who_stopped_it(server, number):
    server.signal(number)
    assert server.process.wait(10) == 0
    name = signal.Signals(number).name
    assert (f"signal={name} sender={os.getpid()} uid={os.getuid()}"
            in server.log())


def test_the_log_says_who_asked(server):
    assert server.run("-s", "stop").returncode == 0
    asked = server.log_lines("asked through the control socket")[0]
    assert "verb=stop sender=" in asked and f" uid={os.getuid()}" in asked


def is_refused(port):
    try:
        Dialog(port).close()
        return False
    except OSError:
        return True


def begin_data(dialog):
    dialog.command("MAIL FROM:<me@example.org>", 250)
    dialog.command("RCPT TO:<you@example.com>", 250)
    dialog.command("DATA", 354)


def test_the_deadline_ends_it(start_server):
    server = start_server({"timeouts.shutdown": 4})
    with server.dialog() as dialog:
        begin_data(dialog)
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        server.await_log("stop goes on")
        assert "sessions=1" in server.log_lines("stop goes on")[0]
        assert server.process.wait(15) == 0
        assert 3.5 < time.monotonic() - began < 10


def test_a_second_signal_ends_it_at_once(server):
    with server.dialog() as dialog:
        begin_data(dialog)
        server.signal(signal.SIGTERM)
        server.await_log("stopping")
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 4


def test_quit_ends_it_at_once(server):
    with server.dialog() as dialog:
        begin_data(dialog)
        began = time.monotonic()
        server.signal(signal.SIGQUIT)
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 4


def test_a_child_that_is_frozen_is_killed(start_server):
    server = start_server({"timeouts.shutdown": 1})
    server.await_log("ready version")
    os.kill(server.workers()[0], signal.SIGSTOP)
    server.signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    server.await_log("does not leave: killed")


def test_the_verb_waits_for_the_end(server):
    done = server.run("-s", "stop")
    assert (done.returncode, server.process.wait(1)) == (0, 0)
    assert "stopped" in done.stdout
    assert os.path.getsize(os.path.join(server.run_dir, "pid")) == 0
    assert server.run("-s", "stop").returncode == 4
    assert server.run("-s", "reload").returncode == 4
    server.start()


def test_the_verb_kills(server):
    with server.dialog() as dialog:
        begin_data(dialog)
        done = server.run("-s", "kill")
    assert (done.returncode, server.process.wait(1)) == (0, 0)


def test_files_are_cleared_away(server):
    server.listeners[f"unix:{server.run_dir}/smtp"] = {}
    server.write_config()
    assert server.run("-s", "reload").returncode == 0
    assert "smtp" in os.listdir(server.run_dir)
    server.stop()
    assert os.listdir(server.run_dir) == ["pid"]
    server.start()


@pytest.mark.slow
def test_a_thousand_sessions_at_the_end(start_server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    server = start_server({"limits.connections": 3000,
                           "limits.connections_per_ip": 3000})
    sessions = [server.dialog() for _ in range(1000)]
    busy = sessions[::10]
    for dialog in busy:
        begin_data(dialog)
    began = time.monotonic()
    server.signal(signal.SIGTERM)
    for dialog in sessions:
        if dialog not in busy:
            assert dialog.reply().code == 421
    took = time.monotonic() - began
    for dialog in busy:
        dialog.send("Subject: at last\r\n\r\n.\r\n")
    for dialog in busy:
        assert dialog.reply().code == 250
    assert server.process.wait(10) == 0
    print(f"900 idle sessions told within {took:.2f} s")
    for dialog in sessions:
        dialog.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_hup_while_stopping_is_harmless(server):
    with server.dialog() as dialog:
        begin_data(dialog)
        server.signal(signal.SIGTERM)
        server.await_log("stopping")
        for number in (signal.SIGHUP, signal.SIGUSR2, signal.SIGTTIN,
                       signal.SIGUSR1):
            server.signal(number)
        time.sleep(0.3)
        dialog.send("Subject: at last\r\n\r\n.\r\n")
        dialog.expect(250)
    assert server.process.wait(10) == 0
    wait_for(lambda: not server.children(), 5, "no children")
