# SPDX-License-Identifier: GPL-3.0-or-later
"""Who the processes are, what they hold and what they may do, as the kernel
tells it in /proc."""
import json
import os
import pwd
import re
import stat
import subprocess
import tempfile

import pytest

from support.server import child_pids
from support.waiting import wait_for

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file
                    if ":\t" in line)


def lsm():
    try:
        with open("/sys/kernel/security/lsm", encoding="ascii") as file:
            return file.read()
    except OSError:
        return "landlock"


def family(server):
    server.await_log("ready version")
    return [server.pid, *child_pids(server.pid)]


@as_root
def test_nobody_is_root_and_there_is_no_way_back(server):
    nobody = pwd.getpwnam("nobody")
    for pid in family(server):
        now = status(pid)
        assert set(now["Uid"].split()) == {str(nobody.pw_uid)}
        assert set(now["Gid"].split()) == {str(nobody.pw_gid)}
        assert now["Groups"].split() == []
        assert now["NoNewPrivs"] == "1"
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(now[kind], 16) == 0, (pid, kind)


@pytest.mark.parametrize("mode,filtered", [
    ("on", "2"), ("kill", "2"), ("log", "2"), ("off", "0")])
def test_every_child_is_in_its_sandbox(start_server, database, mode, filtered):
    server = start_server({"sandbox": mode})
    server.await_log("ready version")
    wait_for(lambda: [status(pid)["Seccomp"] for pid in server.children()]
             == [filtered] * 4, 10, "all cages")
    assert status(server.pid)["Seccomp"] == "0"
    # Both threads of a worker are in it, and the work goes on.
    for pid in server.workers():
        for thread in os.listdir(f"/proc/{pid}/task"):
            assert status(f"{pid}/task/{thread}")["Seccomp"] == filtered
    server.send()
    assert database.count() == 1


@pytest.mark.skipif("landlock" not in lsm(), reason="no Landlock")
def test_the_log_tells_how_each_process_is_confined(start_server):
    server = start_server({"sandbox": "strict"})
    wait_for(lambda: len(server.log_lines("process is confined")) == 5, 10,
             "master, two workers, janitor and logger")
    for line in server.log_lines("process is confined"):
        told = dict(re.findall(r"(\w+)=(\S+)", line))
        now = status(told["child"])
        assert told["uid"] == now["Uid"].split()[1]
        assert int(told["capabilities"], 16) == int(now["CapPrm"], 16)
        assert told["no_new_privs"] == now["NoNewPrivs"] == "1"
        assert told["seccomp"] == now["Seccomp"]
        if told["role"] != "master":
            assert told["seccomp"] == "2" and int(told["landlock_abi"]) > 0
    assert server.run("-s", "reload").returncode == 0
    server.send()


@as_root
def test_a_sandbox_that_does_not_hold_is_a_start_failure(start_server):
    """Here root's own power; what a kernel lacks is found the same way."""
    server = start_server({"user": "root", "allow_root": True})
    server.set(sandbox="strict")
    done = server.run("-s", "reload")
    assert done.returncode == 5 and "it runs as root" in done.stderr
    server.stop()
    done = server.run()
    assert done.returncode == 3
    for role in ("worker", "janitor", "logger"):
        assert f'sandbox = "strict": {role}: it runs as root' in done.stderr
    server.set(sandbox="on")
    server.start()


def test_a_reconnect_works_in_the_sandbox(start_server, database, mariadb):
    server = start_server({"sandbox": "kill", "store.hold": 20,
                           "store.on_outage": "spool"})
    server.send()
    before = server.workers()
    mariadb.kill()
    mariadb.start()
    server.send()
    database.await_rows(2)
    assert server.workers() == before
    assert not server.log_lines("process died")


