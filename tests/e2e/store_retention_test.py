# SPDX-License-Identifier: GPL-3.0-or-later
"""What expires: rows, and partitions of the table."""
import contextlib
import time

import pytest

from support.stand_in import StandIn
from support.waiting import wait_for


def age(database, seconds):
    database.query("UPDATE new_mail SET `date` = `date` - INTERVAL %s SECOND",
                   [seconds])


def test_old_rows_are_deleted(database, store):
    with store() as driver:
        for _ in range(3):
            driver.save(200, 100)
        age(database, 4000)
        driver.save(10, 100)
        with store(retention=3600_000) as janitor:
            janitor.ask("janitor 4")
    assert database.count() == 10


def test_zero_keeps_for_ever(database, store):
    with store(retention=0) as driver:
        driver.save(10, 100)
        age(database, 10 ** 8)
        driver.ask("janitor 2")
    assert database.count() == 10


def test_one_machine_at_a_time_deletes(database, store):
    other = database.mariadb.connect(database.name)
    other.cursor().execute("SELECT GET_LOCK(%s, 0)", [
        f"guerrilla-smtpd {database.name}.new_mail"])
    with store(retention=3600_000) as driver:
        driver.save(10, 100)
        age(database, 4000)
        driver.ask("janitor 2")
        assert database.count() == 10
    other.close()
    with store(retention=3600_000) as driver:
        driver.ask("janitor 2")
    assert database.count() == 0


def test_without_an_index_nothing_is_deleted(database, store):
    database.query("ALTER TABLE new_mail DROP KEY `date`")
    with store(retention=3600_000) as driver:
        driver.save(10, 100)
        age(database, 4000)
        driver.ask("janitor 2")
        assert driver.log().count("needs an index") == 1
    assert database.count() == 10


def fill_mixed(database, rows, date):
    """Every fourth row is a.vip's, every tenth of those below b.example."""
    database.query(
        "INSERT IGNORE INTO new_mail (`hash`, `date`, `to`, mail) SELECT "
        f"CONCAT(LEFT(MD5({date}), 12), LPAD(HEX(seq), 20, '0')), {date}, "
        "CONCAT('x@', IF(seq % 4 = 0, 'a.vip', IF(seq % 10 = 1, "
        "'In.B.Example', 'c.example'))), 'x' "
        f"FROM seq_1_to_{rows}")


def by_domain(database):
    return {row["d"].lower(): row["n"] for row in database.query(
        "SELECT SUBSTRING_INDEX(`to`, '@', -1) AS d, COUNT(*) AS n "
        "FROM new_mail GROUP BY d")}


def test_a_domain_is_kept_its_own_time(database, store):
    """Through many windows, and whatever stays between those that go."""
    for hours in (2, 30):
        fill_mixed(database, 4000, f"NOW() - INTERVAL {hours} HOUR")
        fill_mixed(database, 2500,
                   f"NOW() - INTERVAL {hours} HOUR - INTERVAL seq SECOND")
    before = by_domain(database)
    domains = "a.vip=86400000,*.b.example=0,a.vip=1000"
    with store(retention=3600_000, retention_domains=domains) as driver, \
            driver.janitor():
        wait_for(lambda: "expired mail is deleted rows=" in driver.log(), 60,
                 "the round's end")
        assert by_domain(database) == {
            "a.vip": before["a.vip"] // 2,
            "in.b.example": before["in.b.example"]}
        # Of those that come now only what is over its time goes.
        fill_mixed(database, 40, "NOW() - INTERVAL 1 MINUTE")
        database.query("UPDATE new_mail SET `date` = `date` - INTERVAL 1 DAY "
                       "WHERE `to` = 'x@a.vip' AND `date` < "
                       "NOW() - INTERVAL 1 HOUR")
    with store(retention=3600_000, retention_domains=domains) as driver, \
            driver.janitor():
        wait_for(lambda: "expired mail is deleted rows=" in driver.log(), 60,
                 "the round's end")
    assert by_domain(database) == {
        "a.vip": 10, "c.example": 26,
        "in.b.example": before["in.b.example"] + 4}


