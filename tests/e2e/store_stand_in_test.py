# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that the table of outcomes names, answered by a server at each
step of an exchange: what was called stored is there exactly once, nothing
else is, and mail that comes after is stored."""
import contextlib
import os
import shutil
import struct

import pytest

from support.mariadb import Database, MariaDB
from support.server import open_folder
from support.stand_in import ERRORS, Fault, StandIn
from support.store_driver import assert_exactly_once, running
from support.waiting import wait_for

# Of each action one, for every day.
SOME = [1213, 1290, 1461, 2013, 1062, 1406, 1146, 1114]
LARGE = 600_000                         # goes in pieces


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


def test_what_cost_the_connection_goes_alone(database, tmp_path, stand_in):
    """One of them may be the reason: the others must not be lost with it
    again and again. Two tables: the statement that is lost is no commit."""
    database.load("etc/schema-raw.sql")
    with running(database, tmp_path, hosts=[stand_in.host], hold=5000,
                 timeout=2000, raw_table="new_mail_raw") as driver:
        driver.save()
        fault = stand_in.set("execute", "cut")
        before = len(stand_in.queries(b"COMMIT"))
        saved = driver.save(5)
        assert fault.met == 1
        assert len(stand_in.queries(b"COMMIT")) - before == len(saved)
    assert {one.verdict for one in saved} == {"STORED"}


@pytest.mark.parametrize("key", ["UNIQUE KEY", "KEY"])
@pytest.mark.parametrize("step", ["execute", "commit"])
@pytest.mark.parametrize("error", [30001, 1180, 1030, 1105, pytest.param(
    1815, marks=pytest.mark.slow)] + [pytest.param(
        n, marks=pytest.mark.slow) for n in (
            1317, 1927, 2013, 3024, 9001, 9002, 9003, 9004, 9005)])
def test_done_but_told_otherwise(database, tmp_path, stand_in, error, step,
                                 key):
    """The server commits, and it or what stands between says that it failed.
    Whoever sends it again sends it twice."""
    database.query(f"ALTER TABLE new_mail DROP KEY `hash`, ADD {key} (`hash`)")
    one = exchange(database, tmp_path, stand_in, step, error, "late")
    assert one.verdict == "STORED"


def test_a_statement_is_prepared_once(database, tmp_path, stand_in):
    """For each number of rows, as long as the server has room for them."""
    with running(database, tmp_path, hosts=[stand_in.host], hold=1000,
                 batch_rows=40) as driver:
        saved = [one for n in [*range(1, 31)] * 2 for one in driver.save(n)]
        assert len(stand_in.times("prepare")) == 30
        assert stand_in.times("close") == []
        # 465 rows so far: the oldest statements make way for 40 and 39 more.
        saved += driver.save(40) + driver.save(39) + driver.save(30)
        assert len(stand_in.times("prepare")) == 32
        assert len(stand_in.times("close")) == 8
        saved += driver.save(9) + driver.save(8)
        assert len(stand_in.times("prepare")) == 33
    assert {one.verdict for one in saved} == {"STORED"}
    assert_exactly_once(database, saved)


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


# ---- Which server it was ------------------------------------------------------


def renaming(database, stand_in):
    """A call that makes it another server, by its name."""
    name = database.query("SELECT @@hostname AS n")[0]["n"].encode()

    def rename():
        stand_in.renamed = [(name, b"x" * len(name))]
    return rename


def test_a_second_lost_commit_waits_its_own_time(database, tmp_path, stand_in,
                                                 second):
    """Another server: what the first still commits may come late. One loses
    the commit and is away; so does the other, when its time has come."""
    renaming(database, second)()
    timeout = 1.5
    with running(database, tmp_path, hosts=[stand_in.host, second.host],
                 hold=30_000, timeout=int(timeout * 1000)) as driver:
        assert driver.save()[0].verdict == "STORED"
        first = stand_in.set("execute", "lost", then=stand_in.refuse)
        other = second.set("execute", "lost", then=second.refuse)
        driver.begin("save 1 100 1 plain")
        wait_for(lambda: other.met, 30, "the second loss")
        stand_in.is_refusing = False
        saved = driver.saved()
        assert saved[0].verdict == "STORED" and first.met == 1
        lost, = stand_in.times("execute")[1:2]
        lost_again, = second.times("execute")
        assert lost_again - lost >= timeout
        # The first is asked at once, and waits all the same.
        assert stand_in.times("execute")[2] - lost_again >= timeout
    assert database.count() == 2


@pytest.mark.parametrize("key", ["UNIQUE KEY", "KEY"])
def test_two_names_of_one_server_need_no_wait(database, tmp_path, stand_in,
                                              second, key):
    """Whatever the list calls it: what was lost there is settled here."""
    database.query(f"ALTER TABLE new_mail DROP KEY `hash`, ADD {key} (`hash`)")
    with running(database, tmp_path, hosts=[stand_in.host, second.host],
                 hold=20_000, timeout=600_000) as driver:
        saved = driver.save()
        stand_in.set("execute", "lost", then=stand_in.refuse)
        saved += driver.save()          # not in ten minutes
        assert second.times("prepare")
        assert bool(second.queries(b"KILL CONNECTION")) == (key == "KEY")
    assert {one.verdict for one in saved} == {"STORED"}
    assert_exactly_once(database, saved)


def test_a_wait_for_the_end_ends_with_its_connection(database, tmp_path,
                                                     stand_in):
    """The end of the lost connection is waited for, and that connection is
    lost too: the next one goes on, long before mysql.timeout."""
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    with running(database, tmp_path, hosts=[stand_in.host], hold=10_000,
                 timeout=60_000) as driver:
        saved = driver.save()
        lost_again = Fault("query", "cut", text=b"PROCESSLIST")
        stand_in.set("execute", "left", follower=lost_again)
        saved += driver.save()
        assert lost_again.met == 1
    assert {one.verdict for one in saved} == {"STORED"}
    assert_exactly_once(database, saved)


@pytest.mark.parametrize("key", ["UNIQUE KEY", "KEY"])
def test_one_name_of_two_servers_is_no_proof(database, tmp_path, stand_in,
                                             key):
    """A balancer leads elsewhere after the loss: a look there says nothing,
    and a repeat has to wait."""
    database.query(f"ALTER TABLE new_mail DROP KEY `hash`, ADD {key} (`hash`)")
    with running(database, tmp_path, hosts=[stand_in.host], hold=4000,
                 timeout=1500) as driver:
        saved = driver.save()
        stand_in.set("execute", "lost", then=renaming(database, stand_in))
        saved += driver.save()
        times = stand_in.times("execute")
        if key == "KEY":
            assert saved[1].verdict == "DOUBT" and len(times) == 2
            assert stand_in.queries(b"KILL CONNECTION") == []
        else:
            assert saved[1].verdict == "STORED"
            assert times[2] - times[1] >= 1.5
    assert_exactly_once(database, saved)


@pytest.mark.parametrize("before, after", [("UNIQUE KEY", "KEY"),
                                           ("KEY", "UNIQUE KEY")])
def test_a_key_that_changes_is_seen_when_it_matters(database, tmp_path,
                                                    stand_in, before, after):
    """Long before the connection is renewed."""
    database.query(
        f"ALTER TABLE new_mail DROP KEY `hash`, ADD {before} (`hash`)")
    with running(database, tmp_path, hosts=[stand_in.host], hold=20_000,
                 timeout=2000) as driver:
        saved = driver.save()
        read = len(stand_in.queries(b"information_schema.STATISTICS"))
        database.query(
            f"ALTER TABLE new_mail DROP KEY `hash`, ADD {after} (`hash`)")
        stand_in.set("execute", "lost")
        saved += driver.save()
        assert len(stand_in.queries(b"information_schema.STATISTICS")) > read
        looks = stand_in.queries(b"SELECT 1 FROM `new_mail`")
        assert len(looks) == (1 if after == "KEY" else 0)
        assert len(stand_in.times("execute")) == (2 if after == "KEY" else 3)
    assert {one.verdict for one in saved} == {"STORED"}
    assert_exactly_once(database, saved)


@pytest.fixture
def stepping(monkeypatch, top):
    """A MariaDB whose wall clock can be stepped: (it, step(seconds), restart),
    also after its restart."""
    folder = open_folder()
    shutil.copy(f"{top}/build/clock_jump.so", folder)
    jump = f"{folder}/jump"

    with open(jump, "wb") as file:
        file.write(struct.pack("q", 0))

    def step(seconds):
        with open(jump, "r+b") as file:         # it is mapped: never empty
            file.write(struct.pack("q", seconds))

    def start():
        with monkeypatch.context() as environment:
            environment.setenv("CLOCK_JUMP_FILE", jump)
            environment.setenv("LD_PRELOAD", f"{folder}/clock_jump.so")
            mariadb.start()

    def restart():
        mariadb.kill()
        start()
    mariadb = MariaDB(f"clock-{os.getpid()}")
    start()
    yield mariadb, step, restart
    mariadb.remove()
    shutil.rmtree(folder)


@pytest.mark.slow
def test_a_step_of_the_clock_is_no_restart_of_the_server(stepping, tmp_path):
    """What was lost is ended before it is looked for, in a step of a minute;
    after a restart its number may be another's."""
    mariadb, step, restart = stepping
    database = Database(mariadb, "test_clock")
    database.load("etc/schema.sql")
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    stand_in = StandIn(mariadb.socket)

    def lose(then):
        before = len(stand_in.queries(b"KILL CONNECTION"))
        stand_in.set("execute", "lost", then=then)
        saved = driver.save()
        assert saved[0].verdict == "STORED"
        return len(stand_in.queries(b"KILL CONNECTION")) - before

    with contextlib.closing(stand_in), running(
            database, tmp_path, hosts=[stand_in.host], hold=90_000) as driver:
        driver.save()
        now = database.query("SELECT UNIX_TIMESTAMP() AS n")[0]["n"]
        step(60)
        assert database.query(
            "SELECT UNIX_TIMESTAMP() AS n")[0]["n"] >= now + 60
        assert lose(lambda: step(120)) == 1
        assert lose(lambda: step(100)) == 1
        assert lose(restart) == 0
        assert database.count() == 4


