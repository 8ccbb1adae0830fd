# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the end-to-end tests; tests/README shows their use."""
import itertools
import os
import re
import shutil
import subprocess

import pytest

from support.certificates import Certificate
from support.galera import Cluster
from support.load import Load
from support.mariadb import Database, MariaDB, SCRIPT, TOP
from support.server import PROGRAM, Server, free_port, open_folder
from support.stand_in import StandIn
from support.store_driver import running

NUMBERS = itertools.count(1)


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true",
                     help="run the tests marked slow, and only those")


def pytest_collection_modifyitems(config, items):
    slow = config.getoption("--slow")
    chosen = [item for item in items
              if bool(item.get_closest_marker("slow")) == slow]
    config.hook.pytest_deselected(
        items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.fixture(scope="session")
def mariadb_of_this_run():
    """Started once; removed with its data at the end."""
    server = MariaDB(f"test-{os.getpid()}")
    remove_abandoned(server)
    server.start()
    yield server
    server.remove()


def remove_abandoned(server):
    """Data of runs that were killed before they could clean up."""
    home = os.path.dirname(os.path.dirname(os.path.dirname(server.socket)))
    for name in os.listdir(home) if os.path.isdir(home) else []:
        match = re.fullmatch(r"test-(\d+)", name)
        if match and not os.path.exists(f"/proc/{match[1]}"):
            subprocess.run([SCRIPT, "remove", name], check=False)


@pytest.fixture
def mariadb(mariadb_of_this_run):
    """The private MariaDB, running. A test may kill or pause it."""
    mariadb_of_this_run.start()
    yield mariadb_of_this_run
    mariadb_of_this_run.resume()


@pytest.fixture
def database(mariadb):
    """An empty database with the recommended table."""
    database = Database(mariadb, f"test_{next(NUMBERS)}")
    database.load("etc/schema.sql")
    yield database
    mariadb.resume()
    mariadb.start()
    database.drop()


@pytest.fixture
def stand_in(database):
    """A server that misbehaves, before the database."""
    made = StandIn(database.mariadb.socket)
    yield made
    made.close()


@pytest.fixture
def spool(tmp_path):
    """A folder for spool_dir."""
    folder = tmp_path / "spool"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def store(database, tmp_path, spool):
    """store(retention=3600_000): the store room alone, with a spool."""
    def run(**settings):
        return running(database, tmp_path, **{
            "hold": 200, "spool": 1, "spool_dir": spool, **settings})
    return run


@pytest.fixture(scope="module")
def cluster():
    """Three Galera nodes, for the tests of one file."""
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def start_server(request, database):
    """start_server({'store.hold': 2}): a running server. Those that still
    run at the end of the test must stop cleanly."""
    if not os.path.exists(PROGRAM):
        pytest.fail(f"{PROGRAM} is not built")
    servers = []

    def start(settings=None, wait=True, **options):
        server = Server(database, settings, **options)
        servers.append(server)
        return server.start(wait=wait)

    yield start
    database.mariadb.resume()
    try:
        for server in servers:
            finish(server, request)
    finally:
        for server in servers:
            server.clean_up()


def finish(server, request):
    """The end of a test: the log, where it failed, and a clean stop."""
    report = getattr(request.node, "call_report", None)
    if report and report.failed:
        lines = server.log().splitlines()
        print(f"-- log of the server ({len(lines)} lines, the last 60):")
        print("\n".join(lines[-60:]))
        return
    code = server.stop()
    assert code == 0, f"stopped with {code}:\n{server.log()[-3000:]}"
    assert not server.faults(), "\n".join(server.faults())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.call_report = report


@pytest.fixture
def port():
    """A free one, for status.listen."""
    return free_port()


@pytest.fixture
def watched(start_server, port):
    """A server that answers HTTP there."""
    return start_server({"status.listen": f"127.0.0.1:{port}"})


@pytest.fixture
def server(start_server):
    """The server with the settings of support/server.py."""
    return start_server()


@pytest.fixture
def load():
    """load(server, sessions=8): traffic that keeps account, as a context;
    afterwards .check(database)."""
    return lambda server, **options: Load(server.port, **options)


@pytest.fixture(scope="session")
def top():
    """The top of the source tree."""
    return TOP


@pytest.fixture
def certificate():
    """A self-signed certificate; others may be put into its folder."""
    folder = open_folder()
    yield Certificate(folder, "first")
    shutil.rmtree(folder)