def test_only_the_domains_that_are_named_expire(database, store):
    fill_mixed(database, 400, "NOW() - INTERVAL 2 HOUR")
    before = by_domain(database)
    with store(retention=0, retention_domains="a.vip=3600000") as driver:
        driver.ask("janitor 3")
    del before["a.vip"]
    assert by_domain(database) == before


def test_partitions_keep_the_longest(database, store):
    database.query("DROP TABLE new_mail")
    database.load("etc/schema-partitioned.sql")
    database.query("ALTER TABLE new_mail PARTITION BY RANGE COLUMNS (`date`) "
                   "(PARTITION pold VALUES LESS THAN ('2020-01-01'), "
                   "PARTITION pmax VALUES LESS THAN (MAXVALUE))")
    fill_mixed(database, 40, "'2019-05-05'")
    fill_mixed(database, 80, "NOW() - INTERVAL 2 DAY")
    with store(retention=3600_000,
               retention_domains=f"a.vip={30 * 86400_000}") as driver, \
            driver.janitor():
        wait_for(lambda: "expired mail is deleted rows=" in driver.log(), 30,
                 "the rows")
        assert "dropped by partitions partitions=1" in driver.log()
    assert by_domain(database) == {"a.vip": 20}
    assert "('2020-01-01')" not in partitions(database)


def partitions(database):
    return [row["n"] for row in database.query(
        "SELECT PARTITION_DESCRIPTION AS n FROM information_schema.PARTITIONS "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'new_mail' "
        "ORDER BY PARTITION_ORDINAL_POSITION")]


@pytest.mark.parametrize("cut, rest", [
    ("RANGE COLUMNS (`date`)", "(MAXVALUE)"),
    ("RANGE (TO_SECONDS(`date`))", "MAXVALUE"),
    ("RANGE (TO_DAYS(`date`))", "MAXVALUE"),
])
def test_partitions_are_made_and_dropped(database, store, cut, rest):
    database.query("DROP TABLE new_mail")
    database.load("etc/schema-partitioned.sql")
    database.query(f"ALTER TABLE new_mail PARTITION BY {cut} "
                   f"(PARTITION pmax VALUES LESS THAN {rest})")
    retention = 8 * 86400
    with store(retention=retention * 1000) as driver:
        driver.ask("janitor 2")
        made = partitions(database)
        assert made[-1] == "MAXVALUE" and len(made) == 5, made
        assert driver.save(20, 100)[0].verdict == "STORED"
        age(database, 0)
    with store(retention=retention * 1000) as driver:
        driver.ask("janitor 2")
        assert partitions(database) == made         # nothing more to do
        assert database.count() == 20
    # What is old lies in a partition of its own, and goes with it.
    database.query("DELETE FROM new_mail")
    database.query("ALTER TABLE new_mail REORGANIZE PARTITION pmax INTO "
                   f"(PARTITION pmax VALUES LESS THAN {rest})")
    old = {"RANGE COLUMNS (`date`)": "('2020-01-01')",
           "RANGE (TO_SECONDS(`date`))": "(TO_SECONDS('2020-01-01'))",
           "RANGE (TO_DAYS(`date`))": "(TO_DAYS('2020-01-01'))"}[cut]
    database.query(f"ALTER TABLE new_mail PARTITION BY {cut} ("
                   f"PARTITION pold VALUES LESS THAN {old}, "
                   f"PARTITION pmax VALUES LESS THAN {rest})")
    with store(retention=retention * 1000) as driver:
        driver.save(20, 100)
        database.query("UPDATE new_mail SET `date` = '2019-05-05'")
        driver.save(3, 100)
        driver.ask("janitor 2")
        assert driver.save()[0].verdict == "STORED"
    assert database.count() == 4
    assert len(partitions(database)) == 5


def fill_table(database, rows, date):
    database.query("INSERT IGNORE INTO new_mail (`hash`, `date`, `to`, "
                   "mail) SELECT "
                   f"LPAD(HEX(seq), 32, '0'), {date}, 'a@example.com', 'x' "
                   f"FROM seq_1_to_{rows}")