@pytest.mark.slow
def test_a_key_that_is_dropped_in_the_wait_is_missed(database, tmp_path,
                                                     stand_in, second):
    """What waits for its time on another server is not repeated then."""
    renaming(database, second)()
    with running(database, tmp_path, hosts=[stand_in.host, second.host],
                 hold=12_000, timeout=8000) as driver:
        saved = driver.save()
        stand_in.set("execute", "lost", then=stand_in.refuse)
        driver.begin("save 1 100 1 plain")
        wait_for(lambda: second.times("prepare"), 6, "the other server")
        database.query("ALTER TABLE new_mail DROP KEY `hash`, "
                       "ADD KEY (`hash`)")
        saved += driver.saved()
        assert saved[1].verdict == "DOUBT" and not second.times("execute")
    assert_exactly_once(database, saved)


# ---- The end of the process ---------------------------------------------------


def test_at_the_end_what_timed_out_is_not_tried_again(database, tmp_path,
                                                      stand_in):
    with running(database, tmp_path, hosts=[stand_in.host], hold=4000,
                 timeout=1000) as driver:
        assert driver.save()[0].verdict == "STORED"
        fault = stand_in.set("execute", "hang", times=3)
        driver.ask("stop_at 60000")
        assert driver.save()[0].verdict == "DOUBT"
        assert fault.met == 1


