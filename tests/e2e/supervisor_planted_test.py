# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service's account plants where root will start: links, other names
of root's files, fifos and folders lead to nothing that is root's."""
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile

import pytest

from support.server import FRAGILE
from support.waiting import wait_for

from worker_poison_test import poison, send_and_die

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def roots():
    """A folder of root's, where nothing may come to be."""
    folder = tempfile.mkdtemp(prefix="gsmtpd-roots-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def accounts():
    """A folder that the account may do anything in."""
    folder = tempfile.mkdtemp(prefix="gsmtpd-account-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def stopped(start_server):
    server = start_server()
    server.stop()
    yield server
    server.write_config()


def refused(server, *words):
    done = server.run(timeout=30)
    assert done.returncode == 3, done.stderr
    for word in words:
        assert word in done.stderr
    return done.stderr


def plant(what, path, roots):
    """Puts it under the name; the file of root's that it would lead to."""
    victim = os.path.join(roots, "victim")
    if what == "link":
        os.symlink(victim, path)
        return victim
    if what == "other name":
        with open(victim, "w", encoding="ascii"):
            pass
        os.link(victim, path)
        return victim
    if what == "fifo":
        os.mkfifo(path)
    else:
        os.mkdir(path)
    os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    return None


@pytest.mark.parametrize("what", ["link", "other name", "fifo", "folder"])
@pytest.mark.parametrize("key", ["log__target", "pid_file"])
def test_a_file_that_is_planted(stopped, roots, accounts, key, what):
    path = os.path.join(accounts, "planted")
    victim = plant(what, path, roots)
    stopped.set(**{key: path})
    if key == "pid_file" and what == "other name":
        # Nobody lives behind it: the account takes the name away.
        stopped.start()
        stopped.stop()
    else:
        assert path in refused(stopped)
    if what == "link":
        assert not os.path.exists(victim)
    elif victim:
        assert os.stat(victim).st_uid == 0
        assert os.stat(victim).st_size == 0
    stopped.set(**{key: os.path.join(stopped.folder, "mine")})
    stopped.start()


@pytest.mark.parametrize("key", ["log__target", "pid_file"])
def test_a_folder_that_is_planted(stopped, roots, accounts, key):
    """The last name is fine, the one before it is the account's link."""
    os.symlink(roots, os.path.join(accounts, "folder"))
    stopped.set(**{key: os.path.join(accounts, "folder", "file")})
    refused(stopped, "Permission denied")
    assert os.listdir(roots) == []
    stopped.set(**{key: os.path.join(stopped.folder, "mine")})
    stopped.start()


@pytest.mark.parametrize("last", ["", "/below"])
@pytest.mark.parametrize("key", ["run_dir", "store__spool_dir"])
def test_a_directory_that_is_planted(stopped, roots, accounts, key, last):
    before = stopped.settings[key.replace("__", ".")]
    os.symlink(roots, os.path.join(accounts, "planted"))
    stopped.set(**{key: os.path.join(accounts, "planted") + last,
                   "store__on_outage": "spool"})
    refused(stopped)
    assert os.listdir(roots) == []
    assert os.stat(roots).st_uid == 0
    stopped.set(**{key: before})
    stopped.start()


def test_a_socket_in_a_planted_folder(stopped, roots, accounts):
    os.symlink(roots, os.path.join(accounts, "folder"))
    stopped.listeners[f"unix:{accounts}/folder/smtp"] = {}
    stopped.write_config()
    refused(stopped, "not permitted")
    assert os.listdir(roots) == []
    del stopped.listeners[f"unix:{accounts}/folder/smtp"]
    stopped.listeners[f"unix:{accounts}/smtp"] = {"mode": "0600"}
    stopped.write_config()
    stopped.start()
    made = os.lstat(f"{accounts}/smtp")
    assert stat.S_ISSOCK(made.st_mode) and made.st_uid == NOBODY.pw_uid


@pytest.mark.parametrize("link", [False, True])
def test_a_log_in_a_folder_of_roots_is_made_and_given_away(stopped, roots,
                                                           link):
    """Also over a link that root made."""
    folder = os.path.join(roots, "logs")
    os.mkdir(folder)
    if link:
        os.symlink(folder, os.path.join(roots, "link"))
    stopped.set(log__target=f"{roots}/{'link' if link else 'logs'}/log")
    stopped.start()
    assert os.stat(f"{folder}/log").st_uid == NOBODY.pw_uid
    assert stat.S_IMODE(os.stat(f"{folder}/log").st_mode) == 0o640


def test_a_log_that_is_roots_stays_roots(stopped, roots):
    path = os.path.join(roots, "log")
    with open(path, "w", encoding="ascii"):
        pass
    stopped.set(log__target=path)
    stopped.start()
    assert os.stat(path).st_uid == 0
    wait_for(lambda: os.path.getsize(path) > 0, 10, "lines")


def test_a_log_in_a_folder_of_the_accounts(stopped, accounts):
    path = os.path.join(accounts, "log")
    stopped.set(log__target=path)
    stopped.start()
    assert os.stat(path).st_uid == NOBODY.pw_uid


def test_a_link_in_the_place_of_a_rotated_log(stopped, roots, accounts):
    path = os.path.join(accounts, "log")
    stopped.set(log__target=path)
    stopped.start()
    os.rename(path, path + ".1")
    os.symlink(os.path.join(roots, "victim"), path)
    assert stopped.run("-s", "reopen").returncode == 5
    assert "it is a link" in stopped.run("-s", "reload").stderr
    assert os.listdir(roots) == []
    os.unlink(path)
    assert stopped.run("-s", "reopen").returncode == 0


# ---- run_dir ------------------------------------------------------------------


def test_a_run_dir_of_the_account_before_is_taken_over(stopped):
    daemon = pwd.getpwnam("daemon")
    for path in (stopped.run_dir, f"{stopped.run_dir}/pid"):
        os.chown(path, daemon.pw_uid, daemon.pw_gid)
    stopped.start()
    assert os.stat(stopped.run_dir).st_uid == NOBODY.pw_uid
    assert stopped.run("-s", "status").returncode == 0


def test_a_run_dir_with_files_of_others_is_not(stopped):
    daemon = pwd.getpwnam("daemon")
    foreign = os.path.join(stopped.run_dir, "foreign")
    with open(foreign, "w", encoding="ascii"):
        pass
    os.chown(stopped.run_dir, daemon.pw_uid, daemon.pw_gid)
    os.chown(f"{stopped.run_dir}/pid", daemon.pw_uid, daemon.pw_gid)
    refused(stopped, stopped.run_dir)
    assert os.stat(stopped.run_dir).st_uid == daemon.pw_uid
    os.unlink(foreign)
    stopped.start()


# ---- The control socket ---------------------------------------------------------


def as_nobody(server, *command):
    return subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup",
                           "--clear-groups", *command], check=False,
                          capture_output=True, text=True, timeout=30)


