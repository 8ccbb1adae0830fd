# SPDX-License-Identifier: GPL-3.0-or-later
"""Three Galera nodes: the one that is written dies, two of three die and
come back; no row is lost and none is there twice."""
import collections
import threading
import time
import types

import pytest

from support.store_driver import Driver, running
from support.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def table(cluster):
    cluster.make_table()


def load(cluster, folder, seconds, trouble, **settings):
    """Two stores as of two machines, and what they were told."""
    database = types.SimpleNamespace(
        name="mail", mariadb=types.SimpleNamespace(socket=""))
    hosts = [f"127.0.0.1:{node.port}" for node in cluster.nodes]
    settings["hold"] = 20000
    drivers = [Driver(database, folder, hosts=hosts, **settings),
               Driver(database, folder, hosts=hosts, spread=1, **settings)]
    saved = [[], []]
    threads = [threading.Thread(target=lambda n=n: saved[n].extend(
        drivers[n].saved())) for n in range(2)]
    for driver, thread in zip(drivers, threads):
        driver.begin(f"load {seconds} 6 800")
        thread.start()
    trouble()
    for driver, thread in zip(drivers, threads):
        thread.join(seconds + 40)
        assert not thread.is_alive()
        driver.close()
    return saved


def check(node, saved):
    rows = [hash for hash, in node.query("SELECT hash FROM mail.new_mail")]
    assert len(rows) == len(set(rows)), "stored twice"
    have = collections.Counter(hash[:28] for hash in rows)
    for own in saved:
        for i, one in enumerate(own):
            n = have.pop(one.id[:28], 0)
            wanted = i % 6 % 3 + 1
            assert n == wanted if one.verdict == "STORED" else \
                n in (0, wanted) if one.verdict == "DOUBT" else n == 0, one
    assert not have, "rows that nobody sent"


def test_the_node_that_is_written_is_killed(cluster, table, tmp_path):
    first, second, _ = cluster.nodes

    def trouble():
        time.sleep(3)
        first.kill()

    saved = load(cluster, tmp_path, 22, trouble)
    check(second, saved)
    for own in saved:
        assert {one.verdict for one in own} == {"STORED"}
    first.start()
    check(first, saved)


def test_raw_messages_are_on_every_node_with_their_rows(cluster, table,
                                                        tmp_path):
    first, second, third = cluster.nodes

    def trouble():
        time.sleep(3)
        first.kill()

    cluster.load("etc/schema-raw.sql")
    saved = load(cluster, tmp_path, 12, trouble, raw_table="new_mail_raw")
    check(second, saved)
    for node in (second, third):
        rows = {hash[:28] for hash, in node.query(
            "SELECT hash FROM mail.new_mail")}
        raws = [hash[:28] for hash, in node.query(
            "SELECT hash FROM mail.new_mail_raw")]
        assert len(raws) == len(set(raws)) and set(raws) == rows
    second.query("DROP TABLE mail.new_mail_raw")
    first.start()
    check(first, saved)


def test_two_of_three_are_killed_and_come_back(cluster, table, tmp_path):
    first, second, third = cluster.nodes

    def trouble():
        time.sleep(2)
        second.kill()
        third.kill()
        time.sleep(9)
        assert first.status("wsrep_cluster_status") != "Primary"
        # What the operator does: the survivor alone is the cluster.
        first.query("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=1'")
        second.start()
        third.start()

    saved = load(cluster, tmp_path, 30, trouble)
    check(third, saved)
    assert saved[0][-1].verdict == "STORED"
    assert sum(one.verdict == "STORED" for one in saved[0]) > 100


def test_a_donor_is_left_for_another_node(cluster, table, tmp_path):
    first, second, _ = cluster.nodes
    database = types.SimpleNamespace(
        name="mail", mariadb=types.SimpleNamespace(socket=""))
    hosts = [f"127.0.0.1:{node.port}" for node in (first, second)]

    def used(node):
        return node.query("SELECT COUNT(*) FROM information_schema.PROCESSLIST"
                          " WHERE DB = 'mail'")[0][0]

    with running(database, tmp_path, hosts=hosts) as driver:
        assert driver.save()[0].verdict == "STORED"
        assert used(first) == 1
        first.query("SET GLOBAL wsrep_desync = ON")
        try:
            assert first.status("wsrep_local_state") == "2"

            def has_moved():
                assert driver.save()[0].verdict == "STORED"
                return used(second) == 1 and used(first) == 0
            wait_for(has_moved, 20, "the other node")
            assert "donor" in driver.log()
        finally:
            first.query("SET GLOBAL wsrep_desync = OFF")
        wait_for(lambda: driver.save()[0].verdict == "STORED" and
                 used(first) == 1, 20, "the return")
    # Where there is no other it is better than none.
    first.query("SET GLOBAL wsrep_desync = ON")
    try:
        with running(database, tmp_path, hosts=hosts[:1]) as driver:
            assert driver.save()[0].verdict == "STORED"
    finally:
        first.query("SET GLOBAL wsrep_desync = OFF")
