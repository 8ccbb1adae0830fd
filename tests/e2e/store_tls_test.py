# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS to the database: the right authority is believed, no other is, and
a sandboxed worker finds its way back after the connection is lost; by a name
that another process looks up."""
import os
import shutil
import signal
import subprocess

import pytest

from support.certificates import Certificate
from support.dialog import Dialog
from support.mariadb import Database, MariaDB
from support.server import PROGRAM, free_port, open_folder
from support.waiting import wait_for


class Desk:
    """A MariaDB on TCP that guerrilla may use over TLS alone."""

    def __init__(self):
        self.folder = open_folder()
        # Each is for 127.0.0.1 too.
        self.own = Certificate(self.folder, "own", ["db.example.com"])
        self.other = Certificate(self.folder, "other", ["db.example.com"])
        # mariadbd reads its key as an account of its own.
        os.chmod(self.own.key, 0o644)
        self.port = free_port()
        self.mariadb = MariaDB(
            f"tls-{os.getpid()}", "--skip-networking=0",
            "--bind-address=127.0.0.1", f"--port={self.port}",
            f"--ssl-cert={self.own.file}", f"--ssl-key={self.own.key}")
        self.mariadb.start()
        self.mariadb.query("ALTER USER guerrilla@localhost REQUIRE SSL")
        self.database = Database(self.mariadb, "test_tls")
        self.database.load("etc/schema.sql")

    def settings(self, authority, host="127.0.0.1", **more):
        return {"mysql.socket": "", "mysql.user": "guerrilla",
                "mysql.database": self.database.name,
                "mysql.hosts": [f"{host}:{self.port}"],
                "mysql.tls": True, "mysql.tls_ca": authority.file,
                "workers": 1, **more}

    def close(self):
        self.mariadb.remove()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def desk():
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture
def start(start_server, desk):
    desk.mariadb.start()
    desk.database.query("TRUNCATE new_mail")
    return start_server


def test_the_right_authority_is_believed_and_found_again(start, desk):
    server = start(desk.settings(desk.own))
    server.send()
    desk.mariadb.kill()
    desk.mariadb.start()
    # The sandbox lets nobody in but to read the authority again.
    wait_for(lambda: greets(server), 20, "220")
    server.send()
    assert desk.database.count() == 2


def greets(server):
    with Dialog(server.port, greeting=None) as dialog:
        return dialog.reply().code == 220


def refused(server):
    """The line that says why the database cannot be used."""
    with Dialog(server.port, greeting=None) as dialog:
        assert dialog.reply().code == 421
    server.await_log("database host cannot be used")
    return server.log_lines("database host cannot be used")[0]


def test_another_authority_is_not_believed(start, desk):
    server = start(desk.settings(desk.other))
    assert "certificate" in refused(server).lower()
    assert desk.database.count() == 0


def test_a_certificate_of_another_name_is_not_believed(start, desk):
    server = start(desk.settings(desk.own, "localhost"))
    assert "certificate" in refused(server).lower()
    assert desk.database.count() == 0


def test_a_server_without_tls_is_not_spoken_to(start_server, desk):
    server = start_server({"mysql.tls": True,
                           "mysql.tls_ca": desk.own.file})
    assert "does not support" in refused(server)


class Names:
    """/etc/hosts as the program sees it: its own, in a namespace of mounts."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "hosts")
        self.program = os.path.join(folder, "with-names")
        self.say("127.0.0.1 localhost\n")
        with open(self.program, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n"
                       f"exec unshare -m sh -c 'mount --bind {self.path} "
                       f"/etc/hosts && exec {PROGRAM} \"$@\"' sh \"$@\"\n")
        os.chmod(self.program, 0o755)

    def say(self, text):
        """In place: the file stays the one that the sandbox knows."""
        with open(self.path, "w", encoding="ascii") as file:
            file.write(text)


def may_mount():
    """Not as a user, and not in a root that is no mount of its own."""
    done = subprocess.run(["unshare", "-m", "true"], check=False,
                          stderr=subprocess.DEVNULL)
    return done.returncode == 0


@pytest.mark.skipif(not may_mount(), reason="no mounts of its own here")
def test_a_name_is_looked_up_by_a_process_that_does_nothing_else(start, desk):
    """The certificate is still checked against the name."""
    names = Names(desk.folder)
    names.say("127.0.0.9 db.example.com\n")
    settings = desk.settings(desk.own, host="db.example.com",
                             **{"store.hold": 1})
    server = start(settings, program=names.program)
    assert len(server.children("resolver")) == 1
    server.await_log("the name of a database host was looked up "
                     "host=db.example.com addresses=127.0.0.9")
    assert not greets(server)
    names.say("127.0.0.1 db.example.com\n")
    wait_for(lambda: greets(server), 40, "220 at the new address")
    server.send()
    # What was found counts while there is no answer, and for a new worker.
    names.say("127.0.0.1 localhost\n")
    server.await_log("the name of a database host is not found", 40)
    desk.mariadb.kill()
    desk.mariadb.start()
    for pid in server.workers() + server.children("resolver"):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: server.children("resolver") and server.workers(), 20,
             "successors")
    wait_for(lambda: greets(server), 40, "220 without a name")
    server.send()
    assert desk.database.count() == 2


def test_addresses_need_no_resolver(start, desk):
    assert not start(desk.settings(desk.own)).children("resolver")