def test_the_account_does_not_reach_the_control_socket(server):
    made = os.lstat(f"{server.run_dir}/control")
    assert made.st_uid == 0 and stat.S_IMODE(made.st_mode) == 0o600
    done = as_nobody(server, *server.arguments("-s", "stop"))
    assert done.returncode == 5 and "Permission denied" in done.stderr
    server.send()
    assert server.run("-s", "reload").returncode == 0


def test_the_account_is_not_heard_either(server):
    """Not even where the file lets it through, and after an upgrade."""
    for verb in ("reopen", "upgrade"):
        os.chmod(f"{server.run_dir}/control", 0o666)
        done = as_nobody(server, *server.arguments("-s", "stop"))
        assert done.returncode == 5, done.stdout
        server.send()
        assert server.run("-s", verb).returncode == 0


def give_away(server):
    """The server as one that was never root."""
    for folder, _, files in os.walk(server.folder):
        for name in [folder, *(os.path.join(folder, name) for name in files)]:
            os.chown(name, NOBODY.pw_uid, NOBODY.pw_gid)
    plain = server.arguments
    server.arguments = lambda *more: [
        "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
        *plain(*more)]


def is_dead(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_a_worker_cannot_stop_the_service_and_die(start_server, user):
    """Its requests are in the queue and it is gone when the master looks."""
    server = start_server(program=FRAGILE)
    if user == "nobody":
        server.stop()
        give_away(server)
        server.start()
    workers = server.workers()
    server.signal(signal.SIGSTOP)
    try:
        send_and_die(server, poison(f"kill {server.run_dir}/control"))
        wait_for(lambda: any(is_dead(pid) for pid in workers), 10, "the end")
    finally:
        server.signal(signal.SIGCONT)
    server.await_log("process died")
    server.send()
    assert not server.log_lines("asked through the control socket")
    assert server.run("-s", "reload").returncode == 0


# ---- The account and the configuration ----------------------------------------------


def test_a_shared_account_is_warned_of(server):
    assert len(server.log_lines("an account that other daemons share")) == 1
    assert "other daemons share" in server.run("-t").stderr
    server.stop()
    server.set(user="daemon")
    assert "other daemons share" not in server.run("-t").stderr


def test_a_configuration_that_the_account_can_write(server):
    part = os.path.join(server.folder, "part.conf")
    with open(part, "w", encoding="ascii") as file:
        file.write("workers = 2\n")
    os.chown(part, NOBODY.pw_uid, -1)
    server.settings.pop("workers")
    server.extra = f'include("{part}")\n'
    server.write_config()
    done = server.run("-t")
    assert done.returncode == 0 and f"nobody can write {part}" in done.stderr
    # Then it must not be able to say that we stay root.
    server.stop()
    server.set(user="root", allow_root=True, run_dir=server.folder + "/r2")
    refused(server, part, "allow_root does not count")
    os.chown(part, 0, -1)
    server.start()
