# SPDX-License-Identifier: GPL-3.0-or-later
"""A good citizen: of systemd, of a container, of logrotate, of a shell."""
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from support.server import child_pids, free_port, title
from support.waiting import wait_for


class Manager:
    """systemd's end of NOTIFY_SOCKET."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.socket.settimeout(10)
        self.heard = []

    def await_text(self, text):
        while not any(text in message for message in self.heard):
            self.heard.append(self.socket.recv(4096).decode())
        return [message for message in self.heard if text in message][-1]

    def forget(self):
        self.heard = []


@pytest.fixture
def manager(tmp_path_factory):
    folder = f"/var/tmp/gsmtpd-notify-{os.getpid()}"
    os.makedirs(folder, mode=0o755, exist_ok=True)
    manager = Manager(folder)
    yield manager
    manager.socket.close()
    os.unlink(manager.path)
    os.rmdir(folder)


def test_systemd_is_told(start_server, manager):
    server = start_server(environment={"NOTIFY_SOCKET": manager.path,
                                       "WATCHDOG_USEC": "400000"})
    manager.await_text("READY=1")
    manager.await_text("WATCHDOG=1")
    manager.forget()
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert server.run("-s", "reload").returncode == 0
    reloading = manager.await_text("RELOADING=1")
    stamp = int(reloading.split("MONOTONIC_USEC=")[1].split()[0])
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert before <= stamp <= after
    assert "STATUS=Generation 2" in manager.await_text("READY=1")
    manager.forget()
    good = dict(server.settings)
    server.set(nonsense=1)
    assert server.run("-s", "reload").returncode == 5
    server.settings = good
    server.write_config()
    manager.await_text("RELOADING=1")
    # Without this systemd would wait for ever.
    manager.await_text("READY=1")
    server.stop()
    manager.await_text("STOPPING=1")


def test_the_watchdog_of_a_frozen_master_is_not_fed(start_server, manager):
    server = start_server(environment={"NOTIFY_SOCKET": manager.path,
                                       "WATCHDOG_USEC": "400000"})
    manager.await_text("WATCHDOG=1")
    server.signal(signal.SIGSTOP)
    time.sleep(0.3)
    manager.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        while True:
            manager.socket.recv(4096)
    server.signal(signal.SIGCONT)
    manager.socket.settimeout(10)
    manager.forget()
    manager.await_text("WATCHDOG=1")


ACTIVATE = """
import os, sys
socket_fd = int(sys.argv[1])
os.dup2(socket_fd, 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1",
                  LISTEN_FDNAMES="smtp")
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_sockets_of_systemd_by_name(start_server):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.set_inheritable(True)
        port = listener.getsockname()[1]
        server = start_server()
        server.stop()
        server.listeners = {"fd:smtp": {}, **server.listeners}
        server.write_config()
        with open(server.log_file, "ab") as log:
            server.process = subprocess.Popen(
                ["/usr/bin/python3", "-c", ACTIVATE,
                 str(listener.fileno()), *server.arguments()],
                close_fds=False, stdout=log, stderr=log,
                env=server._environment())
        server.port = port
        wait_for(server.is_ready, 10, "an answer on the inherited socket")
        assert server.run("-s", "reload").returncode == 0
        server.send()
        assert server.run("-s", "upgrade").returncode == 0
        server.send()


def test_a_socket_that_was_not_handed_over(start_server):
    server = start_server()
    server.stop()
    server.listeners = {"fd:smtp": {}}
    server.write_config()
    done = server.run()
    assert done.returncode == 3 and "fd:smtp" in done.stderr
    server.listeners = {f"127.0.0.1:{server.port}": {}}
    server.write_config()
    server.start()


