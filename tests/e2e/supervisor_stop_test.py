# SPDX-License-Identifier: GPL-3.0-or-later
"""TERM, INT, QUIT and -s stop: what is under way is finished within a
deadline, and the exit code is 0."""
import os
import resource
import signal
import time

import pytest

from support.dialog import Dialog
from support.server import title
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


# ---- A pause ----------------------------------------------------------------


def told(server, *arguments, code=0):
    done = server.run("-s", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def is_paused(server):
    """Every worker that could take it says 421, and shows it."""
    Dialog(server.port, greeting=421).close()
    titles = [title(pid) for pid in server.workers()]
    return bool(titles) and all("(paused)" in text for text in titles)


def test_a_pause_lets_transactions_finish(server, database):
    with server.dialog() as dialog, server.dialog() as idle:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("DATA", 354)
        assert "still finish" in told(server, "pause")
        wait_for(lambda: is_paused(server), 10, "both workers")
        assert idle.reply().code == 421
        dialog.send("Subject: at last\r\n\r\n.\r\n")
        dialog.expect(250)
        assert dialog.reply().code == 421
    assert database.count() == 1
    # Somebody must see to it.
    assert "paused: newcomers" in told(server, "status", code=6)
    assert "resumed" in told(server, "resume")
    server.send()
    assert "it was not paused" in told(server, "resume")


@pytest.mark.parametrize("how", ["death", "reload", "upgrade"])
def test_a_pause_outlives(server, how):
    told(server, "pause")
    before = set(server.workers())
    if how == "death":
        for pid in before:
            os.kill(pid, signal.SIGKILL)
    else:
        told(server, how)
    wait_for(lambda: len(server.workers()) == 2
             and not before & set(server.workers()), 10, "others")
    wait_for(lambda: is_answered(server.port) and is_paused(server), 15,
             "workers that know")
    assert title(server.pid) == "guerrilla-smtpd: master (paused)"
    told(server, "resume")
    wait_for(server.is_ready, 10, "the end of the pause")
    server.send()


def is_answered(port):
    try:
        Dialog(port, greeting=421).close()
        return True
    except OSError:
        return False


def test_a_pause_with_a_limit_ends_by_itself(server):
    assert "for 1 s" in told(server, "pause", "--for", "1s")
    server.await_log("its time is over")
    server.send()
    assert "not a length" in told(server, "pause", "--for", "soon", code=5)
    assert server.run("-s", "reload", "--for", "1s").returncode == 2
    server.send()
