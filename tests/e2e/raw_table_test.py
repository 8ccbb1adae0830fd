# SPDX-License-Identifier: GPL-3.0-or-later
"""raw_table: a message's raw bytes once, committed with its rows, gone after
them."""

import pytest

from support.store_driver import assert_exactly_once, running
from support.waiting import wait_for

MAIL = ("From: A <a@example.org>\r\nSubject: one\r\n\r\n" +
        "x" * 70 + "\r\n")
WHOLE = ("SELECT m.`hash`, m.return_path, m.recipient, "
         "CONCAT(m.mail, COALESCE(r.mail, '')) AS mail "
         "FROM new_mail m LEFT JOIN new_mail_raw r "
         "ON r.`hash` = CONCAT(LEFT(m.`hash`, 28), '0000') "
         "ORDER BY m.`hash`")
ORPHANS = ("SELECT r.`hash` FROM new_mail_raw r WHERE NOT EXISTS (SELECT 1 "
           "FROM new_mail m WHERE LEFT(m.`hash`, 28) = LEFT(r.`hash`, 28))")
BARE = ("SELECT m.`hash` FROM new_mail m WHERE NOT EXISTS (SELECT 1 FROM "
        "new_mail_raw r WHERE LEFT(m.`hash`, 28) = LEFT(r.`hash`, 28))")


@pytest.fixture(params=["schema-raw.sql"])
def raw_database(database, request):
    database.load(f"etc/{request.param}")
    return database


@pytest.fixture
def store(raw_database, tmp_path, spool):
    def run(**settings):
        return running(raw_database, tmp_path, **{
            "hold": 200, "spool": 1, "spool_dir": spool,
            "raw_table": "new_mail_raw", **settings})
    return run


