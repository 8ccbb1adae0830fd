# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandboxes of a running service: nothing gets out, they say what holds,
and secrets are where they are needed and nowhere else."""
import json
import os
import re
import shutil
import subprocess
import tempfile

import pytest

from support.mariadb import TOP
from support.memory import holds
from support.server import Server
from support.waiting import wait_for

INTRUDER = f"{TOP}/build/release/intruder"
LANDLOCK_NET = 4        # the version that walls TCP ports


def kernel_has():
    """Landlock's version in this kernel, by its system call."""
    code = ("import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))")
    out = subprocess.run(["python3", "-c", code], capture_output=True, text=True,
                         check=True).stdout
    return max(0, int(out))


def test_no_attempt_gets_out_of_any_process():
    """With each Landlock there has been: what only a later one walls is known
    by name, all else is stopped."""
    done = subprocess.run(
        [f"{TOP}/scripts/try-sandbox", "--landlock=0", "--landlock=1",
         "--landlock=2", "--landlock=4"], capture_output=True, text=True,
        timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tables = done.stdout.split("\nLandlock: ")[1:]
    assert len(tables) == 5
    for table in tables:
        rows = table.splitlines()[1:]
        assert len(rows) > 50 and "not tried" not in table
    if kernel_has() >= LANDLOCK_NET:
        assert "OUT" not in tables[0] and "OUT" not in tables[4]


def test_each_process_tells_what_holds_it(server):
    """In -s status, as the kernel sees it."""
    server.await_log("ready version")
    board = json.loads(server.run("-s", "status", "--json").stdout)
    children = [p for p in board["processes"] if p["role"] != "master"]
    assert {p["role"] for p in children} >= {"worker", "janitor", "logger"}
    by_role = {}
    for process in children:
        held = process["sandbox"]
        with open(f"/proc/{process['pid']}/status", encoding="ascii") as file:
            seen = dict(re.findall(r"(\w+):\t(\S+)", file.read()))
        assert held["uid"] == int(seen["Uid"]) != 0
        assert int(held["capabilities"], 16) == 0
        assert held["no_new_privs"] and seen["NoNewPrivs"] == "1"
        assert held["seccomp_instructions"] > 100 and seen["Seccomp"] == "2"
        assert held["landlock"] == kernel_has()
        by_role.setdefault(process["role"], set()).add(held["seccomp_hash"])
    # One filter a role, and no two roles the same.
    assert all(len(hashes) == 1 for hashes in by_role.values())
    assert len(set.union(*by_role.values())) == len(by_role)
    wide = server.run("-s", "status", "--wide").stdout
    for process in children:
        held = process["sandbox"]
        name = f"{held['seccomp_hash']}/{held['seccomp_instructions']}"
        assert f"seccomp {name}, landlock" in wide
        line, = (text for text in server.log_lines("process is confined")
                 if f" child={process['pid']} " in text)
        assert (f"instructions={held['seccomp_instructions']} "
                f"hash={held['seccomp_hash']}") in line


def test_a_kernel_without_landlock_is_not_accepted_in_silence(start_server):
    server = start_server(program=INTRUDER,
                          environment={"GUERRILLA_LANDLOCK": "0"})
    server.await_log("the sandbox has a gap: this kernel has no Landlock")


@pytest.mark.parametrize("landlock,sentence", [
    ("0", "no wall before the files"), ("2", "no wall before TCP ports")])
def test_strict_does_not_start_where_something_is_missing(
        database, landlock, sentence):
    server = Server(database, {"sandbox": "strict"}, program=INTRUDER,
                    environment={"GUERRILLA_LANDLOCK": landlock})
    server.start(wait=False)
    try:
        assert server.process.wait(30) == 3
        assert 'sandbox = "strict": worker: ' in server.log()
        assert sentence in server.log()
    finally:
        server.clean_up()


@pytest.mark.skipif(kernel_has() < LANDLOCK_NET, reason="needs Landlock 4")
def test_strict_serves_where_all_is_there(start_server, database):
    server = start_server({"sandbox": "strict"})
    server.send()
    assert database.count() == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="reads others' memory")
def test_the_password_is_only_with_those_who_use_it(start_server, certificate):
    secret = "Xq7-kept-from-the-logger-v2"
    with tempfile.NamedTemporaryFile("w", dir="/var/tmp") as file:
        file.write(secret + "\n")
        file.flush()
        os.chmod(file.name, 0o400)
        shutil.chown(file.name, "nobody")
        server = start_server(certificate.settings(
            **{"mysql.password_file": file.name}))
        server.await_log("ready version")
        server.await_log("process is confined role=logger")
        assert all(holds(pid, secret.encode()) for pid in server.workers())
        for role in "logger", "signer":
            pid, = server.children(role)
            assert not holds(pid, secret.encode()), role
        server.stop()