def test_after_the_end_no_statement_is_begun(database, tmp_path, stand_in):
    with running(database, tmp_path, hosts=[stand_in.host],
                 hold=300) as driver:
        assert driver.save()[0].verdict == "STORED"
        driver.ask("stop_at 0")
        before = len(stand_in.seen)
        assert driver.save()[0].verdict == "LATER"
        assert len(stand_in.seen) == before
    assert database.count() == 1


# ---- A message that one host has no room for ------------------------------------


@pytest.mark.parametrize("lowered", ["told", "real"])
def test_a_host_with_room_is_found(database, tmp_path, stand_in, second,
                                   lowered):
    """The first takes 2 MB at most: by its own word, or by an error."""
    most = database.query("SELECT @@max_allowed_packet AS n")[0]["n"]
    small = str(2 * 1024 * 1024).rjust(len(str(most)), "0").encode()
    with running(database, tmp_path, hosts=[stand_in.host, second.host],
                 hold=0) as driver:
        if lowered == "told":
            stand_in.renamed = [(str(most).encode(), small)]
        else:
            stand_in.set("execute", "error", 1153)
        saved = driver.save(1, 3_000_000)
        assert saved[0].verdict == "STORED", driver.log()
        assert "execute" in [one.kind for one in second.seen]
        # What no host has room for is an error of the storage, not of size.
        second.renamed = stand_in.renamed = [(str(most).encode(), small)]
        for one in stand_in, second:
            one.interject(1927, True)
        assert driver.save(1, 4_000_000)[0].verdict == "LATER"
        saved += driver.save(1, 100_000)
    assert [one.verdict for one in saved] == ["STORED"] * 2
    assert_exactly_once(database, saved)
