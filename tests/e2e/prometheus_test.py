# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus itself: it finds no fault with the metrics, scrapes a loaded
server, and each alert of etc/prometheus fires where it should and nowhere
else. Its package is unpacked, not installed."""
import contextlib
import http.client
import json
import os
import shutil
import subprocess
import urllib.parse

import pytest

from support.relays import unpack
from support.server import free_port, open_folder
from support.waiting import wait_for

pytestmark = pytest.mark.slow

DASHBOARD = "etc/grafana/guerrilla-smtpd.json"
RULES = "etc/prometheus/guerrilla-smtpd.rules.yml"
PREFIX = "guerrilla_smtpd_"
MINUTES = 180

def buckets(name, a_minute):
    """Of a histogram, which grows by so many each minute."""
    most = max(a_minute.values())
    return {f'{name}_bucket{{le="{bound}"}}': f"0+{count}"
            for bound, count in {**a_minute, "+Inf": most}.items()}


# Alert: what makes it fire, what is as near and does not. Series are
# promtool's: a first value, and what is added each minute.
ALERTS = {
    "Down": ({"up": "0+0"}, {"up": "1+0"}),
    "NotReady": ({'processes{role="worker",state="ready"}': "0+0",
                  'processes{role="worker",state="paused"}': "2+0"},
                 {'processes{role="worker",state="ready"}': "1+0"}),
    "NoDatabase": ({"store_up": "0+0"}, {"store_up": "1+0"}),
    "HostDown": ({'store_workers{state="down"}': "1+0"},
                 {'store_workers{state="down"}': "0+0",
                  'store_workers{state="up"}': "4+0"}),
    "CommitSlow": (buckets("commit_seconds", {"1.0": 90, "2.0": 100}),
                   buckets("commit_seconds", {"1.0": 100, "2.0": 100})),
    "ReplySlow": (buckets("reply_seconds", {"5.0": 90, "10.0": 100}),
                  buckets("reply_seconds", {"5.0": 100, "10.0": 100})),
    "Deferring": ({'mails_total{outcome="deferred"}': "0+2",
                   'mails_total{outcome="stored"}': "0+100"},
                  {'mails_total{outcome="deferred"}': "0+1",
                   'mails_total{outcome="stored"}': "0+1000"}),
    "Refusing": ({'connections_refused_total{reason="full"}': "0+60",
                  "connections_total": "0+100"},
                 {'connections_refused_total{reason="full"}': "0+40",
                  "connections_total": "0+100"}),
    "ConnectionsNearLimit": ({"sessions": "95+0", "sessions_limit": "100+0"},
                             {"sessions": "80+0", "sessions_limit": "100+0"}),
    "SpoolFilling": ({"spool_bytes": "80+0", "spool_limit_bytes": "100+0"},
                     {"spool_bytes": "50+0", "spool_limit_bytes": "100+0"}),
    "SpoolOld": ({"spool_oldest_seconds": "700+60", "store_up": "1+0"},
                 {"spool_oldest_seconds": "20+0", "store_up": "1+0"}),
    "SpoolSetAside": ({"spool_set_aside_files": "1+0"},
                      {"spool_set_aside_files": "0+0"}),
    "CertificateExpires": ({"certificate_expiry_timestamp_seconds":
                            f"{13 * 86400}+0"},
                           {"certificate_expiry_timestamp_seconds":
                            f"{20 * 86400}+0"}),
    "MemoryTight": ({"memory_bytes": "95+0", "memory_limit_bytes": "100+0"},
                    {"memory_bytes": "80+0", "memory_limit_bytes": "100+0"}),
    "Restarting": ({'restarts_total{role="worker",cause="signal"}': "0+1"},
                   {'restarts_total{role="worker",cause="signal"}': "7+0",
                    'restarts_total{role="worker",cause="recycle"}': "0+1"}),
    "WorkerHangs": ({'heartbeat_age_seconds{worker="1",thread="loop"}':
                     "20+0"},
                    {'heartbeat_age_seconds{worker="1",thread="loop"}':
                     "1+0"}),
    "Poison": ({"poison_total": "0+1"}, {"poison_total": "3+0"}),
    "LogDropped": ({"log_dropped_total": "0+1"}, {"log_dropped_total": "9+0"}),
    "ReloadRefused": ({'reloads_total{outcome="refused"}': "0+1"},
                      {'reloads_total{outcome="done"}': "0+1"}),
    "NoMail": ({'mails_total{outcome="stored"}': "500+0"},
               {'mails_total{outcome="stored"}': "0+1"}),
    "DomainsStale": ({"domains_refresh_timestamp_seconds": "1+0"},
                     {"domains_refresh_timestamp_seconds": "1+60"}),
    "RetentionStale": ({"retention_lag_seconds": "4000+60"},
                       {"retention_lag_seconds": "600+0"}),
}


@pytest.fixture(scope="module")
def prometheus():
    """Where its programs are."""
    folder = open_folder()
    unpack(["prometheus"], folder)
    yield f"{folder}/usr/bin"
    shutil.rmtree(folder)


def series(name):
    """With the labels that a scrape adds."""
    if name != "up":
        name = PREFIX + name
    more = 'job="guerrilla-smtpd",instance="mx1"'
    return (name[:-1] + "," + more + "}" if name.endswith("}")
            else "{".join([name, more]) + "}")


def check(name, values, fires):
    return {"interval": "1m",
            "input_series": [{"series": series(s), "values":
                              f"{value}x{MINUTES}"}
                             for s, value in values.items()],
            "promql_expr_test": [{
                "expr": f'count(ALERTS{{alertname="GuerrillaSmtpd{name}",'
                        'alertstate="firing"}) or vector(0)',
                "eval_time": f"{MINUTES}m",
                "exp_samples": [{"labels": "{}", "value": int(fires)}]}]}


def promtool(prometheus, *arguments, given=None):
    done = subprocess.run([f"{prometheus}/promtool", *arguments], input=given,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, timeout=120)
    return done.returncode, done.stdout


def test_each_alert_has_its_case(top):
    with open(f"{top}/{RULES}", encoding="ascii") as rules:
        named = [line.split("GuerrillaSmtpd")[1].strip() for line in rules
                 if "alert: " in line]
    assert sorted(named) == sorted(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_fires_where_it_should(prometheus, tmp_path, top, name):
    """And keeps quiet when it is near."""
    fires, is_quiet = ALERTS[name]
    file = tmp_path / "rules_test.yml"
    file.write_text(json.dumps({
        "rule_files": [f"{top}/{RULES}"],
        "tests": [check(name, fires, True), check(name, is_quiet, False)],
    }))
    code, output = promtool(prometheus, "test", "rules", str(file))
    assert code == 0, output


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().read().decode()


def queries(top):
    """Each expression of the dashboard, with its variables filled in."""
    with open(f"{top}/{DASHBOARD}", encoding="ascii") as file:
        panels = json.load(file)["panels"]
    return [target["expr"].replace("$__rate_interval", "30s")
            .replace("$instance", ".*")
            for panel in panels for target in panel["targets"]]


def test_the_dashboard_is_right(prometheus, tmp_path, top):
    """promtool reads each expression; ids, names and places are its own."""
    file = tmp_path / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": [
        {"record": f"query:{i}", "expr": expr}
        for i, expr in enumerate(queries(top))]}]}))
    code, output = promtool(prometheus, "check", "rules", str(file))
    assert code == 0, output
    with open(f"{top}/{DASHBOARD}", encoding="ascii") as read:
        panels = json.load(read)["panels"]
    for key in ("id", "title", "gridPos"):
        assert len({str(panel[key]) for panel in panels}) == len(panels)


@pytest.fixture
def scraped(prometheus, start_server, certificate, tmp_path, top):
    """A server and a Prometheus that looks at it: (server, its port, ask)."""
    port, own = free_port(), free_port()
    server = start_server({"status.listen": f"127.0.0.1:{port}",
                           **certificate.settings()})
    config = tmp_path / "prometheus.yml"
    config.write_text(json.dumps({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [f"{top}/{RULES}"],
        "scrape_configs": [{"job_name": "guerrilla-smtpd", "static_configs":
                            [{"targets": [f"127.0.0.1:{port}"]}]}]}))
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            [f"{prometheus}/prometheus", f"--config.file={config}",
             f"--storage.tsdb.path={tmp_path}/data",
             f"--web.listen-address=127.0.0.1:{own}"],
            cwd=tmp_path, stdout=log, stderr=log, env={**os.environ})

    def ask(query):
        """The sum of what the query finds; None where it finds nothing, or
        does not serve yet, which it says in plain text."""
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(get(own, "/api/v1/query?query="
                                  + urllib.parse.quote(query)))
            values = [float(r["value"][1]) for r in told["data"]["result"]]
            return sum(values) if values else None
        return None
    yield server, port, ask
    process.terminate()
    process.wait(20)


def test_it_scrapes_what_was_stored(scraped, prometheus, database):
    server, port, ask = scraped
    for _ in range(25):
        server.send()
    wait_for(lambda: ask(PREFIX + 'mails_total{outcome="stored"}') == 25, 30,
             "25 mails in Prometheus")
    assert database.count() == 25 == ask(PREFIX + "rows_total")
    assert ask("up") == 1
    assert ask(PREFIX + 'processes{role="worker",state="ready"}') == 2
    code, output = promtool(prometheus, "check", "metrics",
                            given=get(port, "/metrics"))
    assert code == 0 and not output, output
    firing = ask('ALERTS{alertstate="firing"}')
    assert firing is None


def test_each_query_of_the_dashboard_finds_something(scraped, top):
    server, _, ask = scraped
    for _ in range(5):
        server.send()
    wait_for(lambda: ask(PREFIX + 'mails_total{outcome="stored"}') == 5, 30,
             "the mails in Prometheus")
    for expr in queries(top):
        wait_for(lambda expr=expr: ask(expr) is not None, 30, expr)
