# SPDX-License-Identifier: GPL-3.0-or-later
"""One message never stops another, and nothing is tried without end: errors
that a message's own trigger raises, statements that time out, settings and
keys that change under way."""
import pytest

from support.store_driver import assert_exactly_once, running
from support.waiting import wait_for

# Whatever the number says in the server's own mouth: here it is the fault of
# the messages of three recipients.
ERRORS = [1048, 1146, 1364, 1142, 1526, 1044, 30001, 5999, 65535, 1290, 1047,
          1040, 1213, 1205, 1114, 1180, 1461, 1644, 1317, 1927, 2013, 2006]


@pytest.fixture
def store(database, tmp_path):
    def run(**settings):
        return running(database, tmp_path, **{"hold": 3000, **settings})
    return run


def poison(database, error):
    database.query(
        "CREATE TRIGGER poison BEFORE INSERT ON new_mail FOR EACH ROW IF "
        "NEW.`to` = 'user2@example.com' THEN SIGNAL SQLSTATE '45000' SET "
        f"MYSQL_ERRNO = {error}, MESSAGE_TEXT = 'poison'; END IF")


def batch(driver, size):
    """Six messages of 1, 2, 3, 1, 2, 3 recipients, saved together."""
    driver.begin(f"load 0.001 6 {size}")
    saved = driver.saved()
    return saved[:len(saved) // 6 * 6]


@pytest.mark.parametrize("error, size", [
    *((error, 100) for error in ERRORS), (1644, 600_000), (2013, 600_000)])
def test_an_error_of_one_stops_no_other(database, store, error, size):
    poison(database, error)
    # What is poisoned is held to the end, and the others wait with it.
    with store(hold=1500) as driver:
        saved = batch(driver, size)
        log = driver.log()
    for n, one in enumerate(saved):
        if n % 3 < 2:
            assert one.verdict == "STORED", f"{n} {one}\n{log}"
        else:
            assert one.verdict in ("LATER", "FULL", "DOUBT"), one
    rows = database.rows(columns="`to`, `hash`")
    assert len({row["hash"] for row in rows}) == len(rows) == \
        sum(n % 3 + 1 for n, _ in enumerate(saved) if n % 3 < 2)


@pytest.mark.parametrize("error", [1146, 1290, 30001, 1317])
def test_a_fault_of_all_is_over_when_it_is_mended(database, store, error):
    database.query(
        "CREATE TRIGGER broken BEFORE INSERT ON new_mail FOR EACH ROW "
        f"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {error}")
    with store(hold=500) as driver:
        saved = driver.save(4)
        assert {one.verdict for one in saved} <= {"LATER", "DOUBT"}
        database.query("DROP TRIGGER broken")

        def works():
            saved.extend(driver.save(2))
            return saved[-1].verdict == "STORED"
        wait_for(works, 10, "mail flows again")
    assert_exactly_once(database, saved)


def test_a_wait_for_a_lock_is_no_unknown_commit(database, store):
    holder = database.mariadb.connect(database.name)
    with store(hold=1000, timeout=3000) as driver:
        assert driver.save()[0].verdict == "STORED"
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLES new_mail READ")
        saved = driver.save()[0]
        assert saved[1:] == ("LATER", 1205)
        assert "unknown" not in driver.log()
        holder.close()
        wait_for(lambda: driver.save()[0].verdict == "STORED", 10, "stored")


def test_few_statements_are_kept_prepared(database, store):
    """Of 512 rows in all: not every one from 1 to 32."""
    def prepared():
        return int(database.query("SHOW GLOBAL STATUS LIKE "
                                  "'Prepared_stmt_count'")[0]["Value"])
    with store(batch_rows=32) as driver:
        for count in (*range(1, 33), *range(32, 0, -1)):
            saved = driver.save(count)
            assert {one.verdict for one in saved} == {"STORED"}
            assert prepared() <= 31


def test_large_mail_goes_alone(database, store):
    """The commits of several workers overlap; one of many such rows would
    hold the others up."""
    def counted():
        rows = database.query(
            "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_begin', "
            "'Com_commit', 'Com_stmt_execute', 'Com_insert')")
        return {row["Variable_name"]: int(row["Value"]) for row in rows}

    def since(before):
        return {name: value - before[name]
                for name, value in counted().items()
                if value != before[name]}

    with store(batch_rows=32) as driver:
        saved = driver.save(1, 900_000)
        before = counted()
        saved += driver.save(4, 900_000)
        assert since(before) == {"Com_stmt_execute": 4, "Com_insert": 4}
    assert {one.verdict for one in saved} == {"STORED"}
    assert_exactly_once(database, saved)


def test_a_server_that_has_no_statement_left(database, store):
    most = database.query("SELECT @@max_prepared_stmt_count AS n")[0]["n"]
    with store(batch_rows=32) as driver:
        driver.save(1)
        database.query_server("SET GLOBAL max_prepared_stmt_count = 3")
        try:
            saved = [one for count in (*range(1, 9), *range(1, 9))
                     for one in driver.save(count)]
        finally:
            database.query_server(f"SET GLOBAL max_prepared_stmt_count={most}")
    assert {one.verdict for one in saved} == {"STORED"}


def test_a_lower_packet_is_no_fault_of_the_message(database, store):
    before = database.query("SELECT @@global.max_allowed_packet AS n")[0]["n"]
    with store(hold=300) as driver:
        assert driver.save(1, 3_000_000)[0].verdict == "STORED"
        database.query_server("SET GLOBAL max_allowed_packet = 2097152")
        try:
            for row in database.query("SHOW PROCESSLIST"):
                if row["User"] == "guerrilla":
                    database.query(f"KILL {row['Id']}")
            assert driver.save(1, 3_000_000)[0].verdict == "LATER"
            assert driver.connect()[1] == str(2 * 1024 * 1024 - 68 * 1024)
            assert driver.save(1, 1_000_000)[0].verdict == "STORED", \
                driver.log()
        finally:
            database.query_server(f"SET GLOBAL max_allowed_packet = {before}")


def test_a_pause_grows_until_something_is_stored(database, store):
    """A host that connects and then fails is left longer and longer."""
    def lines(driver):
        return driver.log().count("database is there")

    database.query(
        "CREATE TRIGGER broken BEFORE INSERT ON new_mail FOR EACH ROW "
        "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1290")
    with store(hold=4000) as driver:
        driver.save(1)
        # 50 ms doubled to 2 s, not 50 ms each time.
        assert lines(driver) < 20
