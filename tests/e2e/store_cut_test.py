# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to the database is cut at every position of the exchange
that commits: stored exactly once, whatever the server made of it."""
import pytest

from support.store_driver import Proxy, assert_exactly_once, running


@pytest.fixture
def proxy(database):
    proxy = Proxy(database.mariadb.socket)
    yield proxy
    proxy.close()


def measure(driver, proxy, command):
    """Bytes of the exchange, each way."""
    proxy.cut()
    driver.save(*command)
    return dict(proxy.passed)


def positions(length, step):
    """Before, within and behind; every byte of the first header."""
    return sorted({0, 1, 2, 3, 4, 5, length - 1, length,
                   *range(0, length, step)} & set(range(length + 1)))


def cut_everywhere(database, folder, proxy, command, step, **settings):
    saved = []
    with running(database, folder, hosts=[f"127.0.0.1:{proxy.port}"],
                 batch_rows=4, hold=8000, **settings) as driver:
        driver.save(*command)       # connects, prepares
        database.query("DELETE FROM new_mail")
        size = measure(driver, proxy, command)
        database.query("DELETE FROM new_mail")
        for way in ("to_server", "to_client"):
            for at in positions(size[way], step):
                before = proxy.cuts
                proxy.cut(**{way: at})
                answer = driver.save(*command)
                if at < size[way]:
                    assert proxy.cuts == before + 1
                proxy.cut()
                assert {one.verdict for one in answer} == {"STORED"}, \
                    f"{way} cut after {at} of {size[way]}: {answer}"
                saved += answer
        assert_exactly_once(database, saved, command[2])
    return saved


def test_one_statement(database, proxy, tmp_path):
    cut_everywhere(database, tmp_path, proxy, (2, 60, 2), 97)


def test_a_transaction_of_several_statements(database, proxy, tmp_path):
    cut_everywhere(database, tmp_path, proxy, (1, 60, 10), 331)


def test_a_large_mail_in_pieces(database, proxy, tmp_path):
    cut_everywhere(database, tmp_path, proxy, (1, 600_000, 1), 120_011)


def test_raw_messages_in_a_table_of_their_own(database, proxy, tmp_path):
    database.load("etc/schema-raw.sql")
    saved = cut_everywhere(database, tmp_path, proxy, (2, 60, 2), 197,
                           raw_table="new_mail_raw")
    raws = database.query("SELECT `hash` FROM new_mail_raw ORDER BY `hash`")
    assert {one.id for one in saved} <= {raw["hash"] for raw in raws}


def test_a_table_without_a_unique_id(database, proxy, tmp_path):
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    cut_everywhere(database, tmp_path, proxy, (2, 60, 2), 197)


@pytest.mark.slow
def test_every_single_byte(database, proxy, tmp_path):
    cut_everywhere(database, tmp_path, proxy, (2, 60, 2), 1)


@pytest.mark.slow
def test_every_single_byte_of_a_transaction(database, proxy, tmp_path):
    cut_everywhere(database, tmp_path, proxy, (1, 60, 6), 3)


@pytest.mark.slow
def test_every_single_byte_without_a_unique_id(database, proxy, tmp_path):
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    cut_everywhere(database, tmp_path, proxy, (1, 60, 2), 3)
