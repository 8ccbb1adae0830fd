# SPDX-License-Identifier: GPL-3.0-or-later
"""The private MariaDB of a test run, and one database in it for each test."""
import os
import signal
import subprocess

import pymysql
from pymysql.constants import CLIENT

from support.waiting import wait_for

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
SCRIPT = os.path.join(TOP, "scripts/private-mariadb")


class MariaDB:
    """Starts, stops, kills and pauses the server. Tests may do any of it:
    the next test finds it running again."""

    def __init__(self, name, *options):
        self.name = name
        self.options = options
        self.socket = self._run("socket")
        self.data = os.path.join(self._run("folder"), "data")

    def _run(self, action, *arguments):
        done = subprocess.run([SCRIPT, action, self.name, *arguments],
                              check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def start(self):
        if not self.pid():
            self._run("start", *self.options)

    def stop(self):
        self._run("stop")

    def kill(self):
        """As a power cut would."""
        self._run("kill")

    def remove(self):
        self.resume()
        self._run("remove")

    def pid(self):
        """0 while it does not run. Asked for by every test: as the script
        finds it, without its dozen of processes."""
        try:
            with open(f"{self.data}/pid", encoding="ascii") as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                is_ours = f"--datadir={self.data}".encode() in \
                    file.read().split(b"\0")
            return pid if is_ours else 0
        except (OSError, ValueError):
            return 0

    def pause(self):
        """Freezes it: clients see a server that does not answer."""
        os.kill(self.pid(), signal.SIGSTOP)

    def resume(self):
        if self.pid():
            os.kill(self.pid(), signal.SIGCONT)

    def connect(self, database=None, **options):
        """A pymysql connection, as root."""
        return pymysql.connect(
            unix_socket=self.socket, user="root", database=database,
            autocommit=True, charset="utf8mb4",
            cursorclass=pymysql.cursors.DictCursor, **options)

    def query(self, sql, arguments=None, database=None):
        """The rows, as dictionaries."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, arguments)
                return list(cursor.fetchall())
        finally:
            connection.close()


class Database:
    """A database of one test's own, with the recommended table."""

    def __init__(self, mariadb, name):
        self.mariadb = mariadb
        self.name = name
        self.table = "new_mail"
        self.query_server(f"DROP DATABASE IF EXISTS {name}")
        self.query_server(f"CREATE DATABASE {name}")

    def load(self, file):
        """Runs a file of SQL, by its path from the top of the tree."""
        with open(os.path.join(TOP, file), encoding="utf-8") as sql:
            connection = self.mariadb.connect(
                self.name, client_flag=CLIENT.MULTI_STATEMENTS)
            with connection, connection.cursor() as cursor:
                cursor.execute(sql.read())
                while cursor.nextset():
                    pass

    def query_server(self, sql, arguments=None):
        return self.mariadb.query(sql, arguments)

    def query(self, sql, arguments=None):
        return self.mariadb.query(sql, arguments, self.name)

    def rows(self, where="1", arguments=None, columns="*"):
        """Rows of the table, oldest first."""
        return self.query(f"SELECT {columns} FROM `{self.table}` "
                          f"WHERE {where} ORDER BY `hash`", arguments)

    def row(self, where="1", arguments=None):
        """The one row there is."""
        rows = self.rows(where, arguments)
        assert len(rows) == 1, f"{len(rows)} rows where {where}"
        return rows[0]

    def count(self):
        return self.query(f"SELECT COUNT(*) AS n FROM `{self.table}`")[0]["n"]

    def await_rows(self, count, seconds=10):
        wait_for(lambda: self.count() >= count, seconds, f"{count} rows")
        return self.rows()

    def drop(self):
        self.query_server(f"DROP DATABASE IF EXISTS {self.name}")
