# SPDX-License-Identifier: GPL-3.0-or-later
"""Who speaks for whom: PROXY headers (versions 1 and 2) and XCLIENT."""
import ipaddress
import os
import socket
import ssl
import struct
import time

import pytest

from support.certificates import blind_context
from support.dialog import Dialog
from support.server import free_port
from support.waiting import wait_for

MESSAGE = "Subject: by way of another\r\n\r\nhello\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v1(client, server="198.51.100.1", port=4321):
    family = "TCP6" if ":" in client else "TCP4"
    return f"PROXY {family} {client} {server} {port} 25\r\n".encode()


def v2(client, extra=b"", port=4321):
    address = ipaddress.ip_address(client)
    body = (address.packed * 2 + struct.pack(">HH", port, 25) + extra)
    family = 0x11 if address.version == 4 else 0x21
    return SIGNATURE + struct.pack(">BBH", 0x21, family, len(body)) + body


LOCAL = SIGNATURE + b"\x20\x00\x00\x00"
TLVS = b"\x04\x00\x04abcd" + b"\x02\x00\x0bexample.com" + b"\x20\xff\xff"


def serve(start_server, settings=None):
    """A balancer's port beside a plain one."""
    return start_server(settings, listeners={
        "127.0.0.1:PORT": {},
        f"127.0.0.1:{free_port()}": {"proxy_protocol": True}})


@pytest.fixture
def server(start_server):
    return serve(start_server)


def proxy_port(server):
    for name, options in server.listeners.items():
        if options.get("proxy_protocol"):
            return int(name.rpartition(":")[2])
    raise AssertionError("no such listener")


def connect(server, header, **options):
    dialog = Dialog(proxy_port(server), greeting=None, **options)
    dialog.send(header)
    return dialog


def greeted(server, header, **options):
    dialog = connect(server, header, **options)
    dialog.expect(220)
    dialog.command("EHLO client.example.org", 250)
    return dialog


