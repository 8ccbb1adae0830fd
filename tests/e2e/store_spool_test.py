# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail in an outage: spooled, and replayed under the same ids."""
import contextlib
import os
import shutil
import subprocess
import time

import pytest

from support.spool import (files, fill, hashes, replay, spool_some,
                           wanted)
from support.stand_in import StandIn
from support.store_driver import assert_exactly_once
from support.waiting import wait_for


def test_an_outage_is_spooled_and_replayed(database, store, spool):
    with store() as driver:
        stored = driver.save(1, 300, 2, "bytes")
        saved = fill(database, driver)
        assert len(files(spool)) == len(saved)
        assert files(spool, "tmp") == []
        for name in files(spool):
            assert (spool / "new" / name).stat().st_mode & 0o777 == 0o600
        replay(driver, spool)
    assert hashes(database) == wanted(stored + saved)
    rows = {row["hash"]: row for row in database.rows()}
    live = rows[stored[0].id[:28] + "0001"]
    late = rows[saved[10].id[:28] + "0001"]
    for column in set(live) - {"mail_id", "hash", "date"}:
        assert live[column] == late[column], column
    stamp = int(late["hash"][:12], 16) // 1000
    assert late["date"].timestamp() - time.timezone == stamp


def test_replay_meets_what_is_there(database, store, spool):
    """A janitor died between the commit and the unlink."""
    with store() as driver:
        saved = fill(database, driver)
        keep = {name: (spool / "new" / name).read_bytes()
                for name in files(spool)}
        replay(driver, spool)
        assert hashes(database) == wanted(saved)
        for name, data in keep.items():
            (spool / "new" / name).write_bytes(data)
        replay(driver, spool)
        assert hashes(database) == wanted(saved)


def test_replayed_mail_shares_statements(database, store, spool):
    """As live mail does; but what is there already, and what came with it,
    goes one by one."""
    def executed():
        return int(database.query("SHOW GLOBAL STATUS LIKE "
                                  "'Com_stmt_execute'")[0]["Value"])
    with store() as driver:
        saved = fill(database, driver)
        keep = {name: (spool / "new" / name).read_bytes()
                for name in files(spool)}
        before = executed()
        driver.ask("janitor 3")
        together = executed() - before
        assert hashes(database) == wanted(saved)
        assert together < len(keep) / 2
        database.query("DELETE FROM new_mail "
                       "WHERE CRC32(LEFT(`hash`, 28)) % 2 = 0")
        for name, data in keep.items():
            (spool / "new" / name).write_bytes(data)
        before = executed()
        driver.ask("janitor 3")
        assert executed() - before > len(keep)
        assert hashes(database) == wanted(saved)


@pytest.mark.slow
def test_replay_without_a_unique_id_looks_first(database, store, spool):
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    with store() as driver:
        saved = fill(database, driver)
        keep = {name: (spool / "new" / name).read_bytes()
                for name in files(spool)}
        replay(driver, spool)
        for name, data in keep.items():
            (spool / "new" / name).write_bytes(data)
        replay(driver, spool)
    assert hashes(database) == wanted(saved)


def test_a_doubtful_commit_is_spooled_under_the_same_id(database, store,
                                                        spool):
    with store(timeout=1000, hold=1500) as driver:
        driver.save(2, 300, 2)
        database.mariadb.pause()
        saved = driver.save(2, 300, 2)
        database.mariadb.resume()
        assert {one.verdict for one in saved} == {"SPOOLED"}
        replay(driver, spool)
    database.query("DELETE FROM new_mail WHERE `hash` < %s",
                   [min(one.id for one in saved)])
    assert_exactly_once(database, saved, 2)
    assert database.count() == 4


