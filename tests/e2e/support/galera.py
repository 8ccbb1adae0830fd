# SPDX-License-Identifier: GPL-3.0-or-later
"""A Galera cluster of three nodes on loopback. The scripts by which a node is
brought up to date are in a package that would start a service: they are
unpacked from it, without being installed."""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

import pymysql

from support.mariadb import TOP
from support.relays import unpack
from support.server import free_port
from support.waiting import wait_for

PROVIDER = "/usr/lib/galera/libgalera_smm.so"
MARIADBD = shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")


def unprivileged():
    """Whom mariadbd becomes; its core package alone makes no account."""
    try:
        return pwd.getpwnam("mysql")
    except KeyError:
        return pwd.getpwnam("daemon")


class Node:
    def __init__(self, cluster, number):
        self.cluster = cluster
        self.folder = os.path.join(cluster.folder, str(number))
        self.name = f"n{number}"
        self.port = free_port()
        self.group, self.ist, self.sst = (free_port() for _ in range(3))
        self.process = None

    @property
    def socket(self):
        return self.folder + ".s"

    def start(self, *more):
        peers = ",".join(f"127.0.0.1:{n.group}" for n in self.cluster.nodes)
        with open(self.folder + ".log", "ab") as log:
            self.process = subprocess.Popen(
                [MARIADBD, "--no-defaults", f"--datadir={self.folder}",
                 f"--socket={self.socket}", "--bind-address=127.0.0.1",
                 f"--port={self.port}", *self.cluster.account,
                 f"--pid-file={self.folder}.pid", "--binlog-format=ROW",
                 "--innodb-autoinc-lock-mode=2", "--wsrep-on=ON",
                 "--innodb-buffer-pool-size=64M",
                 f"--wsrep-provider={PROVIDER}", "--wsrep-cluster-name=test",
                 f"--wsrep-cluster-address=gcomm://{peers}",
                 f"--wsrep-node-address=127.0.0.1:{self.group}",
                 f"--wsrep-node-name={self.name}", "--wsrep-sst-method=rsync",
                 f"--wsrep-sst-receive-address=127.0.0.1:{self.sst}",
                 "--wsrep-provider-options="
                 f"base_port={self.group};"
                 f"gmcast.listen_addr=tcp://127.0.0.1:{self.group};"
                 f"ist.recv_addr=127.0.0.1:{self.ist};gcache.size=32M", *more],
                stdout=log, stderr=log, start_new_session=True,
                env=self.cluster.environment)
        wait_for(self.is_synced, 60, f"{self.name} to be synced")

    def is_synced(self):
        if self.process.poll() is not None:
            with open(self.folder + ".log", encoding="utf-8",
                      errors="replace") as log:
                raise AssertionError(f"{self.name} ended:\n"
                                     + log.read()[-4000:])
        try:
            return self.status("wsrep_ready") == "ON"
        except pymysql.Error:
            return False

    def status(self, name):
        return self.query(f"SHOW STATUS LIKE '{name}'")[0][1]

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait()

    def kill(self):
        self.end(signal.SIGKILL)

    def query(self, sql, database=None, **options):
        connection = pymysql.connect(unix_socket=self.socket, user="root",
                                     database=database, autocommit=True,
                                     **options)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()


class Table:
    """The table as one node has it once it has caught up; for
    Load.check()."""
    table = "new_mail"

    def __init__(self, node):
        self.node = node

    def query(self, sql):
        return self.node.query(
            sql, "mail", init_command="SET SESSION wsrep_sync_wait = 1",
            charset="utf8mb4", cursorclass=pymysql.cursors.DictCursor)


class Cluster:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gsmtpd-galera-",
                                       dir="/var/tmp")
        unpack(["mariadb-server"], f"{self.folder}/package")
        self.environment = {
            "PATH": f"{self.folder}/package/usr/bin:{os.environ['PATH']}"
                    ":/usr/sbin:/sbin"}
        self.account = []
        if os.geteuid() == 0:
            own = unprivileged()
            self.account = [f"--user={own.pw_name}"]
            os.chown(self.folder, own.pw_uid, own.pw_gid)
        self.nodes = []
        self.nodes += [Node(self, n) for n in (1, 2, 3)]

    def start(self):
        for node in self.nodes:
            subprocess.run(
                ["mariadb-install-db", "--no-defaults", *self.account,
                 f"--datadir={node.folder}",
                 "--auth-root-authentication-method=normal"],
                check=True, stdout=subprocess.DEVNULL)
        first, *others = self.nodes
        first.start("--wsrep-new-cluster")
        first.query("CREATE USER guerrilla@localhost")
        first.query("GRANT ALL ON *.* TO guerrilla@localhost")
        first.query("CREATE DATABASE mail")
        for node in others:
            node.start()

    def make_table(self):
        """An empty one."""
        self.nodes[0].query("DROP TABLE IF EXISTS mail.new_mail")
        self.load("etc/schema.sql")

    def load(self, path):
        with open(os.path.join(TOP, path), "rb") as sql:
            subprocess.run(["mariadb", "--no-defaults", "-S",
                            self.nodes[0].socket, "-u", "root", "mail"],
                           stdin=sql, check=True)

    def close(self):
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
