# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in a spool, and mail that gets there."""
import contextlib

from support.waiting import wait_for


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


def replay(driver, spool):
    """A janitor works until nothing waits there."""
    with driver.janitor():
        wait_for(lambda: not files(spool), 20, "an empty spool")


def hashes(database):
    return [row["hash"] for row in database.rows(columns="`hash`")]


def wanted(saved, recipients=2):
    return sorted(f"{one.id[:28]}{n:04x}" for i, one in enumerate(saved)
                  for n in range(3 if i == len(saved) - 1 else recipients))


def spool_some(store, spool, death=0):
    """Mail of a worker whose database is away, which dies at a step."""
    with contextlib.suppress(AssertionError), \
            store(hosts=["127.0.0.1:1"], hold=0) as worker:
        worker.ask(f"die {death}")
        return worker.save(2, 300, 2)
    return []
