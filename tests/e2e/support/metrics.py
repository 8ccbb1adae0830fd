# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status process answers."""
import contextlib
import http.client

from prometheus_client import parser as prometheus

HOST = "127.0.0.1"


def ask(port, path, method="GET", timeout=10, **headers):
    """(status, headers, body)"""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def metrics(port):
    """The value of each sample, by its name and labels."""
    _, _, text = ask(port, "/metrics")
    return {(s.name, *s.labels.values()): s.value
            for family in prometheus.text_string_to_metric_families(text)
            for s in family.samples}
