# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that the table of outcomes names, answered by a server at each
step of an exchange: what was called stored is there exactly once, nothing
else is, and mail that comes after is stored."""
import os
import re

import pytest

from support.mariadb import TOP
from support.stand_in import StandIn
from support.store_driver import assert_exactly_once, running
from support.waiting import wait_for

with open(os.path.join(TOP, "src/store/outcome.c"), encoding="utf-8") as file:
    TABLE = dict(re.findall(r"\{ (\d+), ACTION_(\w+), ", file.read()))
ERRORS = sorted(map(int, TABLE)) + [1644, 2000, 2014, 5013, 30001]
# Of each action one, for every day.
SOME = [1213, 1290, 1461, 2013, 1062, 1406, 1146, 1114]
LARGE = 600_000                         # goes in pieces


@pytest.fixture
def stand_in(database):
    made = StandIn(database.mariadb.socket)
    yield made
    made.close()


@pytest.fixture
def second(database):
    made = StandIn(database.mariadb.socket)
    yield made
    made.close()


def exchange(database, tmp_path, stand_in, step, error, how="error"):
    """The fault meets a batch of three, or a large mail; innocents follow."""
    size = LARGE if step == "long_data" else 100
    with running(database, tmp_path, hosts=[stand_in.host], hold=5000,
                 timeout=2000) as driver:
        saved = [] if step == "connect" else driver.save(2, size)
        kind, text, recipients = step, b"", 1
        if step == "commit":            # of several statements
            kind, text, recipients = "query", b"COMMIT", 40
        elif step == "prepare":
            text = b"INSERT"
            recipients = 3
        elif step == "long_data" and how == "error":
            kind = "execute"            # where its error is told
        fault = stand_in.set(kind, how, error, text=text)
        saved_many = driver.save(1, size, recipients)
        assert fault.met == 1, stand_in.seen
        stand_in.clear()

        def flows():
            saved.extend(driver.save())
            return saved[-1].verdict == "STORED"
        wait_for(flows, 10, "mail flows again")
        log = driver.log()
    alone = {row["hash"] for row in database.rows(columns="`hash`")}
    for one in saved_many:
        own = {h for h in alone if h[:28] == one.id[:28]}
        if one.verdict == "STORED":
            assert len(own) == recipients, f"{one}\n{log}"
        elif one.verdict != "DOUBT":
            assert not own, f"{one}\n{log}"
        else:
            assert len(own) in (0, recipients)
        database.query("DELETE FROM new_mail WHERE `hash` LIKE %s",
                       [one.id[:28] + "%"])
    assert_exactly_once(database, saved)
    return saved_many[0]


STEPS = ("connect", "prepare", "execute", "long_data", "commit")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", SOME)
def test_an_error_at_each_step(database, tmp_path, stand_in, step, error):
    one = exchange(database, tmp_path, stand_in, step, error)
    # What is not stored has an error that only says so itself.
    assert one.verdict == "STORED" or one.error == error


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [e for e in ERRORS if e not in SOME])
def test_every_error_at_each_step(database, tmp_path, stand_in, step, error):
    exchange(database, tmp_path, stand_in, step, error)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", ["cut", "lost", "hang"])
def test_no_answer_at_each_step(database, tmp_path, stand_in, step, how):
    if how == "lost" and step in ("connect", "long_data"):
        how = "cut"                     # there is no answer to lose
    one = exchange(database, tmp_path, stand_in, step, 0, how)
    assert one.verdict == "STORED"


@pytest.mark.slow
@pytest.mark.parametrize("error", [1105, 1317, 1927, 2013, 3024, 9001,
                                   9002, 9003, 9004, 9005])
def test_done_but_told_otherwise(database, tmp_path, stand_in, error):
    """The server commits, and what stands between says that it failed."""
    one = exchange(database, tmp_path, stand_in, "execute", error, "late")
    assert one.verdict in ("STORED", "LATER")


# ---- Statements that never come back -----------------------------------------


@pytest.mark.parametrize("key", ["UNIQUE KEY", "KEY"])
def test_time_outs_are_counted_with_and_without_a_key(database, tmp_path, key,
                                                      stand_in):
    database.query(f"ALTER TABLE new_mail DROP KEY `hash`, ADD {key} (`hash`)")
    with running(database, tmp_path, hosts=[stand_in.host], hold=60_000,
                 timeout=1000) as driver:
        assert driver.save()[0].verdict == "STORED"
        fault = stand_in.set("execute", "hang", times=3)
        assert driver.save()[0].verdict == "LATER"
        assert fault.met == 2
        assert "timed out twice" in driver.log()
        stand_in.clear()
        assert driver.save()[0].verdict == "STORED"
    assert database.count() == 2


def test_what_was_held_long_enough_is_not_tried_again(database, tmp_path,
                                                      stand_in):
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    with running(database, tmp_path, hosts=[stand_in.host], hold=300,
                 timeout=1000) as driver:
        assert driver.save()[0].verdict == "STORED"
        fault = stand_in.set("execute", "hang", times=3)
        assert driver.save()[0].verdict in ("LATER", "DOUBT")
        assert fault.met == 1
        stand_in.clear()
        assert driver.save()[0].verdict == "STORED"
    assert database.count() == 2


def test_a_second_lost_commit_waits_its_own_time(database, tmp_path, stand_in,
                                                 second):
    """Another server: what the first still commits may come late."""
    name = database.query("SELECT @@hostname AS n")[0]["n"].encode()
    second.renamed = (name, b"x" * len(name))
    with running(database, tmp_path, hosts=[stand_in.host, second.host],
                 hold=9000, timeout=2000) as driver:
        assert driver.save()[0].verdict == "STORED"
        stand_in.set("execute", "lost")
        saved = driver.save()
        assert saved[0].verdict == "STORED"
    assert database.count() == 2
