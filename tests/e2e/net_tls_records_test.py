# SPDX-License-Identifier: GPL-3.0-or-later
"""Where records of TLS are cut by the network, and what comes of it."""
import socket
import ssl
import time

import pytest

from support.certificates import blind_context
from support.server import free_port


class Records:
    """A TLS client whose records go when and as they are told to."""

    def __init__(self, port, version):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.received, self.sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = blind_context()
        context.minimum_version = context.maximum_version = version
        self.tls = context.wrap_bio(self.received, self.sent)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                self.receive()

    def flush(self):
        self.socket.sendall(self.sent.read())

    def receive(self):
        some = self.socket.recv(65536)
        assert some, "closed"
        self.received.write(some)

    def record(self, text):
        """The bytes of a record, not sent."""
        assert self.sent.pending == 0
        self.tls.write(text)
        return self.sent.read()

    def expect(self, *codes):
        """A line of these codes each, and nothing more meanwhile."""
        text = b""
        while text.count(b"\n") < len(codes):
            try:
                text += self.tls.read(65536)
            except ssl.SSLWantReadError:
                self.receive()
        assert [int(line[:3]) for line in text.splitlines()] == list(codes)


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def client(start_server, certificate, request):
    port = free_port()
    server = start_server(
        certificate.settings(workers=1),
        listeners={"127.0.0.1:PORT": {},
                   f"127.0.0.1:{port}": {"tls": "implicit"}})
    records = Records(port, getattr(ssl.TLSVersion, request.param))
    records.flush()
    records.expect(220)
    records.socket.sendall(records.record(b"HELO client.example.org\r\n"))
    records.expect(250)
    records.server = server
    return records


def test_many_records_that_come_at_once(client, database):
    client.socket.sendall(b"".join(client.record(line) for line in (
        b"MAIL FROM:<me@example.org>\r\n", b"RCPT TO:<you@example.com>\r\n",
        b"DATA\r\n", *[b"line %d\r\n" % n for n in range(500)],
        b".\r\n", b"NOOP\r\n", b"QUIT\r\n")))
    client.expect(250, 250, 354, 250, 250, 221)
    assert database.row()["mail"].endswith(b"line 499\r\n")


def test_the_end_of_a_record_may_come_later(client):
    some = client.record(b"NOOP\r\n") + client.record(b"RSET\r\n")
    for cut in 1, 5, len(some) // 2 - 1, len(some) // 2 + 3, len(some) - 1:
        client.socket.sendall(some[:cut])
        # The first is answered although a part of the second is there.
        if cut > len(some) // 2:
            client.expect(250)
            client.socket.sendall(some[cut:])
            client.expect(250)
        else:
            client.socket.sendall(some[cut:])
            client.expect(250, 250)
        some = client.record(b"NOOP\r\n") + client.record(b"RSET\r\n")


def test_half_a_record_costs_no_processor(client):
    """It lies in the worker, and poll() tells nothing of it: a worker that
    asked again and again would take a processor for itself."""
    def cpu_seconds():
        with open(f"/proc/{client.server.workers()[0]}/schedstat",
                  encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e9

    record = client.record(b"NOOP\r\n")
    client.socket.sendall(record[:len(record) // 2])
    used = cpu_seconds()
    time.sleep(2)
    assert cpu_seconds() - used < 1
    client.socket.sendall(record[len(record) // 2:])
    client.expect(250)
