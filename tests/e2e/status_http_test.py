# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service says of itself over HTTP: figures for Prometheus, whether
it is alive and ready for balancers; and that asking holds up no mail."""
import contextlib
import json
import os
import re
import signal
import socket
import stat
import threading
import time

import jsonschema
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus

from support.dialog import Dialog
from support.metrics import HOST, ask, metrics
from support.server import free_port
from support.waiting import wait_for

OPEN = "application/openmetrics-text; version=1.0.0"


def readiness(port):
    code, _, text = ask(port, "/readyz")
    return code, text


def test_counters_are_the_rows_and_the_replies(watched, port, database):
    watched.await_log(f" status=127.0.0.1:{port}")
    before = metrics(port)
    for _ in range(3):
        watched.send()
    with watched.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>")
        dialog.command("RCPT TO:<you@foreign.example>", code=550)
    prefix = "guerrilla_smtpd_"

    def more(name, *labels):
        return (metrics(port)[(prefix + name, *labels)]
                - before[(prefix + name, *labels)])
    wait_for(lambda: more("mails_total", "stored") == 3, 5, "the counts")
    assert more("rows_total") == 3 == database.count()
    assert more("recipients_total", "refused") == 1
    assert more("mails_total", "deferred") == 0
    for name in ("receive_seconds", "reply_seconds", "wait_seconds",
                 "parse_seconds", "message_bytes"):
        assert more(name + "_count") == 3 == more(name + "_bucket", "+Inf")
        assert more(name + "_sum") > 0
    assert more("batch_rows_sum") == 3
    assert more("batch_rows_count") == more("commit_seconds_count") == \
        more("batches_total")
    assert more("spool_write_seconds_count") == 0
    now = metrics(port)
    assert now[(prefix + "store_up",)] == 1
    assert now[(prefix + "processes", "worker", "ready")] == 2
    assert now[(prefix + "sessions",)] == 0


def test_both_formats_are_what_prometheus_reads(watched, port):
    code, headers, text = ask(port, "/metrics", Accept=OPEN)
    assert code == 200 and text.endswith("# EOF\n")
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    families = list(openmetrics.text_string_to_metric_families(text))
    code, headers, text = ask(port, "/metrics")
    assert code == 200 and "version=0.0.4" in headers["Content-Type"]
    plain = list(prometheus.text_string_to_metric_families(text))
    assert [f.name for f in families] == [f.name for f in plain]
    assert all(f.name.startswith("guerrilla_smtpd_") and f.documentation
               for f in plain)
    assert watched.stop() == 0


def test_the_json_is_that_of_the_command(watched, port, top):
    code, headers, text = ask(port, "/status.json")
    told = json.loads(watched.run("-s", "status", "--json").stdout)
    assert code == 200 and headers["Content-Type"] == "application/json"
    assert json.loads(text).keys() == told.keys()
    with open(f"{top}/etc/status.schema.json", encoding="ascii") as file:
        schema = json.load(file)
    jsonschema.validate(told, schema)
    jsonschema.validate(json.loads(text), schema)
    # Nothing is there that the schema does not name.
    process = schema["properties"]["processes"]["items"]["properties"]
    counters = schema["definitions"]["counters"]["properties"]
    assert told.keys() == schema["properties"].keys()
    assert told["counters"].keys() == counters.keys()
    for one in told["processes"]:
        assert one.keys() == process.keys()
        assert one["gauges"].keys() == process["gauges"]["properties"].keys()
    assert [p["role"] for p in json.loads(text)["processes"]] == \
        [p["role"] for p in told["processes"]]


def test_the_page(watched, port):
    code, headers, text = ask(port, "/")
    assert code == 200 and headers["Content-Type"].startswith("text/html")
    assert "All is well: mail is taken." in text
    for row in "master", "worker 1", "worker 2", "janitor", "status":
        assert f'<th scope="row">{row}</th>' in text
    rules = headers["Content-Security-Policy"]
    assert "default-src 'none'" in rules and "unsafe" not in rules
    for path in re.findall(r'(?:src|href)="([^"]*)"', text):
        assert path in ("/page.css", "/page.js", "data:,"), path
    for path, kind in ("/page.css", "text/css"), ("/page.js",
                                                  "text/javascript"):
        code, headers, text = ask(port, path)
        assert code == 200 and headers["Content-Type"].startswith(kind)
        assert "://" not in text
    assert watched.run("-s", "pause").returncode == 0
    wait_for(lambda: "<li>paused</li>" in ask(port, "/")[2], 10, "the pause")


def test_the_page_names_nobody(start_server, port, database):
    """Also where the database does."""
    database.query(
        "CREATE FUNCTION look(who VARCHAR(99)) RETURNS INT BEGIN SIGNAL "
        "SQLSTATE '45000' SET MESSAGE_TEXT = who; RETURN 1; END")
    server = start_server({"status.listen": f"{HOST}:{port}",
                           "recipient_query": "SELECT look(?)"})
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>")
        dialog.command("RCPT TO:<you@example.com>", code=451)
    assert "you@example.com" in server.run("-s", "status", "--json").stdout
    _, _, page = ask(port, "/")
    assert ">Last errors</h2>" in page
    for text in "you@", "me@", "client.example.org", "127.0.0.1":
        assert text not in page


def points(port):
    """How many the plot of mails in the last hour has."""
    _, _, page = ask(port, "/")
    plot = page.split("<title>Mails a second, the last hour</title>")[1]
    return len(re.search(r'class="line0" points="([^"]*)"',
                         plot).group(1).split())


def test_the_history_outlives_everybody(watched, port):
    watched.send()
    wait_for(lambda: points(port) > 0, 20, "a sample")
    assert points(port) > 1     # or it would be no line
    os.kill(watched.children("status")[0], signal.SIGKILL)
    assert watched.run("-s", "reload").returncode == 0
    assert watched.run("-s", "upgrade").returncode == 0
    # A new history would have none before 5 seconds are over.
    assert points(port) > 0
    _, _, page = ask(port, "/")
    for title in ("Processes", "Replies", "Database hosts"):
        assert f">{title}</h2>" in page
    assert "style=" not in page


def test_what_it_does_not_answer(watched, port):
    for path in "/page.html", "/nope", "/healthz/", "/metrics.", "//healthz":
        assert ask(port, path)[0] == 404, path
    for method in "POST", "PUT", "DELETE", "OPTIONS":
        code, headers, _ = ask(port, "/healthz", method)
        assert code == 405 and headers["Allow"] == "GET, HEAD"
    code, headers, text = ask(port, "/healthz", "HEAD")
    assert code == 200 and headers["Content-Length"] == "6" and not text
    assert ask(port, "/" + "x" * 20_000)[0] == 414
    assert ask(port, "/healthz", Cookie="x" * 20_000)[0] == 431
    # A page of somebody else, whose name points here.
    assert ask(port, "/status.json", Host="evil.example")[0] == 421
    for host in "localhost", f"localhost:{port}", "[::1]", "mail.example.com":
        assert ask(port, "/healthz", Host=host)[0] == 200, host
    assert watched.stop() == 0


def test_ready_is_who_takes_mail(start_server, port, mariadb):
    server = start_server({"status.listen": f"{HOST}:{port}",
                           "store.hold": 1})
    wait_for(lambda: readiness(port) == (200, "ready\n"), 10, "readiness")
    assert server.run("-s", "pause").returncode == 0
    wait_for(lambda: readiness(port) == (503, "paused\n"), 10, "the pause")
    assert ask(port, "/healthz")[0] == 200
    assert server.run("-s", "resume").returncode == 0
    wait_for(lambda: readiness(port)[0] == 200, 10, "its end")
    mariadb.kill()
    with Dialog(server.port, greeting=None) as dialog:
        dialog.reply()
    wait_for(lambda: readiness(port) ==
             (503, "no database host can be written\n"), 20, "the outage")
    assert metrics(port)[("guerrilla_smtpd_store_up",)] == 0
    mariadb.start()
    wait_for(lambda: readiness(port)[0] == 200, 20, "the database")


def test_with_a_spool_it_is_ready_without_a_database(start_server, port,
                                                     mariadb):
    server = start_server({"status.listen": f"{HOST}:{port}", "store.hold": 0,
                           "store.on_outage": "spool"})
    wait_for(lambda: readiness(port)[0] == 200, 10, "readiness")
    mariadb.kill()
    server.send()
    wait_for(lambda: metrics(port)[("guerrilla_smtpd_store_up",)] == 0, 20,
             "the outage")
    wait_for(lambda: metrics(port)[("guerrilla_smtpd_spool_files",)] == 1, 20,
             "the spooled mail")
    assert readiness(port) == (200, "ready\n")
    assert metrics(port)[("guerrilla_smtpd_mails_total", "spooled")] == 1
    mariadb.start()


def test_a_balancer_hears_of_the_stop(watched, port):
    with watched.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>")
        watched.signal(signal.SIGTERM)
        wait_for(lambda: readiness(port) == (503, "no worker is ready\n"), 10,
                 "the stop")
        assert ask(port, "/healthz")[0] == 200
        dialog.command("RSET", code=None)
    watched.process.wait(30)
    with pytest.raises(OSError):
        ask(port, "/healthz")


def status_pid(server):
    pids = server.children("status")
    return pids[0] if pids else 0


def test_one_that_dies_or_hangs_is_replaced(start_server, port):
    server = start_server({"status.listen": f"{HOST}:{port}", "watchdog": 5})
    for number in signal.SIGKILL, signal.SIGSTOP:
        wait_for(lambda: status_pid(server), 10, "the process")
        old = status_pid(server)
        os.kill(old, number)
        wait_for(lambda: status_pid(server) not in (0, old), 30, "another")
        wait_for(lambda: ask(port, "/healthz")[0] == 200, 10, "its answer")
        server.send()


def test_a_reload_moves_it(watched, port):
    other = free_port()
    watched.set(**{"status.listen": f"{HOST}:{other}"})
    assert watched.run("-s", "reload").returncode == 0
    wait_for(lambda: ask(other, "/healthz")[0] == 200, 10, "the new address")

    def is_gone():
        with contextlib.suppress(OSError):
            return ask(port, "/healthz") is None
        return True
    wait_for(is_gone, 10, "the old one's end")
    watched.set(**{"status.listen": ""})
    assert watched.run("-s", "reload").returncode == 0
    wait_for(lambda: not watched.children("status"), 10, "its end")
    watched.send()


def test_an_address_that_is_taken(watched, port):
    with contextlib.closing(socket.create_server((HOST, 0))) as taken:
        busy = taken.getsockname()[1]
        watched.set(**{"status.listen": f"{HOST}:{busy}"})
        done = watched.run("-s", "reload")
        assert done.returncode == 5 and str(busy) in done.stdout + done.stderr
        assert ask(port, "/healthz")[0] == 200
        watched.stop()
        watched.start(wait=False)
        assert watched.process.wait(20) == 3
        assert str(busy) in watched.log()
    watched.start()


def test_an_upgrade_keeps_it(watched, port):
    is_over, failures = threading.Event(), []

    def look():
        while not is_over.is_set():
            try:
                if ask(port, "/healthz")[0] != 200:
                    failures.append("no health")
            except OSError as error:
                failures.append(error)
            time.sleep(0.02)
    watcher = threading.Thread(target=look)
    watcher.start()
    old = status_pid(watched)
    assert watched.run("-s", "upgrade").returncode == 0
    wait_for(lambda: status_pid(watched) not in (0, old), 20, "the new one")
    is_over.set()
    watcher.join()
    # Who was in the backlog of the one that left is told so by a reset.
    assert len(failures) <= 1, failures
    assert metrics(port)[("guerrilla_smtpd_upgrades_total",)] == 1


def test_on_a_unix_socket(start_server):
    server = start_server()
    path = os.path.join(server.run_dir, "http")
    server.set(**{"status.listen": f"unix:{path}"})
    assert server.run("-s", "reload").returncode == 0

    def answer():
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            with contextlib.suppress(OSError):
                client.connect(path)
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: any\r\n\r\n")
                return client.recv(4096)
        return b""
    wait_for(lambda: answer().startswith(b"HTTP/1.1 200"), 10, "an answer")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660


def test_open_to_others_is_warned_of(start_server, port):
    server = start_server({"status.listen": f"0.0.0.0:{port}"})
    server.await_log("is open to others")
    # There a balancer may call it by any name.
    assert ask(port, "/healthz", Host="status.example.org")[0] == 200