def test_to_the_background_and_ready_when_the_parent_ends(start_server):
    server = start_server()
    server.stop()
    server.set(log__target=os.path.join(server.run_dir, "log"))
    done = server.run("-d")
    assert done.returncode == 0, done.stderr
    try:
        server.send()       # at once: no waiting
        pid = int(open(f"{server.run_dir}/pid", encoding="ascii").read())
        assert title(pid) == "guerrilla-smtpd: master"
        assert os.getsid(pid) == os.getpgid(pid) != os.getsid(0)
        assert os.readlink(f"/proc/{pid}/fd/2") == "/dev/null"
        assert server.run("-d").returncode == 3
        assert server.run("-s", "upgrade").returncode == 0
        server.send()
        assert int(open(f"{server.run_dir}/pid",
                        encoding="ascii").read()) == pid
    finally:
        assert server.run("-s", "stop").returncode == 0
    server.settings.pop("log.target")
    server.write_config()
    server.start()


def test_the_background_warns_where_the_database_is_away(start_server,
                                                         mariadb):
    """The service runs and is ready; the console hears what it lacks."""
    server = start_server()
    server.stop()
    server.set(log__target=os.path.join(server.run_dir, "log"))
    mariadb.kill()
    for is_there in (False, True):
        if is_there:
            mariadb.start()
        done = server.run("-d")
        assert done.returncode == 0, done.stderr
        warned = "the database cannot be reached: " in done.stderr
        assert warned is not is_there, done.stderr
        assert server.run("-s", "stop").returncode == 0
    server.settings.pop("log.target")
    server.write_config()
    server.start()


def test_what_all_workers_find_is_told_once(server):
    """At a start and at each reload: one worker says it, for the others it is
    debug; and the listeners stand in the line that says ready."""
    def told(text):
        return [line.split()[1] for line in server.log_lines(text)]

    server.await_log("ready version")
    assert f'addresses=127.0.0.1:{server.port}' in \
        server.log_lines("ready version")[0]
    for generation in (1, 2):
        for text in ("database is there", "largest message"):
            wait_for(lambda: len(told(text)) == 2 * generation, 10, text)
            assert sorted(told(text)) == sorted(
                ["info", "debug"] * generation)
        if generation == 1:
            assert server.run("-s", "reload").returncode == 0


def test_a_failure_in_the_background_is_told(start_server):
    server = start_server()
    server.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        done = server.run("-d")
        assert done.returncode == 3
        assert "another program listens there" in done.stderr
    server.start()


needs_namespaces = pytest.mark.skipif(
    subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"],
                   stderr=subprocess.DEVNULL, check=False).returncode != 0,
    reason="needs a namespace of processes")


@needs_namespaces
def test_as_process_1_it_reaps_orphans(start_server):
    """unshare makes it process 1; an orphan of a shell is its to bury."""
    server = start_server()
    server.stop()
    with open(server.log_file, "ab") as log:
        server.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
             *server.arguments()], stdout=log, stderr=log,
            env=server._environment())
    wait_for(server.is_ready, 10, "an answer")
    outer = wait_for(lambda: child_pids(server.process.pid), 5, "it")[0]
    subprocess.run(
        ["nsenter", "-t", str(outer), "-p", "-r", "-w", "/bin/sh", "-c",
         "(sleep 0.2 &) ; exit 0"], check=False, timeout=10)
    time.sleep(0.6)
    for pid in child_pids(outer):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            assert file.read().rsplit(")", 1)[1].split()[0] != "Z"
    server.send()
    os.kill(outer, signal.SIGTERM)
    assert server.process.wait(10) == 0
    server.start()


