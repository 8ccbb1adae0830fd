# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast the spool takes mail while no database answers, and gives it back
when one does."""
import time

from measure import cpu_us, family, load
from servers import running_server
from support.waiting import wait_for


def measure_spool(results, database, mails):
    """4 KB mails, each fsynced with its group before its 250."""
    arguments = ["-m", "1000", "-b", "4096"]
    with running_server(database, {
            "store.on_outage": "spool", "store.spool_max": "10G",
            "store.hold": "1s"}) as server:
        try:
            database.query("TRUNCATE new_mail")
            database.mariadb.stop()
            load(server.port, arguments, 500)
            before = cpu_us(family(server.pid))
            figures = load(server.port, arguments, mails)
            cost = (cpu_us(family(server.pid)) - before) / figures["accepted"]
            database.mariadb.start()
            wait_for(lambda: database.count() > 0, 60, "the replay")
            began, first = time.monotonic(), database.count()
            wanted = 500 + figures["accepted"]
            wait_for(lambda: database.count() >= wanted, 120,
                     "all of the spool")
            replayed = (wanted - first) / (time.monotonic() - began)
            assert database.count() == wanted
        finally:
            database.mariadb.start()
    print(f"\nspool: {figures['mails_per_second']:.0f} mails/s of 4 KB, "
          f"{cost:.0f} us of CPU each, p50 {figures['p50_us'] / 1000:.1f} ms; "
          f"replay {replayed:.0f} mails/s", flush=True)
    results.note("spool: mails/s", figures["mails_per_second"])
    results.note("spool: replayed mails/s", replayed)
