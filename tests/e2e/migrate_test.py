# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/migrate brings every ancestor's table to the recommended one."""
import os
import subprocess

import pytest

from support.mariadb import TOP
from support.store_driver import running


def migrate(database, *options):
    return subprocess.run(
        [os.path.join(TOP, "scripts/migrate"), *options, database.name,
         "--no-defaults", "-S", database.mariadb.socket, "-u", "root"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)


@pytest.mark.parametrize("old", ["eleven_columns", "php_2_3", "go"])
def test_an_older_table(database, tmp_path, old):
    database.query("DROP TABLE new_mail")
    database.load(f"tests/support/tables/{old}.sql")
    with running(database, tmp_path) as driver:
        saved = driver.save(3, 300, 2)
        before = database.count()
    shown = migrate(database)
    assert shown.returncode == 0 and "ADD UNIQUE KEY" in shown.stdout
    assert "shown only" in shown.stdout
    assert migrate(database).stdout == shown.stdout     # nothing was done
    done = migrate(database, "--apply")
    assert done.returncode == 0, done.stdout
    assert "has all that it needs" in migrate(database).stdout
    assert database.count() == before
    with running(database, tmp_path) as driver:
        again = driver.save(1, 300, 1, "emoji")
        assert "remedy" not in driver.log()
        assert driver.connect()[2:4] == ["320", "1"]
    row = database.row("`hash` = %s", [again[0].id])
    assert row["subject"] == "\U0001f600 g\u00fcnstig"
    assert row["helo"] == row["subject"]
    assert saved[0].verdict == "STORED"


def test_the_recommended_tables_need_nothing(database):
    assert "has all that it needs" in migrate(database).stdout
    database.query("DROP TABLE new_mail")
    database.load("etc/schema-partitioned.sql")
    assert "has all that it needs" in migrate(database).stdout


def test_rows_that_are_there_twice_are_told(database):
    database.query("DROP TABLE new_mail")
    database.load("tests/support/tables/php_2_3.sql")
    for _ in range(2):
        database.query("INSERT INTO new_mail SET `date` = NOW(), `from` = '', "
                       "`to` = '', subject = '', body = '', charset = '', "
                       "mail = '', spam_score = 0, hash = 'x', content_type ="
                       " '', recipient = '', has_attach = 0, ip_addr = ''")
    done = migrate(database, "--apply")
    assert done.returncode != 0 and "more than once" in done.stdout
    assert database.count() == 2
    assert migrate(database, "--table", "none").returncode != 0


def test_what_changes_unseen_is_told(database):
    database.query("DROP TABLE new_mail")
    database.load("tests/support/tables/php_2_3.sql")
    shown = migrate(database).stdout
    assert "-- `to`: collation " in shown
    assert " becomes utf8mb4_bin" in shown
    assert "-- key `hash` is dropped: a unique one takes its place" in shown


def test_a_long_alter_tells_how_far_it_is(database):
    database.query("DROP TABLE new_mail")
    database.load("tests/support/tables/php_2_3.sql")
    with database.mariadb.connect(database.name) as holder:
        holder.begin()
        holder.cursor().execute("SELECT * FROM new_mail")
        with subprocess.Popen(
                [os.path.join(TOP, "scripts/migrate"), "--apply",
                 database.name, "--no-defaults", "-S",
                 database.mariadb.socket, "-u", "root"],
                stdout=subprocess.PIPE, text=True) as running:
            told = next(line for line in running.stdout
                        if line.startswith("-- still at it after"))
            holder.rollback()
            assert "metadata lock" in told
            assert "-- done" in running.stdout.read()
            assert running.wait(60) == 0