def test_a_partition_of_a_year_is_no_reason_to_keep_mail(database, store):
    database.query("DROP TABLE new_mail")
    database.load("etc/schema-partitioned.sql")
    database.query("ALTER TABLE new_mail PARTITION BY RANGE COLUMNS (`date`) "
                   "(PARTITION p VALUES LESS THAN ('2099-01-01'), "
                   "PARTITION pmax VALUES LESS THAN (MAXVALUE))")
    fill_table(database, 250, "NOW() - INTERVAL 2 HOUR")
    with store(retention=3600_000) as driver:
        driver.save(10)
        with driver.janitor():
            wait_for(lambda: database.count() == 10, 20, "the deletion")
            wait_for(lambda: "expired mail is deleted rows=250"
                     in driver.log(), 10, "the round's line")


def test_deletes_that_fall_behind_get_faster(database, store):
    """Of one second: until they are gone the oldest grows older."""
    fill_table(database, 30000, "NOW() - INTERVAL 2 HOUR")
    with store(retention=3600_000) as driver, driver.janitor():
        wait_for(lambda: "the pace rises behind_s=36" in driver.log(), 30,
                 "its line")
        wait_for(lambda: database.count() == 0, 60, "the end")
        wait_for(lambda: "no expired mail is left" in driver.log(), 10,
                 "its line")
        assert driver.log().count("the pace rises") == 1


def test_mail_in_the_last_partition_is_not_copied_in_traffic(database, store):
    database.query("DROP TABLE new_mail")
    database.load("etc/schema-partitioned.sql")
    fill_table(database, 1500, "NOW()")
    with store(retention=20_000) as driver:
        with driver.janitor():
            wait_for(lambda: "REORGANIZE PARTITION" in driver.log(), 15,
                     "the statement")
            assert "mail lies in the last partition" in driver.log()
            assert partitions(database) == ["MAXVALUE"]
            database.query("UPDATE new_mail SET `date` = `date` - "
                           "INTERVAL 2 HOUR")
            # As it expires it goes row by row, and the way is free.
            wait_for(lambda: len(partitions(database)) == 5, 30,
                     "the partitions")
        assert database.count() == 0
        assert driver.log().count("mail lies in the last partition") == 1


def test_after_an_alter_locks_are_waited_for_as_before(database, store):
    """Not for a day, as the server would: a wait ends before the client."""
    database.query("DROP TABLE new_mail")
    database.load("etc/schema-partitioned.sql")
    with contextlib.closing(StandIn(database.mariadb.socket)) as stand_in, \
            store(hosts=[stand_in.host], retention=3600_000) as driver, \
            driver.janitor():
        wait_for(lambda: len(partitions(database)) == 5, 20, "the partitions")
        wait_for(lambda: stand_in.queries(b" lock_wait_timeout")[-1] !=
                 b"SET SESSION lock_wait_timeout = 0", 10, "another wait")
        waits = stand_in.queries(b" lock_wait_timeout")
        assert len(waits) >= 3 and waits[-1] == waits[0]
        assert stand_in.queries(b"ALTER TABLE")


def test_a_long_select_stops_neither_inserts_nor_the_janitor(database, store):
    database.query("DROP TABLE new_mail")
    database.load("etc/schema-partitioned.sql")
    with contextlib.closing(database.mariadb.connect(database.name)) \
            as reader, store(retention=3600_000, hold=5000) as driver, \
            store(hold=5000) as other:
        other.save(2)
        cursor = reader.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT COUNT(*) FROM new_mail")
        saves = 0
        with driver.janitor():
            while "cannot be altered now" not in driver.log():
                assert other.save(2)[0].verdict == "STORED"
                saves += 1
                time.sleep(0.05)
            # One that waited for its lock would have let two or three in.
            assert 5 <= saves < 200
            assert partitions(database) == ["MAXVALUE"]
            cursor.execute("COMMIT")
        driver.ask("janitor 2")
        assert len(partitions(database)) == 5
