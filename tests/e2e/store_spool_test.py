# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail in an outage: spooled, replayed under the same ids, set aside where it
must be; and what expires."""
import contextlib
import os
import shutil
import subprocess
import time

import pytest

from support.stand_in import StandIn
from support.store_driver import assert_exactly_once, running
from support.waiting import wait_for


@pytest.fixture
def store(database, tmp_path, spool):
    def run(**settings):
        return running(database, tmp_path, **{
            "hold": 200, "spool": 1, "spool_dir": spool, **settings})
    return run


def files(spool, folder="new"):
    return sorted(path.name for path in (spool / folder).iterdir()
                  if path.name[0] != ".")


def fill(database, driver, count=5, recipients=2):
    """Messages that were spooled while the database was away."""
    driver.connect()
    database.mariadb.stop()
    saved = []
    for kind in ("plain", "emoji", "bytes"):
        saved += driver.save(count, 300, recipients, kind)
    saved += driver.save(1, 1_000_000, 3)
    assert {one.verdict for one in saved} == {"SPOOLED"}
    database.mariadb.start()
    return saved


def hashes(database):
    return [row["hash"] for row in database.rows(columns="`hash`")]


def wanted(saved, recipients=2):
    return sorted(f"{one.id[:28]}{n:04x}" for i, one in enumerate(saved)
                  for n in range(3 if i == len(saved) - 1 else recipients))


def test_an_outage_is_spooled_and_replayed(database, store, spool):
    with store() as driver:
        stored = driver.save(1, 300, 2, "bytes")
        saved = fill(database, driver)
        assert len(files(spool)) == len(saved)
        assert files(spool, "tmp") == []
        for name in files(spool):
            assert (spool / "new" / name).stat().st_mode & 0o777 == 0o600
        driver.ask("janitor 4")
        assert files(spool) == []
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
        driver.ask("janitor 3")
        assert hashes(database) == wanted(saved)
        for name, data in keep.items():
            (spool / "new" / name).write_bytes(data)
        driver.ask("janitor 3")
        assert files(spool) == []
        assert hashes(database) == wanted(saved)


@pytest.mark.slow
def test_replay_without_a_unique_id_looks_first(database, store, spool):
    database.query("ALTER TABLE new_mail DROP KEY `hash`, ADD KEY (`hash`)")
    with store() as driver:
        saved = fill(database, driver)
        keep = {name: (spool / "new" / name).read_bytes()
                for name in files(spool)}
        driver.ask("janitor 3")
        for name, data in keep.items():
            (spool / "new" / name).write_bytes(data)
        driver.ask("janitor 3")
    assert hashes(database) == wanted(saved)


def test_a_doubtful_commit_is_spooled_under_the_same_id(database, store,
                                                        spool):
    with store(timeout=1000, hold=1500) as driver:
        driver.save(2, 300, 2)
        database.mariadb.pause()
        saved = driver.save(2, 300, 2)
        database.mariadb.resume()
        assert {one.verdict for one in saved} == {"SPOOLED"}
        driver.ask("janitor 3")
        assert files(spool) == []
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
        driver.ask("janitor 4")
        assert files(spool) == []
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
        driver.ask("janitor 3")     # a start tries them again
        assert files(spool, "refused") == []
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


def spool_some(store, spool, death=0):
    """Mail of a worker whose database is away, which dies at a step."""
    with contextlib.suppress(AssertionError), \
            store(hosts=["127.0.0.1:1"], hold=0) as worker:
        worker.ask(f"die {death}")
        return worker.save(2, 300, 2)
    return []


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
        driver.ask("janitor 4")
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
            driver.ask("janitor 4")
            assert files(spool) == []
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


# ---- Retention ---------------------------------------------------------------

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
