# SPDX-License-Identifier: GPL-3.0-or-later
"""README's "Beyond one machine": two instances behind haproxy write to three
Galera nodes, which die and come back. No 250 is lost, no row is there twice,
the raw bytes are the same on every node, and mail flows again before a client
that is held would be put off."""
import signal
import time

import pytest

from support.galera import Table
from support.relays import HAProxy
from support.server import Server, free_port

pytestmark = pytest.mark.slow

FLOWS_AGAIN_S = 20      # store.hold, by default


@pytest.fixture
def machines(cluster):
    """Two whole instances, which share nothing but the cluster."""
    cluster.make_table()
    made = []
    try:
        for _ in range(2):
            made.append(start_machine(cluster))
        yield made
        for server in made:
            assert server.stop() == 0 and not server.faults(), server.log()
    finally:
        for server in made:
            server.clean_up()


def start_machine(cluster):
    port = free_port()
    server = Server(None, {
        "mysql.hosts": [f"127.0.0.1:{node.port}" for node in cluster.nodes],
        "mysql.user": "guerrilla", "mysql.database": "mail",
        "limits.connections_per_ip": 1000, "limits.mails": 1000,
        "trusted_proxies": ["127.0.0.1/32"]},
        listeners={"127.0.0.1:PORT": {},
                   f"127.0.0.1:{port}": {"proxy_protocol": True}})
    server.behind = port
    return server.start()


@pytest.fixture
def balancer(machines):
    first, second = machines
    with HAProxy(first.behind, 2, second.behind) as balancer:
        yield balancer


@pytest.fixture
def traffic(balancer, load):
    traffic = load(balancer, sessions=8, recipients=2)
    with traffic:
        traffic.await_accepted(100)
        yield traffic


def await_flow(traffic, since):
    """Both machines: a session stays with one of them for 20 mails."""
    traffic.await_accepted(60, since + FLOWS_AGAIN_S - time.monotonic())
    print(f"mail flows again after {time.monotonic() - since:.1f} s")


def settle_account(traffic, nodes):
    traffic.await_accepted(100)
    traffic.stop()
    print(traffic.summary())
    for node in nodes:
        traffic.check(Table(node))


def test_the_node_that_is_written_is_killed(cluster, traffic):
    first = cluster.nodes[0]
    first.kill()
    killed = time.monotonic()
    time.sleep(0.5)     # what was answered before it died is no answer
    await_flow(traffic, killed)
    first.start()
    settle_account(traffic, cluster.nodes)
    assert not traffic.deferred


def test_two_of_three_are_stopped(cluster, traffic):
    for node in cluster.nodes[:2]:
        node.end(signal.SIGTERM)
    stopped = time.monotonic()
    await_flow(traffic, stopped)
    for node in cluster.nodes[:2]:
        node.start()
    settle_account(traffic, cluster.nodes)
    assert not traffic.deferred


def test_two_of_three_are_killed(cluster, traffic):
    survivor, *others = cluster.nodes
    for node in others:
        node.kill()
    # Alone it is no majority and takes nothing; held clients get their 451
    # at last.
    time.sleep(25)
    assert survivor.status("wsrep_cluster_status") != "Primary"
    # What the operator does: the survivor alone is the cluster.
    survivor.query("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=1'")
    await_flow(traffic, time.monotonic())
    for node in others:
        node.start()
    settle_account(traffic, cluster.nodes)