def test_a_dead_owner_of_the_spool_is_known_in_the_sandbox(
        start_server, database, mariadb):
    """Its number belongs to another process by now, which is older or
    younger than the owner was: the janitor may store the mail."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as spool:
        os.chmod(spool, 0o777)
        server = start_server({"sandbox": "kill", "store.spool_dir": spool,
                               "store.hold": 1, "store.on_outage": "spool"})
        mariadb.kill()
        server.send()
        server.stop()
        with open(f"{spool}/owner", "w", encoding="ascii") as owner:
            owner.write(f"{os.getpid()} 1\n")
        server.set(store__on_outage="tempfail")
        mariadb.start()
        server.start()
        database.await_rows(1)
        server.stop()


def test_names_are_found_in_the_sandbox(start_server, database):
    """Nobody listens there, but the name has an address (else: 2005), and to
    ask for it was no violation."""
    server = start_server({"sandbox": "kill"})
    server.settings.pop("mysql.socket")
    server.set(mysql__hosts=["localhost:1"], mysql__tls=True)
    assert server.run("-s", "reload").returncode == 0
    server.await_log("error=2002")
    wait_for(lambda: len(server.workers()) == 2, 10, "the drain")
    assert not server.log_lines("process died")
    assert not server.log_lines("error=2005")


def descriptors(pid):
    folder = f"/proc/{pid}/fd"
    return {int(fd): os.readlink(f"{folder}/{fd}")
            for fd in os.listdir(folder)}


def test_no_child_has_what_is_another_ones(server):
    master, *children = family(server)
    channels = {}
    for pid in children:
        for fd, name in descriptors(pid).items():
            assert "/pid" not in name and "/scoreboard" not in name, name
            assert "/control" not in name
            if name.startswith("socket:"):
                channels.setdefault(name, set()).add(pid)
    of_master = set(descriptors(master).values())
    for name, owners in channels.items():
        # Shared are the listener (and with the master) and the log's queue;
        # a channel's far end belongs to one child.
        if len(owners) > 1:
            assert name in of_master, name
    workers = set(server.workers())
    shared = [owners for owners in channels.values() if len(owners) > 1]
    assert workers in shared
    logger, janitor = server.children("logger"), server.children("janitor")
    assert workers | set(janitor) in shared         # the queue's end
    assert not any(set(logger) & owners for owners in shared)


def test_inherited_descriptors_reach_no_child(start_server):
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    server = start_server()
    name = os.readlink(f"/proc/self/fd/{writing}")
    for pid in child_pids(server.pid):
        assert name not in descriptors(pid).values()
    os.close(reading)
    os.close(writing)


def start_with_password(start_server):
    server = start_server()
    server.stop()
    server.set(mysql__password="open sesame")
    os.chmod(server.config, 0o640)
    if os.geteuid() == 0:
        os.chown(server.config, -1, pwd.getpwnam("nobody").pw_gid)
    server.start(wait=False)
    server.await_log("host cannot be used")
    return server


def test_no_secret_is_in_the_arguments(start_server):
    server = start_with_password(start_server)
    for pid in [server.pid, *child_pids(server.pid)]:
        for what in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{what}", "rb") as file:
                assert b"sesame" not in file.read()


def memory_of(pid):
    """What the process holds in writable memory."""
    held = b""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw-p", line)
            if not found:
                continue
            start, end = (int(number, 16) for number in found.groups())
            try:
                memory.seek(start)
                held += memory.read(end - start)
            except (OSError, ValueError):
                pass
    return held


@as_root
def test_the_logger_has_forgotten_the_password(start_server):
    if "checked" in os.environ.get("GUERRILLA_SMTPD", ""):
        pytest.skip("a sanitizer keeps freed memory")
    server = start_with_password(start_server)
    assert b"open sesame" in memory_of(server.children("worker")[0])
    assert b"open sesame" not in memory_of(server.children("logger")[0])


@as_root
def test_what_only_root_can_read_is_a_start_failure(start_server):
    server = start_server()
    server.stop()
    os.chmod(server.config, 0o600)
    done = server.run()
    assert done.returncode == 3
    assert server.config in done.stderr
    assert "chgrp" in done.stderr and "chmod" in done.stderr
    os.chmod(server.config, 0o644)
    server.start()


@as_root
def test_root_stays_root_only_where_allowed(start_server):
    server = start_server()
    server.stop()
    server.set(user="root")
    done = server.run()
    assert done.returncode in (1, 3) and "allow_root" in done.stderr
    server.set(user="root", allow_root=True, run_dir=server.folder + "/r2")
    server.start()
    assert status(server.pid)["Uid"].split()[0] == "0"
    assert status(server.workers()[0])["NoNewPrivs"] == "1"


@as_root
@pytest.mark.parametrize("user", ["no-such-user", "12345678"])
def test_an_unknown_user_is_a_start_failure(start_server, user):
    server = start_server()
    server.stop()
    server.set(user=user)
    done = server.run()
    assert done.returncode in (1, 3) and user in done.stderr
    server.set(user="nobody")
    server.start()


def limits(pid, name):
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        return [line for line in file if line.startswith(name)][0].split()


def test_core_files_only_where_asked(start_server):
    server = start_server()
    assert limits(server.workers()[0], "Max core")[4] == "0"
    server.set(core_dumps=True)
    assert server.run("-s", "reload").returncode == 0
    hard = limits(server.pid, "Max core")[5]
    wait_for(lambda: len(server.workers()) == 2, 10, "the drain")
    assert limits(server.workers()[0], "Max core")[4] == hard


def test_files_for_all_connections(start_server):
    server = start_server({"limits.connections": 5000})
    assert int(limits(server.workers()[0], "Max open files")[3]) >= 5000
    server.stop()
    server.set(limits__connections=4000)
    done = subprocess.run(
        ["setpriv", "--bounding-set", "-sys_resource", "--inh-caps=-all",
         "prlimit", "--nofile=1024:1024", *server.arguments()],
        capture_output=True, text=True, timeout=20, check=False,
        env=server._environment())
    assert done.returncode == 3, done.stderr
    assert "limits.connections = 4000" in done.stderr
    server.start()


@as_root
def test_modes_of_files(server):
    modes = {name: stat.S_IMODE(os.lstat(f"{server.run_dir}/{name}").st_mode)
             for name in os.listdir(server.run_dir)}
    assert modes["pid"] == 0o644
    assert modes["scoreboard"] == 0o640
    assert modes["control"] == 0o600
    assert stat.S_IMODE(os.stat(server.run_dir).st_mode) == 0o755


def test_the_scoreboard_file_is_a_copy_and_cutting_it_harms_nobody(server):
    """What the account can do to the file is undone within a second."""
    scoreboard = f"{server.run_dir}/scoreboard"
    size = os.path.getsize(scoreboard)
    os.truncate(scoreboard, 0)
    wait_for(lambda: os.path.getsize(scoreboard) >= size)
    assert "worker" in server.run("-s", "status").stdout
    os.unlink(scoreboard)
    wait_for(lambda: os.path.exists(scoreboard))
    assert "worker" in server.run("-s", "status").stdout


def mappings(pid, name):
    """Permissions of what a process maps of a memfd."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as lines:
        return [line.split()[1] for line in lines if name in line]


