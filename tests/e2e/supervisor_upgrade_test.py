# SPDX-License-Identifier: GPL-3.0-or-later
"""USR2 and -s upgrade: another program file, the same pid, and nobody who
connects is refused."""
import os
import re
import shutil
import signal
import subprocess

import pytest

from support.dialog import Dialog
from support.server import PROGRAM as ORIGINAL
from support.waiting import wait_for

from supervisor_reload_test import LOOPBACK, knock


@pytest.fixture
def copied(start_server):
    """A server whose program file is a copy that may be replaced."""
    program = f"/var/tmp/gsmtpd-program-{os.getpid()}"
    install(program)
    server = start_server({"limits.connections_per_ip": 1000},
                          program=program)
    server.await_log("ready version")
    yield server
    # The end of start_server comes later and needs the program no more.
    if os.path.exists(program):
        os.unlink(program)


def install(path, source=None, data=None):
    """As a package manager does: a new file under the old name."""
    fresh = path + ".new"
    if data is None:
        shutil.copy(source or ORIGINAL, fresh)
    else:
        with open(fresh, "wb") as file:
            file.write(data)
    os.chmod(fresh, 0o755)
    os.rename(fresh, path)


def ask(server, verb, code=0):
    done = subprocess.run([ORIGINAL, "-c", server.config, "-s", verb],
                          capture_output=True, text=True, timeout=100,
                          check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_pid_stays_and_the_generation_changes(copied, database):
    master = copied.pid
    old = copied.workers()
    install(copied.program)
    assert "generation 2" in ask(copied, "upgrade")
    assert copied.process.poll() is None and copied.pid == master
    wait_for(lambda: not set(old) & set(copied.workers()), 10, "the drain")
    with open(f"/proc/{master}/exe", "rb") as file:
        running = file.read()
    with open(copied.program, "rb") as file:
        assert file.read() == running
    copied.send()
    assert database.count() == 1
    assert copied.log_lines("upgrade done")
    # Everything else goes on working in the new program.
    ask(copied, "reload")
    ask(copied, "reopen")
    assert "upgrades 1" in ask(copied, "status")
    os.kill(copied.workers()[0], signal.SIGKILL)
    wait_for(lambda: len(copied.workers()) == 2, 10, "a new worker")
    copied.send()


def test_a_session_lives_through_an_upgrade(copied, database):
    with copied.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("DATA", 354)
        ask(copied, "upgrade")
        dialog.send("Subject: over the upgrade\r\n\r\n.\r\n")
        dialog.expect(250)
        assert dialog.reply().code == 421
    assert database.count() == 1


def test_limits_hold_for_both_programs_together(copied):
    copied.set(limits__connections=3)
    ask(copied, "reload")
    held = [copied.dialog() for _ in range(2)]
    for dialog in held:
        dialog.command("MAIL FROM:<me@example.org>", 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.command("DATA", 354)
    ask(copied, "upgrade")
    with copied.dialog():
        Dialog(copied.port, greeting=421).close()
    for dialog in held:
        dialog.send("Subject: held\r\n\r\n.\r\n")
        dialog.expect(250)
        assert dialog.reply().code == 421
    # Those who left in an old worker, or with it, are no longer counted.
    wait_for(lambda: len(copied.workers()) == 2, 10, "the drain")
    with copied.dialog(), copied.dialog(), copied.dialog():
        Dialog(copied.port, greeting=421).close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_right_to_bind_outlives_it(copied):
    copied.stop()
    copied.set(keep_bind_capability=True)
    copied.start()
    ask(copied, "upgrade")
    copied.listeners[f"{LOOPBACK}:988"] = {}
    copied.write_config()
    ask(copied, "reload")
    Dialog(988, host=LOOPBACK).close()


def killer():
    """A program that compiles, and crashes."""
    with open("/bin/sleep", "rb") as file:
        return file.read()


@pytest.mark.parametrize("data", [
    pytest.param(b"no program\n", id="text"),
    pytest.param(b"", id="empty"),
    pytest.param(b"#!/bin/sh\nexit 3\n", id="script"),
    pytest.param(killer(), id="another program"),
])
def test_a_broken_program_changes_nothing(copied, data):
    before = copied.workers()
    install(copied.program, data=data)
    assert "upgrade refused" in ask(copied, "upgrade", code=5)
    os.unlink(copied.program)
    assert "cannot open" in ask(copied, "upgrade", code=5)
    assert copied.workers() == before
    copied.send()
    install(copied.program)
    ask(copied, "upgrade")
    copied.send()


def test_a_broken_configuration_stops_it_in_the_trial(copied):
    before = copied.workers()
    good = dict(copied.settings)
    copied.set(nonsense="1")
    assert "nonsense" in ask(copied, "upgrade", code=5)
    copied.settings = good
    copied.write_config()
    assert copied.workers() == before
    copied.send()


def limit_descriptors(server, most):
    """By the server's own account: root may lack the right."""
    with open(f"/proc/{server.pid}/status", encoding="ascii") as file:
        account = {name: int(number) for name, number in re.findall(
            r"^([UG])id:\t(\d+)", file.read(), re.MULTILINE)}
    subprocess.run(["prlimit", f"--pid={server.pid}", f"--nofile={most}:"],
                   user=account["U"], group=account["G"], extra_groups=[],
                   check=True)


def test_without_descriptors_no_trial_is_begun(copied, database):
    """One is left: for the program's file, and none for the trial's words."""
    used = {int(fd) for fd in os.listdir(f"/proc/{copied.pid}/fd")}
    free = [fd for fd in range(max(used) + 3) if fd not in used]
    limit_descriptors(copied, free[1])
    copied.signal(signal.SIGUSR2)
    copied.await_log("no memory for the trial: Too many open files")
    limit_descriptors(copied, 1000)
    copied.send()
    assert database.count() == 1
    assert "generation 2" in ask(copied, "upgrade")
    assert trial_workers(copied) == 1


def test_a_generation_that_does_not_come_up_is_tried_again(copied, database):
    """Its trial is fine, its workers are killed: the old ones serve on, and
    others are started until they live."""
    old = copied.workers()
    for _ in range(10):
        if give_it_no_chance(copied):
            break
    else:
        pytest.fail("no worker could be killed before it was ready")
    # The answer may be here before the line is.
    copied.await_log("upgrade is not done yet")
    copied.send()
    copied.await_log("upgrade done", 30)
    wait_for(lambda: not set(old) & set(copied.workers()), 10, "the drain")
    ask(copied, "upgrade")
    copied.send()
    assert database.count() == 2


def give_it_no_chance(server):
    """Whether the upgrade failed: a worker of the new generation dies as soon
    as it is seen."""
    old = set(server.workers())
    asking = subprocess.Popen([ORIGINAL, "-c", server.config, "-s", "upgrade"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while asking.poll() is None:
        for pid in set(server.workers()) - old:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    asking.communicate()
    return asking.returncode == 5


def test_signals_during_upgrades_are_not_lost(copied):
    for _ in range(5):
        copied.signal(signal.SIGUSR2)
        copied.signal(signal.SIGHUP)
        copied.signal(signal.SIGUSR1)
    wait_for(lambda: copied.log_lines("upgrade done")
             and copied.log_lines("reload done"), 20, "both")
    copied.send()
    copied.signal(signal.SIGUSR2)
    copied.signal(signal.SIGTERM)
    assert copied.process.wait(15) == 0


def test_no_descriptor_is_left_behind(copied):
    before = settled(copied, 1)
    for number in range(2, 5):
        ask(copied, "upgrade")
        assert settled(copied, number) == before
    with open(f"/proc/{copied.pid}/environ", "rb") as file:
        environment = file.read()
    assert environment.count(b"HANDOVER") <= 1


def settled(server, generation):
    """The descriptors once the generations before are buried: four children
    each, and the janitor of this one has come."""
    wait_for(lambda: len(server.log_lines("process left"))
             >= 4 * (generation - 1) + trial_workers(server), 20, "the drain")
    wait_for(lambda: len(server.children()) == 4, 10, "the janitor")
    return descriptors(server)


def trial_workers(server):
    return len(server.log_lines("was=quitting"))


def descriptors(server):
    folder = f"/proc/{server.pid}/fd"
    names = [os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)]
    return sorted(re.sub(r"\d+", "N", name) for name in names)


@pytest.mark.slow
def test_twenty_upgrades_refuse_nobody(copied, database, load):
    knockers = knock(copied.port, 50)
    with load(copied, sessions=4) as traffic:
        for number in range(20):
            if number == 10:
                install(copied.program, data=b"broken\n")
                ask(copied, "upgrade", code=5)
            install(copied.program)
            ask(copied, "upgrade")
    for knocker in knockers:
        knocker.finish()
    faults = [fault for knocker in knockers for fault in knocker.faults]
    met = sum(knocker.met for knocker in knockers)
    print(f"{met} connections, {len(faults)} faults; {traffic.summary()}")
    assert not faults, faults[:5]
    assert len(copied.log_lines("upgrade done")) == 20
    traffic.check(database)
    Dialog(copied.port).close()