def test_a_damaged_file_is_set_aside_and_the_rest_is_stored(database, store,
                                                            spool):
    with store() as driver:
        saved = fill(database, driver)
        cut = spool / "new" / files(spool)[3]
        cut.write_bytes(cut.read_bytes()[:-5])
        flipped = spool / "new" / files(spool)[5]
        data = bytearray(flipped.read_bytes())
        data[len(data) // 2] ^= 0x20
        flipped.write_bytes(data)
        (spool / "new" / "ffff").write_bytes(b"no spool file at all")
        replay(driver, spool)
        assert files(spool, "damaged") == sorted(
            [cut.name, flipped.name, "ffff"])
        assert "damaged" in driver.log()
    lost = [one for one in saved if one.id == flipped.name]
    assert set(wanted(saved)) - set(hashes(database)) == {
        f"{one.id[:28]}{n:04x}" for one in lost for n in range(2)}


@pytest.mark.parametrize("layout", ["1", "2"])
def test_files_of_every_layout_are_replayed(database, store, spool, top,
                                            layout):
    """One tells of a connection lost on a server that is not there: what it
    might still do is waited for."""
    with store(timeout=1000) as driver:
        driver.connect()
        driver.save(1)
        for folder in ("tmp", "new", "damaged", "refused"):
            (spool / folder).mkdir(exist_ok=True)
        kept = os.path.join(top, "tests/spool", layout)
        for name in os.listdir(kept):
            if name.endswith(".spool"):
                shutil.copy(os.path.join(kept, name), spool / "new" / name)
        # Of a program that is newer than any.
        (spool / "new" / "0").write_bytes(b"guerrilla-smtpd spool 99\n")
        with driver.janitor():
            wait_for(lambda: files(spool) == ["0"], 30, "all but that one")
        assert files(spool, "damaged") == []
        assert driver.log().count("of a newer program is left alone") == 1
    # Three messages; one of their six recipients is discarded, twice.
    assert len([hash for hash in hashes(database)
                if hash.startswith("0199aa00bb")]) == 4


def slow_while(database, name):
    """Inserts take seconds as long as the table `name` has a row; a client
    that is gone does not end them."""
    database.query(f"CREATE TABLE {name} (n int)")
    database.query(f"INSERT INTO {name} VALUES (1)")
    database.query("CREATE TRIGGER slow BEFORE INSERT ON new_mail FOR EACH "
                   f"ROW IF EXISTS (SELECT * FROM {name}) THEN SET @a = "
                   "SLEEP(3); END IF")


def await_no_statement(database):
    """What still runs may commit."""
    wait_for(lambda: not database.query(
        "SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = "
        "'guerrilla' AND INFO LIKE 'INSERT%%'", []), 30, "no statement")


@pytest.mark.slow
def test_a_lost_statement_is_ended_before_it_is_repeated(database, store,
                                                         spool):
    """Without a UNIQUE id both would get in, the lost one late. A wait for a
    lock would not do: it ends in the very second in which the client gives
    up, as 1205 or lost, by chance."""
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    slow_while(database, "busy")
    saved = spool_some(store, spool)
    with store(timeout=1000) as driver:
        with driver.janitor():
            wait_for(lambda: driver.log().count(
                "outcome of a commit is unknown") >= 2, 30, "two tries")
            database.query("DELETE FROM busy")
            wait_for(lambda: not files(spool), 30, "an empty spool")
    await_no_statement(database)
    assert hashes(database) == sorted(
        f"{one.id[:28]}{n:04x}" for one in saved for n in range(2))


def test_what_was_lost_before_it_was_spooled_is_ended_too(database, store,
                                                          spool):
    """The worker that lost it is dead: its file says which connection."""
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    slow_while(database, "busy")
    with store(timeout=1000, hold=500) as worker:
        saved = worker.save()
        worker.kill()
        worker.close = lambda: None
    assert saved[0].verdict == "SPOOLED"
    database.query("DELETE FROM busy")
    with store() as driver, driver.janitor():
        wait_for(lambda: not files(spool), 20, "an empty spool")
    await_no_statement(database)
    assert_exactly_once(database, saved)


def test_the_server_that_lost_it_is_waited_for_but_not_for_ever(
        database, store, spool):
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    name = database.query("SELECT @@hostname AS n")[0]["n"].encode()
    with contextlib.closing(StandIn(database.mariadb.socket)) as stand_in:
        with store(hosts=[stand_in.host], hold=0) as worker:
            worker.save()
            stand_in.set("execute", "cut", then=stand_in.refuse)
            saved = worker.save()
        stand_in.is_refusing = False
        assert saved[0].verdict == "SPOOLED"
        stand_in.renamed = [(name, b"x" * len(name))]
        with store(hosts=[stand_in.host]) as driver:
            driver.ask("janitor 2")
            assert len(files(spool)) == 1 and database.count() == 1
        with store(hosts=[stand_in.host], set_aside=1000) as driver, \
                driver.janitor():
            wait_for(lambda: not files(spool), 20, "an empty spool")
    assert database.count() == 2


def test_the_janitor_is_killed_at_every_step(database, store, spool):
    """Before and after each step on disk and in the database, until it lives
    to the end: nothing is lost or twice, and the next one is done soon."""
    saved = []
    with store() as driver, store(hosts=["127.0.0.1:1"], hold=0) as worker:
        for step in range(1, 100):
            saved += worker.save(2, 300, 2)
            is_dead = driver.ask(f"janitor 2 {step}")[-1] == ["done", "9"]
            with driver.janitor():
                wait_for(lambda: not files(spool), 10, "an empty spool")
            if not is_dead:
                break
    assert step > 8, "fewer steps than there are"
    assert files(spool, "tmp") == files(spool, "refused") == []
    assert hashes(database) == sorted(
        f"{one.id[:28]}{n:04x}" for one in saved for n in range(2))


def test_a_worker_is_killed_at_every_step(database, store, spool):
    """What it said 250 to is there, and nothing is half there."""
    saved = []
    for step in range(1, 100):
        said = spool_some(store, spool, step)
        saved += said
        if len(said) == 2:
            break
    assert step > 8, "fewer steps than there are"
    before = set(files(spool))
    assert {one.id for one in saved} <= before
    for name in files(spool, "tmp"):
        os.utime(spool / "tmp" / name, (1, 1))
    with store() as driver:
        with driver.janitor():
            wait_for(lambda: not files(spool) and not files(spool, "tmp"),
                     10, "an empty spool")
    assert files(spool, "damaged") == []
    assert hashes(database) == sorted(
        f"{one[:28]}{n:04x}" for one in before for n in range(2))


def test_a_full_spool_is_full(database, store, spool):
    with store(spool_max=200_000) as driver:
        driver.connect()
        database.mariadb.stop()
        saved = driver.save(10, 30_000)
        verdicts = [one.verdict for one in saved]
        assert verdicts == ["SPOOLED"] * verdicts.count("SPOOLED") + \
            ["FULL"] * verdicts.count("FULL")
        assert 4 <= verdicts.count("SPOOLED") <= 6
        database.mariadb.start()
        replay(driver, spool)
    assert database.count() == verdicts.count("SPOOLED")


@pytest.mark.skipif(os.geteuid() != 0, reason="a tmpfs needs root")
def test_a_full_disk_is_full(database, store, spool):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k",
                              "tmpfs", str(spool)], check=False)
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        with store() as driver:
            driver.connect()
            database.mariadb.stop()
            saved = driver.save(20, 30_000)
            verdicts = [one.verdict for one in saved]
            assert verdicts.count("FULL") >= 10
            assert verdicts.count("SPOOLED") >= 4
            assert files(spool, "tmp") == []
            database.mariadb.start()
            replay(driver, spool)
        assert database.count() == verdicts.count("SPOOLED")
        assert_exactly_once(database, saved)
    finally:
        subprocess.run(["umount", str(spool)], check=True)


def test_the_figure_of_size_outlives_the_process(database, store):
    database.query("ALTER TABLE new_mail MODIFY mail mediumblob NOT NULL, "
                   "MODIFY `to` varchar(100) NOT NULL")
    with store() as driver:
        known = driver.connect()
        assert known[0] == "up" and known[4] == "1"
    database.mariadb.stop()
    with store() as driver:
        assert driver.connect() == ["down", *known[1:4], "0"]
    with store(table="another") as driver:
        assert driver.connect() == ["down", str(16 * 1024 * 1024 - 68 * 1024),
                                    "320", "0", "0"]