def log_to_file(start_server, **more):
    server = start_server()
    folder = os.path.join(server.folder, "logs")
    os.mkdir(folder)
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    path = os.path.join(folder, "log")
    server.set(log__target=path, **more)
    assert server.run("-s", "reload").returncode == 0
    return server, path


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("by", ["signal", "verb"])
def test_logs_are_rotated(start_server, by):
    server, path = log_to_file(start_server)
    first = server.send()
    wait_for(lambda: first in read(path), 10, "the first mail")
    os.rename(path, path + ".1")
    if by == "signal":
        server.signal(signal.SIGUSR1)
    else:
        assert server.run("-s", "reopen").returncode == 0
    wait_for(lambda: os.path.exists(path), 10, "a new file")
    second = server.send()
    wait_for(lambda: second in read(path), 10, "the second mail")
    assert second not in read(path + ".1") and first not in read(path)
    # A logger that is started later finds the new file, not the old one.
    os.kill(server.children("logger")[0], signal.SIGKILL)
    third = server.send()
    wait_for(lambda: third in read(path), 10, "the third mail")


def test_a_log_that_cannot_be_opened_again_is_kept(start_server):
    server, path = log_to_file(start_server)
    os.rename(path, path + ".1")
    os.mkdir(path)
    done = server.run("-s", "reopen")
    assert done.returncode == 5 and "the old one is kept" in (
        done.stdout + done.stderr)
    mail = server.send()
    wait_for(lambda: mail in read(path + ".1"), 10, "the mail")
    assert "cannot be opened again" in read(path + ".1")
    os.rmdir(path)


def test_lines_of_json(start_server):
    server, path = log_to_file(start_server, log__format="json",
                               log__level="debug")
    with server.dialog() as dialog:
        dialog.command('MAIL FROM:<"a\\"b"@example.org>', 250)
        dialog.command("RCPT TO:<you@example.com>", 250)
        mail_id = dialog.data("Subject: x\r\n\r\n").id
    wait_for(lambda: mail_id in read(path), 10, "the mail")
    # Of the generation before there may still be lines of text.
    events = [json.loads(line) for line in read(path).splitlines()
              if line.startswith("{")]
    mail = [event for event in events if event.get("id") == mail_id][0]
    assert mail["from"] == '"a\\"b"@example.org'
    assert {"time", "level", "process", "pid", "event"} <= set(mail)


def test_a_stuck_log_stops_nobody(start_server, database):
    """Standard error is a pipe that nobody reads."""
    server = start_server()
    server.stop()
    reading, writing = os.pipe()
    server.process = subprocess.Popen(server.arguments(), stderr=writing,
                                      stdout=writing,
                                      env=server._environment())
    os.close(writing)
    wait_for(server.is_ready, 10, "an answer")
    for _ in range(400):
        server.send()
    assert database.count() >= 400
    done = server.run("-s", "status", "--json")
    assert done.returncode == 0
    server.signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    os.close(reading)
    server.start()


def test_standard_error_keeps_its_flags(start_server):
    server = start_server()
    server.stop()
    reading, writing = os.pipe()
    server.process = subprocess.Popen(server.arguments(), stderr=writing,
                                      env=server._environment())
    wait_for(server.is_ready, 10, "an answer")
    assert os.get_blocking(writing)
    server.signal(signal.SIGTERM)
    server.process.wait(10)
    os.close(writing)
    os.close(reading)
    server.start()


def test_started_without_root(start_server):
    server = start_server()
    server.stop()
    if os.geteuid() != 0:
        server.start()
        return
    work = f"/var/tmp/gsmtpd-plain-{os.getpid()}"
    os.mkdir(work)
    os.chown(work, 65534, 65534)
    server.set(run_dir=work + "/run", store__spool_dir=work + "/spool")
    server.port = free_port()
    server.listeners = {f"127.0.0.1:{server.port}": {}}
    server.write_config()
    with open(server.log_file, "ab") as log:
        server.process = subprocess.Popen(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             *server.arguments()], stdout=log, stderr=log,
            env=server._environment())
    wait_for(server.is_ready, 10, "an answer")
    with open(f"/proc/{server.pid}/status", encoding="ascii") as file:
        assert "Uid:\t65534\t65534\t65534\t65534" in file.read()
    server.send()
    assert server.stop() == 0
    subprocess.run(["rm", "-rf", work], check=True)
    server.set(run_dir=server.folder + "/run2")
    server.start()