def count(database, table="new_mail_raw"):
    return database.query(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"]


def assert_whole(database):
    assert database.query(ORPHANS) == []
    assert database.query(BARE) == []


def server_settings(**more):
    return {"store.raw_table": "new_mail_raw", "workers": 1, **more}


def test_a_row_and_its_raw_message_are_the_mail(start_server, raw_database):
    """The same bytes as without, whoever asks for them by README's query."""
    server = start_server(server_settings())
    to = [f"u{n}@example.com" for n in range(3)]
    server.send(MAIL, to=to)
    assert [len(row["mail"]) < 1000 for row in raw_database.rows()] == [True] * 3
    raw = raw_database.query("SELECT * FROM new_mail_raw")
    rows = raw_database.rows()
    assert [one["mail"] for one in raw] == [MAIL.encode()]
    assert raw[0]["hash"] == rows[0]["hash"][:28] + "0000"
    assert raw[0]["date"] == rows[0]["date"]
    for row, whole in zip(rows, raw_database.query(WHOLE)):
        # Its own trace, which ends in a line's end, and then the message.
        assert whole["mail"] == row["mail"] + MAIL.encode()
        assert row["mail"].endswith(b"\r\n") and row["to"].encode() in \
            row["mail"]
        assert row["size"] == len(MAIL)


def test_it_is_switched_on_and_off_by_a_reload(start_server, raw_database):
    server = start_server({"workers": 1})
    server.send(MAIL)
    for name, raws in (("new_mail_raw", 1), ("", 1)):
        server.set(store__raw_table=name)
        assert server.run("-s", "reload").returncode == 0
        server.send(MAIL)
        assert count(raw_database) == raws
    wholes = raw_database.query(WHOLE)
    assert len(wholes) == 3
    assert all(one["mail"].endswith(MAIL.encode()) for one in wholes)


def bytes_to_server(database):
    return int(database.query(
        "SHOW GLOBAL STATUS LIKE 'Bytes_received'")[0]["Value"])


def test_a_hundred_recipients_cost_the_bytes_of_one(raw_database, tmp_path):
    sent = {}
    for name in ("", "new_mail_raw"):
        with running(raw_database, tmp_path, raw_table=name,
                     message_size=4 << 20, transaction_bytes=400 << 20) \
                as driver:
            driver.connect()
            before = bytes_to_server(raw_database)
            saved = driver.save(1, 1_000_000, 100)
            sent[name] = bytes_to_server(raw_database) - before
        assert saved[0].verdict == "STORED"
    assert sent[""] > 100_000_000 and sent["new_mail_raw"] * 50 < sent[""]
    assert raw_database.count() == 200 and count(raw_database) == 1


@pytest.mark.parametrize("broken, text", [
    ("DROP TABLE new_mail_raw", "there is no table"),
    ("ALTER TABLE new_mail_raw DROP PRIMARY KEY", "UNIQUE key on `hash`"),
    ("ALTER TABLE new_mail_raw DROP mail", "no column `mail`"),
    ("ALTER TABLE new_mail_raw ADD note int NOT NULL", "nothing fills it"),
    ("ALTER TABLE new_mail_raw ENGINE=Aria", "no transactions"),
])
def test_a_table_that_will_not_do_is_told(start_server, raw_database, broken,
                                          text):
    raw_database.query(broken)
    server = start_server(server_settings(**{"store.hold": 1}))
    done = server.run("-t", "--database")
    assert done.returncode != 0 and text in done.stdout + done.stderr
    server.await_log("database host cannot be used")
    told = server.log_lines("database host cannot be used")[0]
    assert text in told and f"{raw_database.name}.new_mail_raw" in told
    assert "schema-raw.sql" in told


def test_a_batch_is_stored_whole(raw_database, store):
    with store(batch_rows=4) as driver:
        saved = driver.save(40, 300, 3)
        saved += driver.save(2, 900_000, 3)
    assert_exactly_once(raw_database, saved, 3)
    assert count(raw_database) == 42
    assert_whole(raw_database)


def test_one_refused_message_takes_no_other_along(raw_database, store):
    raw_database.query(
        "CREATE TRIGGER picky BEFORE INSERT ON new_mail_raw FOR EACH ROW IF "
        "NEW.mail LIKE %s THEN SIGNAL SQLSTATE '45000'; END IF", ["%kite%"])
    with store(spool=0) as driver:
        saved = driver.save(8, 300, 2)
        refused = driver.save(1, 300, 2, "emoji")
    assert {one.verdict for one in saved} == {"STORED"}
    assert_exactly_once(raw_database, saved + refused, 2)
    assert_whole(raw_database)


def test_killed_between_raw_message_and_rows(raw_database, store):
    """The transaction waits at its rows when the database dies: nothing of it
    is there, and the next try stores all of it."""
    raw_database.query("CREATE TRIGGER slow BEFORE INSERT ON new_mail FOR "
                       "EACH ROW SET @a = SLEEP(20)")
    with store(hold=60000, spool=0, timeout=30000) as driver:
        driver.begin("save 3 300 2 plain")
        wait_for(lambda: raw_database.query(
            "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = "
            "'User sleep'", []), 20, "the rows' statement")
        raw_database.mariadb.kill()
        raw_database.mariadb.start()
        assert count(raw_database) == 0
        raw_database.query("DROP TRIGGER slow")
        saved = driver.saved()
    assert {one.verdict for one in saved} == {"STORED"}
    assert_exactly_once(raw_database, saved, 2)
    assert count(raw_database) == 3
    assert_whole(raw_database)


def test_the_spool_comes_into_both(raw_database, store, spool):
    with store() as driver:
        driver.connect()
        raw_database.mariadb.stop()
        saved = driver.save(5, 300, 2) + driver.save(1, 1_000_000, 3)
        raw_database.mariadb.start()
        assert {one.verdict for one in saved} == {"SPOOLED"}
        with driver.janitor():
            wait_for(lambda: not list((spool / "new").iterdir()), 20,
                     "an empty spool")
    assert raw_database.count() == 13 and count(raw_database) == 6
    assert_whole(raw_database)


def test_workers_that_die_leave_no_half(raw_database, start_server, load):
    server = start_server(server_settings(workers=2))
    with load(server, sessions=4) as traffic:
        for _ in range(3):
            traffic.await_accepted(30)
            server.kill_grown_worker()
        traffic.await_accepted(30)
    traffic.check(raw_database, WHOLE)
    assert_whole(raw_database)


# ---- What expires ------------------------------------------------------------

def age(database, hours, where="1"):
    for table in ("new_mail", "new_mail_raw"):
        database.query(f"UPDATE {table} SET `date` = UTC_TIMESTAMP() - "
                       f"INTERVAL {hours} HOUR WHERE {where}")


def test_it_expires_after_the_last_row(raw_database, store):
    with store() as driver:
        driver.save(250, 300, 2)
        age(raw_database, 2)
        kept = driver.save(5, 300, 2)
        # The front end deletes as well, and may leave some of a message.
        raw_database.query("DELETE FROM new_mail WHERE `hash` LIKE '%1' LIMIT 9")
    with store(retention=3600_000) as driver, driver.janitor():
        wait_for(lambda: count(raw_database) == 5, 30, "the deletion")
    assert {raw["hash"] for raw in raw_database.query(
        "SELECT `hash` FROM new_mail_raw")} == {one.id for one in kept}
    assert_whole(raw_database)


def test_one_row_that_stays_keeps_it(raw_database, store):
    with store() as driver:
        driver.save(150, 300, 2)
    age(raw_database, 2)
    raw_database.query("UPDATE new_mail SET `to` = 'x@a.vip' WHERE "
                       "`hash` LIKE '%0001' ORDER BY `hash` LIMIT 120")
    with store(retention=3600_000, retention_domains="a.vip=86400000") \
            as driver, driver.janitor():
        wait_for(lambda: count(raw_database) == 120, 30, "the others")
        wait_for(lambda: raw_database.count() == 120, 10, "the rows")
        assert_whole(raw_database)


def test_mail_that_expires_too_fast_does_not_hold_it_up(raw_database, store):
    """Raw messages follow while the rows' round has no end."""
    with store() as driver:
        driver.save(300, 300, 1)
    age(raw_database, 3)
    raw_database.query(
        "INSERT IGNORE INTO new_mail (`hash`, `date`, `to`, mail) SELECT "
        "LPAD(HEX(seq), 32, 'f'), UTC_TIMESTAMP() - INTERVAL 2 HOUR, 'a@b', "
        "'' FROM seq_1_to_30000")
    with store(retention=3600_000) as driver, driver.janitor():
        wait_for(lambda: count(raw_database) == 0, 30, "the raw messages")
        assert raw_database.count() > 0


@pytest.mark.parametrize("raw_database", ["schema-raw-partitioned.sql"],
                         indirect=True)
@pytest.mark.parametrize("rows", ["schema.sql", "schema-partitioned.sql"])
def test_partitions_are_dropped_once_no_row_is_that_old(raw_database, store,
                                                        rows):
    raw_database.query("DROP TABLE new_mail")
    raw_database.load(f"etc/{rows}")
    tables = ["new_mail_raw"]
    if "partitioned" in rows:
        tables.append("new_mail")
    for table in tables:
        raw_database.query(
            f"ALTER TABLE {table} PARTITION BY RANGE COLUMNS (`date`) "
            "(PARTITION pold VALUES LESS THAN ('2020-01-01'), "
            "PARTITION pmax VALUES LESS THAN (MAXVALUE))")
    with store() as driver:
        driver.save(20, 300, 2)
        for table in ("new_mail", "new_mail_raw"):
            raw_database.query(f"UPDATE {table} SET `date` = '2019-05-05'")
        driver.save(3, 300, 2)
    with store(retention=3600_000) as driver, driver.janitor():
        wait_for(lambda: count(raw_database) == 3, 30, "the old partition")
        wait_for(lambda: raw_database.count() == 6, 30, "the old rows")
        made = raw_database.query(
            "SELECT COUNT(*) AS n FROM information_schema.PARTITIONS WHERE "
            "TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'new_mail_raw'", [])
        assert made[0]["n"] == 5
    assert_whole(raw_database)


def test_a_table_without_dates_is_told(raw_database, store):
    raw_database.query("ALTER TABLE new_mail_raw DROP KEY `date`")
    with store(retention=3600_000) as driver:
        driver.save(2)
        age(raw_database, 2)
        with driver.janitor():
            wait_for(lambda: "with an index in raw_table" in driver.log(), 10,
                     "its line")
            wait_for(lambda: raw_database.count() == 0, 10, "the rows")
    assert count(raw_database) == 2
