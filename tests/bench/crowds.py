# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS, idle sessions and a second worker cost, each beside a server
without them."""
import resource
import shutil
import sys
import time

from measure import cpu_us, family, idle_sessions, load, memory_of
from servers import measure_server, print_head, print_row, ratio, running_server
from support.certificates import Certificate
from support.server import free_port, open_folder

IDLE = 2000
# A worker must be able to hold them all: within what `ulimit -Hn` allows.
MOST = min(27_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 1000)
CROWD = MOST * 3 // 4


def measure_idle(results, database, certificate=None):
    """What an idle session after EHLO costs its worker, in bytes."""
    port = free_port()
    more = ["-T"] if certificate else []
    with running_server(
            database,
            {"workers": 1, **(certificate.settings() if more else {})},
            {"127.0.0.1:PORT": {}, f"127.0.0.1:{port}":
             {"tls": "implicit"} if more else {}}) as server:
        worker = server.workers()[0]
        load(port, more, 1)
        before = memory_of(worker)
        with idle_sessions(port, IDLE, *more):
            idle = (memory_of(worker) - before) * 1024 / IDLE
    name = "idle session" + (" by TLS" if more else "")
    print(f"{name}: {idle:.0f} bytes of worker memory ({IDLE} after EHLO)",
          flush=True)
    results.note(f"{name}: bytes", idle)


def compare_crowd(results, database, mails):
    """What a crowd that says nothing takes from those who send."""
    arguments = ["-m", "1000", "-b", "4096"]
    print(f"\n{CROWD} idle sessions on 2 workers, 20 that send 4 KB")
    for method in "epoll", "poll":
        with running_server(database, {
                "workers": 2, "event_method": method,
                "limits.connections": MOST,
                "limits.connections_per_ip": MOST}) as server:
            alone = measure_server(server, database, arguments, mails)
            with idle_sessions(server.port, CROWD):
                pids = family(server.pid)
                before = cpu_us(pids)
                time.sleep(5)
                idle = (cpu_us(pids) - before) / 5 / 10_000
                crowded = measure_server(server, database, arguments, mails)
        rate = crowded["mails_per_second"] / alone["mails_per_second"]
        print(f"  {method:6} {rate:.2f} of the rate without them, CPU a mail "
              f"{ratio(crowded['server_us'], alone['server_us'])}; while "
              f"nobody sends {idle:.1f} % of a processor", flush=True)
        results.note(f"{method}: mails/s beside {CROWD} idle / without", rate)


def compare_workers(results, database, server, mails):
    """What a mail costs a worker that is alone, and one of several: they
    share no line of cache that both write."""
    arguments = ["-m", "1", "-b", "4096"]
    with running_server(database, {"workers": 1}) as alone:
        one = measure_server(alone, database, arguments, mails)
        several = measure_server(server, database, arguments, mails)
    cost = several["server_us"] / one["server_us"]
    print(f"\n4 KB, one a connection: {one['server_us']:.0f} us a mail by one "
          f"worker, {several['server_us']:.0f} by {len(server.workers())}, "
          f"ratio {cost:.2f}; rows a commit {one['batch_rows']:.1f} and "
          f"{several['batch_rows']:.1f}", flush=True)
    results.note("CPU of several workers / of one", cost)


TLS_ROWS = (
    # name, arguments of smtp_load, those of the same in clear
    ("whole handshake", ["-T", "-m", "1"], ["-m", "1"]),
    ("resumed by a ticket", ["-r", "-m", "1"], ["-m", "1"]),
    ("many mails a session", ["-T", "-m", "1000"], ["-m", "1000"]),
)


def measure_tls_key(results, database, mails, kind, certificate):
    """A server with this certificate, beside itself in clear."""
    port = free_port()
    with running_server(database, certificate.settings(), {
            "127.0.0.1:PORT": {},
            f"127.0.0.1:{port}": {"tls": "implicit"}}) as server:
        print_head(f"TLS 1.3, {kind}, 4 KB")
        for name, by_tls, in_clear in TLS_ROWS:
            count = mails if "1000" in by_tls else mails // 3
            clear = measure_server(server, database,
                                   [*in_clear, "-b", "4096"], mails)
            ours = measure_server(server, database,
                                  [*by_tls, "-b", "4096"], count, port)
            cost = ours["server_us"] / clear["server_us"]
            print(f"  {name}")
            print_row("", ours, "ratio to clear: "
                      f"{ratio(ours['mails_per_second'], clear['mails_per_second'])}"
                      f" mails/s, {cost:.2f} CPU")
            results.note(f"{kind}, {name}: CPU / clear", cost)
            sys.stdout.flush()
            assert ours["rows"] == ours["accepted"]
            assert ("-r" not in by_tls
                    or ours["resumed"] > 0.9 * ours["accepted"])


def measure_tls(results, database, mails):
    folder = open_folder()
    try:
        for kind, key in ("ECDSA P-256", "ec"), ("RSA-2048", "rsa"):
            certificate = Certificate(folder, key, key=key)
            measure_tls_key(results, database, mails, kind, certificate)
        measure_idle(results, database, certificate)
    finally:
        shutil.rmtree(folder)
