# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no request, or one too many: the status process answers it shortly
or not at all, repeats nothing of it, and serves everybody else meanwhile."""
import contextlib
import os
import re
import resource
import shutil
import socket
import subprocess
import threading
import time

import pytest

from support.metrics import HOST, ask, metrics
from support.waiting import wait_for

# Stands in each request and in no answer.
MARK = b"Mark7f3e"
CROWD, TRICKLING = 1000, 32


def status_pid(server):
    return wait_for(lambda: server.children("status"), 10, "the process")[0]


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(file.read().split("VmRSS:")[1].split()[0])


def request(line, *fields, body=b"", host=b"Host: localhost"):
    return b"\r\n".join([line, host, *fields, b"", body])


def get(*fields, **more):
    return request(b"GET /healthz HTTP/1.1", b"Cookie: " + MARK, *fields,
                   **more)


# The code of the answer; None: closed without one.
HOSTILE = {
    "URL of 1 MB": (
        request(b"GET /" + MARK + b"x" * 1_000_000 + b" HTTP/1.1"),
        {414, 431, None}),
    "URL of 1 MB, no end": (b"GET /" + MARK + b"x" * 1_000_000,
                            {414, 431, None}),
    "URL of 9 KB": (request(b"GET /" + MARK + b"x" * 9216 + b" HTTP/1.1"),
                    {414}),
    "field of 9 KB": (get(b"X: " + b"x" * 9216), {431}),
    "field's name of 9 KB": (get(b"X" * 9216 + b": x"), {431}),
    "2,000 fields": (get(*[b"X: " + MARK] * 2000), {431}),
    "field without a colon": (get(MARK), {400}),
    "POST": (request(b"POST /healthz HTTP/1.1", b"Content-Length: 8",
                     body=MARK), {405}),
    "POST of no page": (request(b"POST /" + MARK + b" HTTP/1.1"), {405}),
    "method of its own": (request(MARK + b" /healthz HTTP/1.1"), {405}),
    "OPTIONS *": (request(b"OPTIONS * HTTP/1.1", b"X: " + MARK), {405}),
    "CONNECT": (request(b"CONNECT " + MARK + b".example:443 HTTP/1.1"),
                {405}),
    "TRACE": (request(b"TRACE /healthz HTTP/1.1", b"X: " + MARK), {405}),
    "huge body": (request(b"POST /healthz HTTP/1.1",
                          b"Content-Length: 1000000000000",
                          body=MARK * 10_000), {405, None}),
    "GET with a huge body": (get(b"Content-Length: 1000000000000",
                                 body=MARK * 10_000), {200, None}),
    "body of no size": (get(b"Content-Length: -1", body=MARK), {400}),
    "body beyond all sizes": (get(b"Content-Length: 1" + b"0" * 30,
                                  body=MARK), {413}),
    "endless chunk": (request(b"POST /healthz HTTP/1.1",
                              b"Transfer-Encoding: chunked",
                              body=b"F" * 30 + b"\r\n" + MARK), {405}),
    "body that is waited for": (get(b"Expect: 100-continue",
                                    b"Content-Length: 10"), {200}),
    "bad Host": (get(host=b"Host: " + MARK + b".example"), {421}),
    "no Host": (get(host=b"X: x"), {400}),
    "two Hosts": (get(b"Host: " + MARK), {400}),
    "no Host in HTTP/1.0": (b"GET /healthz HTTP/1.0\r\nX: " + MARK
                            + b"\r\n\r\n", {200}),
    "HTTP/0.9": (b"GET /" + MARK + b"\r\n\r\n", {400}),
    "HTTP/3.7": (request(b"GET /" + MARK + b" HTTP/3.7"), {505}),
    "no version": (request(b"GET /healthz " + MARK), {400}),
    "h2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + MARK, {505}),
    "h2 upgrade": (get(b"Connection: Upgrade, HTTP2-Settings",
                       b"Upgrade: h2c", b"HTTP2-Settings: " + MARK), {200}),
    "TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + MARK
                  + b"x" * 500 + b"\n" + b"x" * 100, {400, None}),
    "absolute URI": (request(b"GET http://" + MARK + b".example/ HTTP/1.1"),
                     {404}),
    "NUL in the path": (request(b"GET /nope\0" + MARK + b" HTTP/1.1"),
                        {400, 404}),
    "NUL in the method": (request(b"PUT\0" + MARK + b" / HTTP/1.1"),
                          {400, 405}),
    "escaped NUL": (request(b"GET /healthz%00" + MARK + b" HTTP/1.1"), {404}),
    "escaped lines": (request(b"GET /%0d%0aX:%20" + MARK + b" HTTP/1.1"),
                      {404}),
    "way up": (request(b"GET /../" + MARK + b" HTTP/1.1"), {404}),
    "high bytes": (bytes(range(128, 256)) + MARK + b"\r\n\r\n", {400, None}),
    "all bytes": (bytes(range(256)) * 40 + MARK, {400, None}),
    "pipelined": (get() + get() + request(b"GET /" + MARK + b" HTTP/1.1"),
                  {200}),
    "empty lines": (b"\r\n" * 10_000 + MARK, {400, 414, None}),
}


def exchange(port, data, is_half_closed):
    """Everything that is answered until the end. Who goes on sending may be
    cut off."""
    got = b""
    with socket.create_connection((HOST, port), timeout=20) as client, \
            contextlib.suppress(ConnectionError):
        with contextlib.suppress(ConnectionError):
            client.sendall(data)
        if is_half_closed:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)
        while more := client.recv(65536):
            got += more
    return got


def code_of(answer):
    if not answer:
        return None
    version, code, _ = answer.split(b" ", 2)
    assert version == b"HTTP/1.1", answer
    return int(code)


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_answered_and_not_repeated(watched, port, name):
    data, codes = HOSTILE[name]
    assert MARK in data
    pid = status_pid(watched)
    for is_half_closed in False, True:
        answer = exchange(port, data, is_half_closed)
        assert code_of(answer) in codes, answer
        assert MARK not in answer
        assert (b"\r\nAllow: GET, HEAD\r\n" in answer) == (
            code_of(answer) == 405)
        assert ask(port, "/healthz")[::2] == (200, "alive\n")
    assert status_pid(watched) == pid


def test_what_is_refused_is_counted(watched, port):
    refused = {}
    for data, codes in HOSTILE.values():
        code = code_of(exchange(port, data, False))
        if code not in (None, 200):
            refused[code] = refused.get(code, 0) + 1
    counts = metrics(port)
    assert {400, 404, 405, 413, 414, 421, 431, 505} <= refused.keys()
    for code, count in refused.items():
        assert counts[("guerrilla_smtpd_http_requests_total", "other",
                       str(code))] == count, code


def test_of_pipelined_requests_one_is_answered(watched, port):
    for count in 1, 2, 50:
        answer = exchange(port, get() * count, False)
        assert answer.count(b"HTTP/1.1 ") == answer.count(b"alive\n") == 1
        assert b"\r\nConnection: close\r\n" in answer


# ---- Many at a time ---------------------------------------------------------

def push(port, data):
    """An open socket; what its buffers do not take is left."""
    client = socket.create_connection((HOST, port), timeout=5)
    client.setblocking(False)
    with contextlib.suppress(OSError):
        client.send(data)
    return client


def test_rude_clients_hold_up_nobody(watched, port):
    pid = status_pid(watched)
    rude = [b"", b"G", *(data for data, _ in HOSTILE.values())]
    with contextlib.ExitStack() as clients:
        for _ in range(10):
            for data in rude:
                client = clients.enter_context(push(port, data))
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_WR)
            for data in rude:
                clients.enter_context(push(port, data))
        # More than twice as many as there are places, all kept open.
        assert ask(port, "/healthz")[0] == 200
        assert metrics(port)[("guerrilla_smtpd_store_up",)] == 1
        watched.send()
    assert status_pid(watched) == pid
    watched.send()


def trickle(port, is_over):
    """A byte a second, and a new one for each that is put out."""
    clients = []
    while not is_over.wait(1):
        for client in clients[:]:
            try:
                client.send(b"x")
            except OSError:
                client.close()
                clients.remove(client)
        while len(clients) < TRICKLING:
            clients.append(push(port, b"GET /"))
    for client in clients:
        client.close()


def is_healthy(port):
    """As a balancer sees it, which waits for an answer that long."""
    return ask(port, "/healthz", timeout=2)[::2] == (200, "alive\n")


def test_a_crowd_delays_no_probe(start_server, port, top):
    """The program as it is installed: sanitizers keep memory."""
    server = start_server({"status.listen": f"{HOST}:{port}"},
                          program=os.path.join(top, "build/guerrilla-smtpd"))
    pid = status_pid(server)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    is_over = threading.Event()
    slow = threading.Thread(target=trickle, args=(port, is_over))
    slow.start()
    try:
        with contextlib.ExitStack() as crowd:
            for number in range(CROWD - TRICKLING):
                data, _ = list(HOSTILE.values())[number % len(HOSTILE)]
                crowd.enter_context(push(port, data if number % 2 else b"G"))
                if number % 10 == 0:
                    assert is_healthy(port)
            for _ in range(60):
                assert is_healthy(port)
                is_over.wait(0.05)
            for path in "/", "/metrics", "/status.json", "/readyz":
                assert ask(port, path, timeout=2)[0] == 200
            assert status_pid(server) == pid
            assert resident_kb(pid) < 8192
            server.send()
    finally:
        is_over.set()
        slow.join()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("slowhttptest"),
                    reason="needs slowhttptest")
@pytest.mark.parametrize("mode", ["-H", "-B", "-R", "-X"], ids=[
    "headers", "body", "ranges", "reading"])
def test_slow_attackers_delay_no_probe(watched, port, mode):
    pid = status_pid(watched)
    with subprocess.Popen(
            ["slowhttptest", mode, "-c", "400", "-r", "100", "-i", "1",
             "-l", "12", "-p", "2", "-u", f"http://{HOST}:{port}/"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True) as attacker:
        while attacker.poll() is None:
            assert is_healthy(port)
            with contextlib.suppress(subprocess.TimeoutExpired):
                attacker.wait(0.05)
        told = re.sub(r"\x1b\[[\d;]*m", "", attacker.stdout.read())
    assert set(re.findall(r"service available: *(\w+)", told)) == {"YES"}, told
    assert status_pid(watched) == pid
    watched.send()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_a_flood_takes_no_processor_from_mail(watched, port):
    pid = status_pid(watched)
    began, used = time.monotonic(), cpu_seconds(pid)
    with contextlib.ExitStack() as flood:
        for _ in range(8):
            client = flood.enter_context(subprocess.Popen(
                ["curl", "-s", "-o", "/dev/null",
                 f"http://{HOST}:{port}/?[1-1000000000]"]))
            flood.callback(client.kill)
        while time.monotonic() < began + 8:
            assert is_healthy(port)
            watched.send()
    # Its share, what it may save, and a page that was begun.
    assert cpu_seconds(pid) - used < (time.monotonic() - began) / 32 + 0.6
    assert status_pid(watched) == pid


def test_one_that_trickles_is_ended(watched, port):
    """Each byte would renew a timeout of inactivity."""
    with socket.create_connection((HOST, port), timeout=5) as client:
        began = time.monotonic()
        client.settimeout(0.1)
        is_open = True
        while is_open and time.monotonic() - began < 60:
            with contextlib.suppress(TimeoutError):
                client.send(b"x")
                is_open = client.recv(1) != b""
        assert not is_open
    assert ask(port, "/healthz")[0] == 200
    assert watched.stop() == 0
