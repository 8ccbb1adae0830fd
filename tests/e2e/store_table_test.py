# SPDX-License-Identifier: GPL-3.0-or-later
"""Every table of the family takes every mail; what a table cannot hold is
mended or cut, never an error; and what is wrong with a table is said."""
import time

import pytest

from support.mariadb import Database
from support.store_driver import assert_exactly_once, running

KINDS = ("plain", "emoji", "bytes", "broken")
RAW = {"plain": b"plain\r\n",
       "emoji": "\U0001f600 g\u00fcnstig\r\n".encode(),
       "bytes": b"\xff\xfe\x80 \xc3\xa4 \xf0\x9f\x98\x80\r\n",
       "broken": b"\xff\r\n"}


@pytest.fixture
def store(database, tmp_path):
    def run(**settings):
        return running(database, tmp_path, hold=1000, **settings)
    return run


def table(database, file):
    database.query("DROP TABLE new_mail")
    database.load(f"tests/support/tables/{file}.sql")


def sent(kind, least=200):
    """The raw message that the driver makes."""
    return RAW[kind] * -(-least // len(RAW[kind]))


def save_kinds(database, driver):
    rows = {}
    for kind in KINDS:
        saved = driver.save(1, 200, 2, kind)
        assert [one.verdict for one in saved] == ["STORED"], kind
        rows[kind] = database.rows("`hash` LIKE %s", [saved[0].id[:28] + "%"])
        assert len(rows[kind]) == 2
    return rows


def test_the_recommended_table_keeps_every_byte(database, store):
    with store() as driver:
        rows = save_kinds(database, driver)
        assert driver.connect()[3] == "1"           # UTF-8 addresses
    for kind in KINDS:
        for n, row in enumerate(rows[kind]):
            assert row["mail"] == f"Delivered-To: user{n}\r\n".encode() \
                + sent(kind)
            assert row["to"] == f"user{n}@example.com"
            assert row["recipient"] == f"User{n}@Example.com"
            assert row["ip_addr"] == bytes([192, 0, 2, 7])
            assert row["return_path"] == "sender@example.org"
            assert row["size"] == len(sent(kind))
            assert (row["has_attach"], row["is_tls"]) == (1, 0)
            assert row["spam_score"] == 1.5
    assert rows["emoji"][0]["subject"] == "\U0001f600 g\u00fcnstig"
    assert rows["broken"][0]["helo"] == "\ufffd" * 4 + " ok"


def test_the_date_is_utc_whatever_the_server_thinks(database, store):
    database.query_server("SET GLOBAL time_zone = '+09:00'")
    try:
        with store() as driver:
            driver.save()
    finally:
        database.query_server("SET GLOBAL time_zone = 'SYSTEM'")
    row = database.row()
    stamp = int(row["hash"][:12], 16) / 1000
    assert row["date"].timestamp() - time.timezone == int(stamp)


def test_eleven_columns_of_text(database, store):
    table(database, "eleven_columns")
    with store() as driver:
        rows = save_kinds(database, driver)
        assert driver.connect()[3] == "0"
        assert "MODIFY `mail` LONGBLOB" in driver.log()
        assert "ADD UNIQUE KEY" in driver.log()
    assert rows["emoji"][0]["subject"] == "\ufffd g\u00fcnstig"
    assert rows["emoji"][0]["mail"] == "Delivered-To: user0\r\n" + \
        sent("emoji").decode().replace("\U0001f600", "\ufffd")
    assert rows["bytes"][0]["mail"].startswith(
        "Delivered-To: user0\r\n\ufffd\ufffd\ufffd \u00e4 \ufffd\r\n")


def test_php_2_3(database, store):
    table(database, "php_2_3")
    with store() as driver:
        rows = save_kinds(database, driver)
    assert rows["bytes"][0]["mail"].endswith(sent("bytes"))
    assert rows["emoji"][1]["ip_addr"] == "192.0.2.7"


def test_go(database, store):
    table(database, "go")
    with store() as driver:
        rows = save_kinds(database, driver)
        assert "column is narrow" in driver.log()
    assert rows["emoji"][0]["ip_addr"] == bytes([192, 0, 2, 7])
    assert rows["emoji"][0]["is_tls"] == b"\0"
    assert rows["emoji"][0]["body"] == "\ufffd g\u00fcnstig"


def test_latin1_columns_hold_raw_bytes_and_convert_text(database, store):
    database.query("ALTER TABLE new_mail CONVERT TO CHARACTER SET latin1")
    database.query("ALTER TABLE new_mail MODIFY mail LONGTEXT NOT NULL")
    with store() as driver:
        save_kinds(database, driver)
    row = database.row("subject LIKE '%%nstig' AND `to` LIKE 'user0%%'")
    assert row["subject"] == "? g\u00fcnstig"
    raw = database.rows("subject = '\u00e4'",
                        columns="CAST(mail AS BINARY) AS mail")
    assert raw[0]["mail"].endswith(sent("bytes"))


@pytest.mark.parametrize("charset", ["ascii", "koi8r", "cp1251", "ucs2",
                                     "utf8mb3", "gbk", "utf16"])
def test_every_character_set_takes_every_mail(database, store, charset):
    database.query(f"ALTER TABLE new_mail CONVERT TO CHARACTER SET {charset}")
    database.query("ALTER TABLE new_mail MODIFY mail LONGTEXT NOT NULL")
    with store() as driver:
        save_kinds(database, driver)


@pytest.mark.parametrize("how, error", [("cut", 0), ("error", 1317)])
@pytest.mark.parametrize("stretch", [0, 1, 15])
def test_a_character_set_is_learned_whole(database, store, stand_in, how,
                                          error, stretch):
    """Its characters are asked for by stretches: whatever happens to one, the
    letters that the column has are stored."""
    database.query("ALTER TABLE new_mail CONVERT TO CHARACTER SET latin2")
    lost = stand_in.set("query", how, error, text=b"CONVERT(CONVERT(",
                        skip=stretch)
    with store(hosts=[stand_in.host]) as driver:
        assert driver.save(1, 200, 1)[0].verdict == "STORED"
        assert lost.met == 1
        # The table is read once more, as it is each time something changes.
        stand_in.set("execute", "error", 1054)
        assert driver.save(1, 200, 1, "emoji")[0].verdict == "STORED"
        assert driver.save(1, 200, 1, "emoji")[0].verdict == "STORED"
    subjects = [row["subject"] for row in database.rows(
        "subject LIKE '%%nstig'")]
    assert subjects == ["? g\u00fcnstig"] * 2
    asked = stand_in.queries(b"CONVERT(CONVERT(")
    assert len(asked) == 16 + 1


def test_all_widths_are_respected(database, store):
    for column in ("from", "subject", "charset", "content_type", "helo",
                   "message_id", "return_path"):
        database.query(f"ALTER TABLE new_mail MODIFY `{column}` varchar(3) "
                       "NOT NULL")
    database.query("ALTER TABLE new_mail MODIFY body tinytext NOT NULL, "
                   "MODIFY size smallint NOT NULL, "
                   "MODIFY ip_addr int unsigned NOT NULL")
    with store() as driver:
        rows = save_kinds(database, driver)
        assert driver.save(1, 100_000)[0].verdict == "STORED"
    assert rows["emoji"][0]["subject"] == "\U0001f600 g"
    assert rows["emoji"][0]["ip_addr"] == 0xc0000207
    assert database.rows("size = 32767")


def test_a_number_may_live_in_a_text_column(database, store):
    database.query("ALTER TABLE new_mail MODIFY size varchar(20) NOT NULL, "
                   "MODIFY has_attach char(1) NOT NULL, "
                   "MODIFY `date` bigint NOT NULL")
    with store() as driver:
        saved = driver.save(1, 200)[0]
    row = database.row()
    assert (row["size"], row["has_attach"]) == ("203", "1")
    assert row["date"] == int(saved.id[:12], 16) // 1000


# A peer on a unix socket counts as the last.
IPV4, IPV6, UNIX = "192.0.2.7", "2001:db8::7", "127.0.0.1"
BYTES = {IPV4: bytes([192, 0, 2, 7]), UNIX: bytes([127, 0, 0, 1]),
         IPV6: bytes.fromhex("20010db8000000000000000000000007")}
TEXT = {IPV4: "192.0.2.7", UNIX: "127.0.0.1", IPV6: "2001:db8::7"}


@pytest.mark.parametrize("kind, expected", [
    ("varbinary(16)", BYTES), ("blob", BYTES), ("varchar(45)", TEXT),
    ("text", TEXT), ("varchar(39) CHARACTER SET ascii", TEXT),
    ("binary(16)", {key: value.ljust(16, b"\0")
                    for key, value in BYTES.items()}),
    ("varbinary(4)", {**BYTES, IPV6: b""}),
    ("varchar(15)", {**TEXT, IPV6: "2001:db8::7"}),
    ("char(10)", {IPV4: "192.0.2.7", UNIX: "127.0.0.1", IPV6: ""}),
    ("int unsigned", {IPV4: 0xc0000207, UNIX: 0x7f000001, IPV6: 0}),
    ("bigint", {IPV4: 0xc0000207, UNIX: 0x7f000001, IPV6: 0}),
    ("int", {IPV4: 0, UNIX: 0x7f000001, IPV6: 0}),
    ("inet4", {**TEXT, IPV6: "0.0.0.0"}),
    ("inet6", {IPV4: "::ffff:192.0.2.7", UNIX: "::ffff:127.0.0.1",
               IPV6: "2001:db8::7"}),
])
def test_every_kind_of_address_column(database, store, kind, expected):
    database.query("ALTER TABLE new_mail DROP COLUMN ip_addr, "
                   f"ADD COLUMN ip_addr {kind} NOT NULL")
    for peer, value in expected.items():
        with store(client=peer) as driver:
            saved = driver.save()[0]
            assert saved.verdict == "STORED", driver.log()
            row = database.row("`hash` = %s", [saved.id])
            assert row["ip_addr"] == value
            has_room = kind.startswith(("varbinary(16)", "binary", "blob",
                                        "text", "varchar(4", "varchar(39",
                                        "inet6"))
            assert ("no room for IPv6" in driver.log()) == (not has_room)


@pytest.mark.parametrize("change, what", [
    ("DROP COLUMN hash", "hash"),
    ("DROP COLUMN `to`", "`to`"),
    ("DROP COLUMN mail", "mail"),
    ("ADD COLUMN folder int NOT NULL", "folder"),
    ("MODIFY hash char(16) NOT NULL", "hash"),
])
def test_a_table_that_will_not_do_is_named(database, store, change, what):
    database.query(f"ALTER TABLE new_mail {change}")
    with store() as driver:
        assert driver.connect()[0] == "down"
        saved = driver.save()
        assert saved[0].verdict == "LATER"
        assert what in driver.log()
        database.query("DROP TABLE new_mail")
        database.load("etc/schema.sql")
        time.sleep(2.1)
        assert driver.save()[0].verdict == "STORED"
    assert database.count() == 1


@pytest.mark.parametrize("change", [
    "ADD COLUMN folder int NOT NULL DEFAULT 0",
    "ADD COLUMN folder int",
    "ADD COLUMN box enum('in','out') NOT NULL",
    "ADD COLUMN seen timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "ADD COLUMN small varchar(20) GENERATED ALWAYS AS (left(`to`, 20)) STORED",
    "DROP COLUMN subject, DROP COLUMN body, DROP COLUMN size",
    "DROP COLUMN ip_addr, ADD COLUMN ip_addr inet6 NOT NULL",
    "RENAME COLUMN `helo` TO `HELO`",
    "ENGINE = Aria",
])
def test_columns_of_others_do_no_harm(database, store, change):
    database.query(f"ALTER TABLE new_mail {change}")
    with store() as driver:
        saved = driver.save(3, 100, 3)
        assert {one.verdict for one in saved} == {"STORED"}
    assert_exactly_once(database, saved, 3)


@pytest.mark.parametrize("change, remedy", [
    ("DROP KEY `hash`", "ALTER TABLE `new_mail` ADD UNIQUE KEY (`hash`)"),
    ("MODIFY mail LONGTEXT NOT NULL",
     "ALTER TABLE `new_mail` MODIFY `mail` LONGBLOB NOT NULL"),
    ("CONVERT TO CHARACTER SET utf8mb3",
     "ALTER TABLE `new_mail` CONVERT TO CHARACTER SET utf8mb4")])
def test_a_weak_table_is_named_once_with_its_remedy(database, store, change,
                                                    remedy):
    database.query(f"ALTER TABLE new_mail {change}")
    with store() as driver:
        assert driver.save()[0].verdict == "STORED"
        driver.connect()
        assert driver.log().count(remedy) == 1
    database.query(remedy)
    with store() as driver:
        assert driver.save()[0].verdict == "STORED"
        assert remedy not in driver.log()


def test_the_table_may_change_while_running(database, store):
    with store() as driver:
        saved = driver.save(2)
        database.query("ALTER TABLE new_mail DROP COLUMN subject")
        saved += driver.save(2)
        database.query("UPDATE new_mail SET body = ''")
        database.query("ALTER TABLE new_mail MODIFY body varchar(2) NOT NULL")
        saved += driver.save(2)
        database.query("RENAME TABLE new_mail TO old_mail")
        refused = driver.save(2)
        database.query("RENAME TABLE old_mail TO new_mail")
        time.sleep(0.2)
        saved += driver.save(2)
        database.query("ALTER TABLE new_mail ADD COLUMN x int NOT NULL")
        refused += driver.save(2)
        database.query("ALTER TABLE new_mail DROP COLUMN x")
        time.sleep(0.3)
        saved += driver.save(2)
    assert {one.verdict for one in saved} == {"STORED"}
    assert {one.verdict for one in refused} == {"LATER"}
    assert_exactly_once(database, saved + refused)


def test_a_right_that_is_taken_away(database, store):
    database.query_server("CREATE OR REPLACE USER poor@localhost")
    database.query_server(f"GRANT SELECT ON {database.name}.* TO "
                          "poor@localhost")
    try:
        with store(user="poor") as driver:
            assert driver.save()[0] [1:] == ("LATER", 1142)
            database.query_server(f"GRANT INSERT ON {database.name}.* TO "
                                  "poor@localhost")
            time.sleep(0.2)
            assert driver.save()[0].verdict == "STORED"
    finally:
        database.query_server("DROP USER poor@localhost")


def test_insert_alone_is_right_enough(database, store):
    database.query_server("CREATE OR REPLACE USER poor@localhost")
    database.query_server(f"GRANT INSERT ON {database.name}.new_mail TO "
                          "poor@localhost")
    try:
        with store(user="poor") as driver:
            assert driver.save(3)[0].verdict == "STORED"
    finally:
        database.query_server("DROP USER poor@localhost")


def test_one_bad_message_takes_no_other_with_it(database, store):
    database.query("CREATE TRIGGER picky BEFORE INSERT ON new_mail FOR EACH "
                   "ROW IF NEW.`to` = 'user1@example.com' THEN SIGNAL "
                   "SQLSTATE '45000'; END IF")
    with store() as driver:
        good = driver.save(3)
        bad = driver.save(1, 100, 2)
        driver.begin("load 0.05 6 100")     # of 1, 2 and 3 recipients
        mixed = driver.saved()
    assert {one.verdict for one in good} == {"STORED"}
    assert bad[0][1:] == ("LATER", 1644)
    for n, one in enumerate(mixed):
        assert one.verdict == ("STORED" if n % 3 == 0 else "LATER")
    assert database.count() == 3 + sum(
        one.verdict == "STORED" for one in mixed)


def test_another_unique_key_is_not_taken_for_ours(database, store):
    database.query("ALTER TABLE new_mail ADD UNIQUE KEY (`to`)")
    with store() as driver:
        assert driver.save()[0].verdict == "STORED"
        assert driver.save()[0][1:] == ("LATER", 1062)
        assert [one.verdict for one in driver.save(2)] == ["LATER"] * 2
    assert database.count() == 1


def test_sizes_follow_from_the_table_and_the_packet(database, store):
    before = database.query("SELECT @@global.max_allowed_packet AS n")[0]["n"]
    database.query("SET GLOBAL max_allowed_packet = 16 * 1024 * 1024")
    with store() as driver:
        assert driver.connect()[1] == str(16 * 1024 * 1024 - 68 * 1024)
        assert driver.save(1, 16_600_000)[0].verdict == "STORED"
        assert driver.save(1, 17_000_000)[0].verdict == "LATER"
    database.query("ALTER TABLE new_mail MODIFY mail mediumblob NOT NULL")
    database.query("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024")
    try:
        with store() as driver:
            assert driver.connect()[1] == str(2 ** 24 - 1 - 4096)
        database.query("TRUNCATE TABLE new_mail")
        database.query("ALTER TABLE new_mail MODIFY mail blob NOT NULL")
        with store() as driver:
            assert driver.connect()[1] == str(65535 - 4096)
            assert driver.save(1, 70_000)[0].verdict == "LATER"
            assert "LONGBLOB" in driver.log()
    finally:
        database.query(f"SET GLOBAL max_allowed_packet = {before}")


def test_rows_beyond_transaction_bytes_are_too_big(database, store):
    with store(transaction_bytes=3_000_000) as driver:
        assert driver.save(1, 500_000, 5)[0].verdict == "STORED"
        assert driver.save(1, 500_000, 7)[0].verdict == "TOO_BIG"
        assert driver.save(1, 700_000, 4)[0].verdict == "STORED"
    assert database.count() == 9


def test_a_hundred_recipients_are_one_transaction(database, store):
    database.query("CREATE TRIGGER late BEFORE INSERT ON new_mail FOR EACH "
                   "ROW IF NEW.`to` = 'user99@example.com' THEN SIGNAL "
                   "SQLSTATE '45000'; END IF")
    with store() as driver:
        assert driver.save(1, 20_000, 100)[0].verdict == "LATER"
        assert database.count() == 0
        assert driver.save(1, 20_000, 99)[0].verdict == "STORED"
    assert database.count() == 99


def test_views_and_partitions(database, store):
    database.query("RENAME TABLE new_mail TO real_mail")
    database.query("CREATE VIEW new_mail AS SELECT `date`, `to`, hash, mail, "
                   "subject FROM real_mail")
    database.query("ALTER TABLE real_mail "
                   + ", ".join(f"ALTER {c} SET DEFAULT ''" for c in (
                       "`from`", "charset", "content_type", "recipient",
                       "ip_addr", "return_path", "helo", "message_id",
                       "reply_to", "sender"))
                   + ", ALTER spam_score SET DEFAULT 0, ALTER has_attach SET "
                   "DEFAULT 0, ALTER is_tls SET DEFAULT 0, ALTER size SET "
                   "DEFAULT 0, MODIFY body mediumtext")
    with store() as driver:
        assert driver.save(2, 100, 2)[0].verdict == "STORED"
    assert database.query("SELECT COUNT(*) AS n FROM real_mail")[0]["n"] == 4
    database.query("DROP VIEW new_mail")
    database.load("etc/schema-partitioned.sql")
    with store() as driver:
        assert driver.save(2, 100, 2)[0].verdict == "STORED"
        assert "UNIQUE" not in driver.log()
    assert database.count() == 4


def test_questions(database, store):
    database.query("CREATE TABLE users (address varchar(320))")
    database.query("INSERT INTO users VALUES ('a@x.example'), ('b@y.example')")
    with store(recipient_query="SELECT 1 FROM users WHERE address = ?",
               domains_query="SELECT DISTINCT SUBSTRING_INDEX(address, '@', "
               "-1) FROM users ORDER BY 1") as driver:
        assert driver.ask("recipient a@x.example")[-1] == ["done", "1", "0"]
        assert driver.ask("recipient c@x.example")[-1] == ["done", "0", "0"]
        assert driver.ask("domains") == [["domain", "x.example"],
                                         ["domain", "y.example"],
                                         ["done", "1"]]
        assert driver.save()[0].verdict == "STORED"
        database.query("DROP TABLE users")
        assert driver.ask("recipient a@x.example")[-1] == ["done", "-1", "-1"]
        assert driver.ask("domains")[-1] == ["done", "0"]
        database.query("CREATE TABLE users AS SELECT 'a@x.example' address")
        assert driver.ask("recipient a@x.example")[-1] == ["done", "1", "0"]
        assert driver.save()[0].verdict == "STORED"


def test_two_databases_do_not_mix(mariadb, database, store):
    other = Database(mariadb, database.name + "_b")
    try:
        with store() as driver:
            driver.save(2)
        assert database.count() == 2
    finally:
        other.drop()
