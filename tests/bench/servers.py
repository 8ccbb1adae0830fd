# SPDX-License-Identifier: GPL-3.0-or-later
"""Our server under load, and how its figures are printed."""
import contextlib

from measure import Batches, cpu_us, family, load
from support.server import Server, free_port
from support.waiting import wait_for


@contextlib.contextmanager
def running_server(database, settings, listeners=None):
    """Ended in any case, also where it does not come up."""
    http_port = free_port()
    server = Server(database, listeners=listeners, settings={
        "log.level": "info", "workers": 0, "limits.mails": 1_000_000,
        "limits.connections": 10_000, "limits.connections_per_ip": 10_000,
        "status.listen": f"127.0.0.1:{http_port}", **settings})
    server.http_port = http_port
    try:
        server.start()
        wait_for(server.workers, 10, "workers")
        yield server
    finally:
        server.stop()
        server.clean_up()


def measure_server(server, database, arguments, mails, port=0):
    """One scenario against our server, after a short warming up."""
    port = port or server.port
    load(port, arguments, min(mails, max(500, mails // 20)))
    database.query("TRUNCATE new_mail")
    pids, mariadbd = family(server.pid), [database.mariadb.pid()]
    batches = Batches(server.http_port)
    server_before, database_before = cpu_us(pids), cpu_us(mariadbd)
    figures = load(port, arguments, mails)
    figures["server_us"] = ((cpu_us(pids) - server_before)
                            / figures["accepted"])
    figures["mariadbd_us"] = ((cpu_us(mariadbd) - database_before)
                              / figures["accepted"])
    figures["batch_rows"], figures["batch_shares"] = batches.shares()
    assert pids == family(server.pid), "a process of the server was replaced"
    figures["rows"] = database.count()
    return figures


def ratio(ours, theirs):
    return f"{ours / theirs:.2f}" if theirs else "-"


def print_row(name, figures, more):
    print(f"  {name:12}{figures['mails_per_second']:8.0f}"
          f"  {figures['server_us']:13.0f}"
          + "".join(f" {figures[key] / 1000:8.2f}"
                    for key in ("p50_us", "p99_us", "p999_us"))
          + f"   {more}")


def print_head(name):
    print(f"\n{name}\n               mails/s  CPU us a mail   p50 ms   p99 ms"
          "   p99.9")


def print_batches(figures):
    print(f"  rows a commit: {figures['batch_rows']:.1f}; " + ", ".join(
        f"to {bound}: {share:.0%}"
        for bound, share in figures["batch_shares"].items() if share >= 0.01))


def agrees(figures):
    return f"{figures['rows']:.0f} rows = {figures['accepted']:.0f} 250s"