@pytest.mark.parametrize("header, client", [
    (v1("192.0.2.9"), "192.0.2.9"),
    (v1("2001:db8::9", "2001:db8::1"), "2001:db8::9"),
    (v1("::ffff:192.0.2.9", "::ffff:192.0.2.1"), "192.0.2.9"),
    (v2("192.0.2.9"), "192.0.2.9"),
    (v2("2001:db8::9"), "2001:db8::9"),
    (v2("::ffff:192.0.2.9"), "192.0.2.9"),
    (v2("192.0.2.9", TLVS), "192.0.2.9"),
    (v2("192.0.2.9", b"x" * 4068), "192.0.2.9"),
    # The balancer itself, or a client that it cannot name.
    (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    (b"PROXY UNKNOWN ::1 ::1 1 2\r\n", "127.0.0.1"),
    (LOCAL, "127.0.0.1"),
    (SIGNATURE + b"\x21\x00\x00\x00", "127.0.0.1"),
    (SIGNATURE + b"\x21\x31\x00\xd8" + b"/a".ljust(216, b"\0"), "127.0.0.1"),
])
def test_the_row_has_the_clients_address(server, database, header, client):
    with greeted(server, header) as dialog:
        dialog.mail(MESSAGE)
    row = database.row()
    packed = ipaddress.ip_address(client).packed
    assert row["ip_addr"] == packed
    name = f"[IPv6:{client}]" if ":" in client else f"[{client}]"
    assert name.encode() in row["mail"]


def test_a_header_may_come_byte_by_byte(server, database):
    for header in v1("192.0.2.9"), v2("192.0.2.9", TLVS):
        with connect(server, b"") as dialog:
            for byte in header:
                dialog.send(bytes([byte]))
                time.sleep(0.002)
            dialog.expect(220)
            dialog.command("EHLO client.example.org", 250)
            dialog.mail(MESSAGE)
    assert [row["ip_addr"] for row in database.rows()] == [b"\xc0\0\2\x09"] * 2


def test_what_follows_the_header_in_one_segment_is_smtp(server, database):
    with connect(server, v2("192.0.2.9") + b"EHLO client.example.org\r\n"
                 b"MAIL FROM:<me@example.org>\r\n") as dialog:
        for code in 220, 250, 250:
            dialog.expect(code)
        dialog.command("RCPT TO:<you@example.com>", 250)
        dialog.data(MESSAGE)
    assert database.row()["ip_addr"] == b"\xc0\0\2\x09"


@pytest.mark.parametrize("header", [
    b"EHLO client.example.org\r\n",
    b"PROXY TCP4 192.0.2.9 198.51.100.1 4321\r\n",
    b"PROXY TCP4 2001:db8::9 2001:db8::1 4321 25\r\n",
    b"PROXY TCP4 192.0.2.9 198.51.100.1 4321 25\n",
    b"PROXY TCP9 192.0.2.9 198.51.100.1 4321 25\r\n",
    b"PROXY " + b"x" * 200,
    SIGNATURE + b"\x31\x11\x00\x0c" + b"\0" * 12,
    SIGNATURE + b"\x21\x11\x00\x04" + b"\0" * 4,
    SIGNATURE + b"\x21\x11\xff\xff" + b"\0" * 100,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\n\r\n",
])
def test_a_wrong_header_is_closed_without_a_byte(server, header):
    with connect(server, header) as dialog:
        assert dialog.is_closed(5)
    server.await_log("no valid PROXY header")
    greeted(server, v1("192.0.2.9")).close()


def test_a_late_header_is_closed_without_a_byte(start_server):
    server = serve(start_server, {"timeouts.proxy": 1})
    began = time.monotonic()
    with connect(server, b"") as silent, \
            connect(server, v1("192.0.2.9")[:-1]) as half:
        assert silent.is_closed(5)
        assert half.is_closed(5)
    assert 0.9 < time.monotonic() - began < 4


def test_only_the_first_header_counts(server, database):
    with greeted(server, v1("192.0.2.9")) as dialog:
        reply = dialog.command(v1("192.0.2.77").decode().strip())
        assert reply.code == 500
        dialog.mail(MESSAGE)
    assert database.row()["ip_addr"] == b"\xc0\0\2\x09"


def test_a_plain_listener_takes_no_header(server):
    with server.dialog(ehlo=None) as dialog:
        assert dialog.command("PROXY TCP4 1.2.3.4 1.2.3.4 1 2").code == 500


def test_an_untrusted_peer_is_closed_without_a_byte(start_server):
    server = serve(start_server,
                   {"trusted_proxies": ["192.0.2.0/24", "127.0.0.2"]})
    with Dialog(proxy_port(server), greeting=None) as dialog:
        assert dialog.is_closed(5)
    server.await_log("not among trusted_proxies")
    greeted(server, v1("192.0.2.9"), source="127.0.0.2").close()


def test_a_unix_socket_is_trusted(start_server, database, certificate):
    path = os.path.join(certificate.folder, "smtp")
    os.chmod(certificate.folder, 0o777)
    start_server({"trusted_proxies": []}, listeners={
        "127.0.0.1:PORT": {},
        f"unix:{path}": {"proxy_protocol": True, "mode": "0600"}})
    assert os.stat(path).st_mode & 0o777 == 0o600
    with Dialog(None, path=path, greeting=None) as dialog:
        dialog.send(v2("192.0.2.9"))
        dialog.expect(220)
        dialog.command("EHLO client.example.org", 250)
        dialog.mail(MESSAGE)
    assert database.row()["ip_addr"] == b"\xc0\0\2\x09"


def test_limits_count_the_client_not_the_balancer(start_server):
    server = serve(start_server,
                   {"limits.connections_per_ip": 2, "workers": 3})
    held = [greeted(server, v1(client)) for client in
            ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2")]
    held += [greeted(server, v2(f"2001:db8:0:1::{n}")) for n in (1, 2)]
    for client in "192.0.2.1", "192.0.2.2", "2001:db8:0:1:ffff::3":
        with connect(server, v2(client)) as dialog:
            assert dialog.expect(421).enhanced == "4.7.0"
            assert dialog.is_closed()
    held += [greeted(server, v2("2001:db8:0:2::1"))]
    for dialog in held:
        dialog.close()


def test_blocked_clients_are_refused_behind_a_balancer(start_server):
    server = serve(start_server, {
        "blocked_clients": ["192.0.2.0/24", "2001:db8::/32"]})
    for client in "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1":
        with connect(server, v2(client)) as dialog:
            assert dialog.expect(554).enhanced == "5.7.1"
            assert dialog.is_closed()
    greeted(server, v2("198.51.100.1")).close()


def test_tls_right_behind_the_header(start_server, database, certificate):
    port = free_port()
    start_server(certificate.settings(), listeners={
        "127.0.0.1:PORT": {},
        f"127.0.0.1:{port}": {"proxy_protocol": True, "tls": "implicit"}})
    context = blind_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing)
    with pytest.raises(OSError):
        client.do_handshake()
    with socket.create_connection(("127.0.0.1", port), 10) as raw:
        # Header and ClientHello in one segment.
        raw.sendall(v2("192.0.2.9", TLVS) + outgoing.read())
        while True:
            heard = raw.recv(65536)
            assert heard, "the server closed in the handshake"
            incoming.write(heard)
            try:
                client.do_handshake()
                break
            except OSError:
                raw.sendall(outgoing.read())
        client.write(b"EHLO client.example.org\r\n"
                     b"MAIL FROM:<me@example.org>\r\n"
                     b"RCPT TO:<you@example.com>\r\nDATA\r\n")
        client.write(b"Subject: both\r\n\r\n.\r\nQUIT\r\n")
        raw.sendall(outgoing.read())
        raw.settimeout(10)
        while raw.recv(65536):
            pass
    row = database.row()
    assert row["ip_addr"] == b"\xc0\0\2\x09" and row["is_tls"] == 1


def test_a_balancers_probes_are_silent(start_server):
    server = serve(start_server, {"log.level": "info"})
    server.await_log(" ready ")
    server.await_log("database is there")
    before = len(server.log())
    for _ in range(5):
        socket.create_connection(("127.0.0.1", proxy_port(server))).close()
        with connect(server, LOCAL) as dialog:
            dialog.expect(220)
            dialog.command("QUIT", 221)
    # Something that is logged, to know that all before it was.
    connect(server, b"nonsense").close()
    server.await_log("no valid PROXY header")
    new = server.log()[before:].splitlines()
    assert len(new) == 1, new


# -- XCLIENT --------------------------------------------------------------


def test_xclient_is_for_its_hosts_only(start_server, database):
    server = start_server({"xclient_hosts": ["127.0.0.2"]})
    with server.dialog() as dialog:
        assert "XCLIENT" not in dialog.ehlo.text
        dialog.command("XCLIENT ADDR=192.0.2.9", 550)
        dialog.mail(MESSAGE)
    assert database.row()["ip_addr"] == b"\x7f\0\0\1"
    server.await_log("XCLIENT without permission")


def test_xclient_names_the_client(start_server, database):
    server = start_server({"xclient_hosts": ["127.0.0.2"]})
    for client in "192.0.2.9", "IPV6:2001:db8::9":
        with server.dialog(source="127.0.0.2") as dialog:
            assert "XCLIENT" in dialog.ehlo.text
            dialog.command(f"XCLIENT ADDR={client} NAME=[UNAVAILABLE] "
                           "PORT=1234", 220)
            dialog.command("MAIL FROM:<me@example.org>", 503)
            dialog.command("EHLO real.example.org", 250)
            dialog.mail(MESSAGE)
    first, second = database.rows()
    assert first["ip_addr"] == b"\xc0\0\2\x09"
    assert second["ip_addr"] == ipaddress.ip_address("2001:db8::9").packed
    assert first["helo"] == "real.example.org"


def test_xclient_right_is_the_peers_not_the_clients(start_server):
    """Behind a balancer the right belongs to the client it names."""
    server = serve(start_server, {"xclient_hosts": ["192.0.2.9"]})
    with greeted(server, v2("192.0.2.10")) as dialog:
        dialog.command("XCLIENT ADDR=192.0.2.1", 550)
    with greeted(server, v2("192.0.2.9")) as dialog:
        dialog.command("XCLIENT ADDR=192.0.2.1", 220)


def test_a_balancer_lends_its_xclient_right_to_nobody(start_server):
    """Whom it cannot name, and its own probes, are not trusted as it is."""
    server = serve(start_server, {"xclient_hosts": ["127.0.0.1"]})
    for header in b"PROXY UNKNOWN\r\n", LOCAL:
        with greeted(server, header) as dialog:
            dialog.command("XCLIENT ADDR=192.0.2.1", 550)
    with server.dialog() as dialog:
        dialog.command("XCLIENT ADDR=192.0.2.1", 220)
        dialog.command("XCLIENT ADDR=192.0.2.2", 550)


def test_blocked_clients_are_refused_behind_xclient(start_server):
    server = start_server({"xclient_hosts": ["127.0.0.1"],
                           "blocked_clients": ["192.0.2.0/24"]})
    with server.dialog() as dialog:
        reply = dialog.command("XCLIENT ADDR=192.0.2.1", 554)
        assert reply.enhanced == "5.7.1"
        assert dialog.is_closed()
    server.await_log("client=192.0.2.1")
    line, = server.log_lines("refused: among blocked_clients")
    assert "client=192.0.2.1" in line


def test_limits_count_the_client_that_xclient_names(start_server):
    server = start_server({"xclient_hosts": ["127.0.0.1"], "workers": 2,
                           "limits.connections_per_ip": 2})
    held = []
    for client in "192.0.2.1", "192.0.2.2", "IPV6:2001:db8::1":
        for _ in range(2):
            held.append(server.dialog())
            held[-1].command(f"XCLIENT ADDR={client}", 220)
        with server.dialog() as dialog:
            reply = dialog.command(f"XCLIENT ADDR={client}", 421)
            assert reply.enhanced == "4.7.0"
            assert dialog.is_closed()
    # The count goes with the connection, under the address it was made.
    held.pop(0).close()

    def is_free():
        with server.dialog() as dialog:
            return dialog.command("XCLIENT ADDR=192.0.2.1").code == 220
    wait_for(is_free, 10, "a place for 192.0.2.1")
    for dialog in held:
        dialog.close()
