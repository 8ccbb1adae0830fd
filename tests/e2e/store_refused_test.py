# SPDX-License-Identifier: GPL-3.0-or-later
"""Spooled mail that the table refuses: one message, some, or all."""
import os
import shutil
import time

import pytest

from support.spool import files, fill, hashes, spool_some, wanted
from support.waiting import wait_for


PICKY = ("CREATE TRIGGER picky BEFORE INSERT ON new_mail FOR EACH ROW "
         "IF NEW.subject LIKE %s THEN SIGNAL SQLSTATE '45000'{errno}; END IF")


def test_a_fault_of_the_table_sets_nothing_aside(database, store, spool):
    """Every message is refused, and longer than one may be: when the trigger
    is mended they are all stored at once."""
    with store(set_aside=1000) as driver:
        saved = fill(database, driver)
        database.query(PICKY.format(errno=""), ["%"])
        with driver.janitor():
            wait_for(lambda: "takes no spooled mail" in driver.log(), 30,
                     "the line")
            time.sleep(3)               # three times set_aside
            assert len(files(spool)) == len(saved)
            database.query("DROP TRIGGER picky")
            wait_for(lambda: not files(spool), 8, "an empty spool")
        assert files(spool, "refused") == []
    assert hashes(database) == wanted(saved)


def test_what_is_refused_alone_is_set_aside_and_tried_again(database, store,
                                                            spool):
    with store(set_aside=2000) as driver, \
            store(hosts=["127.0.0.1:1"], hold=0) as other:
        saved = fill(database, driver)
        picky = {one.id for one in saved[5:10]}
        database.query(PICKY.format(errno=""), ["%nstig"])
        more = []
        with driver.janitor():
            while set(files(spool, "refused")) != picky:
                # Others pass, one now and then: else nobody could know.
                more += other.save(1)
                wait_for(lambda: not {one.id for one in more} &
                         set(files(spool)), 20, "others to pass")
        assert files(spool) == []
        stored = hashes(database)
        database.query("DROP TRIGGER picky")
        with driver.janitor():      # a start tries them again
            wait_for(lambda: not files(spool, "refused") and
                     not files(spool), 20, "the empty folders")
    assert len(hashes(database)) == len(stored) + 2 * len(picky)


@pytest.mark.parametrize("errno", [30001, 1526, 1142, 1146, 2013])
def test_a_file_that_ends_the_connection_is_stepped_over(database, store,
                                                         spool, errno):
    with store() as driver:
        saved = fill(database, driver)
        picky = sorted(one.id for one in saved[5:10])
        database.query(PICKY.format(errno=f" SET MYSQL_ERRNO = {errno}"),
                       ["%nstig"])
        with driver.janitor():
            wait_for(lambda: files(spool) == picky, 28, "the others' way")
            database.query("DROP TRIGGER picky")
            wait_for(lambda: not files(spool), 8, "an empty spool")
    assert hashes(database) == wanted(saved)


def test_a_message_from_the_future_does_not_stop_the_others(
        database, store, spool, top):
    """No partition takes it: 1526."""
    database.query("DROP TABLE new_mail")
    database.load("etc/schema-partitioned.sql")
    database.query("ALTER TABLE new_mail PARTITION BY RANGE COLUMNS (`date`) "
                   "(PARTITION p VALUES LESS THAN ('2026-01-01'))")
    with store() as driver:
        late = spool_some(store, spool)
        shutil.copy(os.path.join(top, "tests/spool/2/all_fields.spool"),
                    spool / "new" / "ffff")
        with driver.janitor():
            wait_for(lambda: "ffff" not in files(spool), 18,
                     "the other's way")
        assert files(spool) == sorted(one.id for one in late)
    assert database.count() == 4


@pytest.mark.slow
def test_a_missing_table_is_waited_for(database, store, spool):
    with store() as driver:
        saved = fill(database, driver)
        database.query("RENAME TABLE new_mail TO away")
        driver.ask("janitor 2")
        assert len(files(spool)) == len(saved)
        assert files(spool, "refused") == []
        more = driver.save(2, 300, 2)
        assert {one.verdict for one in more} == {"SPOOLED"}
        database.query("RENAME TABLE away TO new_mail")
        driver.ask("janitor 5")
    assert hashes(database) == sorted(wanted(saved) + [
        f"{one.id[:28]}{n:04x}" for one in more for n in range(2)])