def test_a_process_maps_only_its_own_figures_for_writing(server):
    """One writable piece of the scoreboard each, one region for a worker, and
    nothing of what is not its own; nor a descriptor to map more with."""
    board = json.loads(server.run("-s", "status", "--json").stdout)
    for role, pid in [(p["role"], p["pid"]) for p in board["processes"]
                      if p["role"] != "master"]:
        shared = mappings(pid, "guerrilla-smtpd scoreboard")
        assert shared.count("rw-s") == 1 and shared.count("r--s") >= 1, role
        assert len(shared) <= 3
        counts = mappings(pid, "guerrilla-smtpd connection limits")
        assert counts.count("rw-s") == (role == "worker"), role
        assert counts or role != "worker"
        backlog = mappings(pid, "guerrilla-smtpd backlogs")
        assert backlog == (["rw-s"] if role == "logger" else []), role
        held = [os.readlink(f"/proc/{pid}/fd/{fd}")
                for fd in os.listdir(f"/proc/{pid}/fd")]
        assert not [name for name in held if "memfd:" in name], role


@as_root
def test_a_socket_file_is_the_accounts(start_server):
    path = f"/var/tmp/gsmtpd-socket-{os.getpid()}"
    server = start_server(listeners={"127.0.0.1:PORT": {},
                                     f"unix:{path}": {"mode": "0620"}})
    nobody = pwd.getpwnam("nobody")
    made = os.stat(path)
    assert (made.st_uid, made.st_gid) == (nobody.pw_uid, nobody.pw_gid)
    assert stat.S_IMODE(made.st_mode) == 0o620
    server.stop()
    # Its folder is root's, so it stays; the next one takes it over.
    server.start()
    assert os.stat(path).st_uid == nobody.pw_uid
    server.stop()
    if os.path.exists(path):
        os.unlink(path)


def test_a_second_one_is_refused_by_name_of_the_first(server):
    done = server.run()
    assert done.returncode == 3
    assert f"already running as process {server.pid}" in done.stderr
    server.send()


@as_root
def test_a_child_may_not_command_its_master(server):
    """The control socket is for root and the account, not for strangers."""
    asked = subprocess.run(
        ["setpriv", "--reuid=daemon", "--clear-groups",
         *server.arguments("-s", "stop")],
        capture_output=True, text=True, timeout=20, check=False)
    assert asked.returncode != 0
    assert server.process.poll() is None
