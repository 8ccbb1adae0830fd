# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialogues of tests/wire once more, against the daemon and a real table.
Those that change settings, state or verdicts on the way stay with the unit
test; tests/wire/README tells the notation."""
import glob
import os
import re

import pytest

from support.certificates import blind_context
from support.dialog import Dialog
from support.mariadb import TOP

SETTINGS = {
    "domains": ["example.com", "*.example.net", "bücher.example",
                "[192.0.2.1]", "[IPv6:2001:db8::1]", "void.example"],
    "discard": ["void.example", "nobody@example.com"],
    "limits.message_size": 10000,
    "limits.transaction_bytes": 30000,
    "header_check": "off",
}
WAY = {"ehlo": b"EHLO client.example\r\n",
       "mail": b"MAIL FROM:<a@sender.example>\r\n",
       "rcpt": b"RCPT TO:<b@example.com>\r\n", "data": b"DATA\r\n"}


def read_all():
    for path in sorted(glob.glob(os.path.join(TOP, "tests/wire/*.smtp"))):
        with open(path, "rb") as file:
            for part in re.split(rb"^== ", file.read(), flags=re.M)[1:]:
                name, *steps = part.decode().splitlines()
                yield name, [s for s in steps if s and s[0] != "#"]


def is_for_the_wire(name, steps, by_bytes):
    """What comes in clear after the reply to STARTTLS is a broken handshake,
    not a command that was thrown away."""
    return not (any(step[0] in "=!" for step in steps) or
                by_bytes and "CVE-2011-0411" in name)


def unescaped(text):
    def one(match):
        times, sign = int(match[1] or 1), match[2]
        if sign[:2] == "\\x":
            byte = bytes([int(sign[2:], 16)])
        elif sign[0] == "\\":
            byte = {"r": b"\r", "n": b"\n", "t": b"\t"}.get(
                sign[1], sign[1].encode())
        else:
            byte = sign.encode()
        return (byte * times).decode("latin-1")
    return re.sub(r"(?:\{(\d+)\})?(\\x..|\\.|.)", one, text,
                  flags=re.S).encode("latin-1")


class Play:
    def __init__(self, server, database, by_bytes):
        self.dialog = Dialog(server.port)
        self.database = database
        self.by_bytes = by_bytes
        self.id = None
        self.body = b""
        self.wants_tls = False

    def send(self, data):
        if self.wants_tls:
            self.dialog.socket = blind_context().wrap_socket(
                self.dialog.socket)
            self.wants_tls = False
        for part in ([bytes([b]) for b in data] if self.by_bytes else [data]):
            try:
                self.dialog.send(part)
            except (BrokenPipeError, ConnectionResetError):
                return          # closed on purpose: X: follows

    def usual_way(self, to):
        for name, line in WAY.items():
            self.send(line)
            assert self.dialog.reply().code < 400
            if name == to:
                return

    def hears(self, expected):
        line = self.dialog._line()
        if "queued as " in line:
            self.id = line.split()[-1]
            line = line.removesuffix(self.id)
            expected = re.sub("[0-9a-f]{32}$", "", expected)
        if expected.endswith("*"):
            line, expected = line[:len(expected) - 1], expected[:-1]
        assert line == expected
        self.wants_tls = line.startswith("220 2.0.0 ")

    def offers(self, expected):
        reply = self.dialog.reply()
        assert reply.code in (214, 250), reply
        said = reply.text.split()
        for word in expected.split():
            assert (word.lstrip("!") in said) == (word[0] != "!"), said

    def rows(self):
        """Those of the message last accepted, in the order of its RCPTs."""
        return sorted(self.database.rows("hash LIKE %s",
                                         [self.id[:28] + "%"]),
                      key=lambda row: row["hash"])

    def envelope(self, text):
        sender, keys = re.fullmatch(r"from <(.*?)> to (.*)", text).groups()
        keys = re.findall(r'(?:"(?:\\.|[^"\\])*"|[^ "])+', keys)
        rows = self.rows()
        assert [r["to"] for r in rows] == [k for k in keys if k[0] != "-"]
        assert all(r["return_path"] == sender for r in rows)

    def step(self, kind, text, is_last_of_body):
        data = unescaped(text)
        if kind in "CR":
            self.send(data + (b"\r\n" if kind == "C" else b""))
        elif kind == "H":
            self.usual_way(text)
        elif kind == "S":
            self.hears(text)
        elif kind == "O":
            self.offers(text)
        elif kind == "E":
            self.envelope(data.decode())
        elif kind == "X":
            assert self.dialog.is_closed()
        elif kind == "M":
            self.body += data
            if is_last_of_body:
                assert self.id is None or all(
                    row["mail"].endswith(b"\r\n" + self.body) and
                    row["size"] == len(self.body) for row in self.rows())
                self.body = b""

    def all(self, steps):
        for i, step in enumerate(steps):
            try:
                self.step(step[0], step[3:], step[0] == "M" and
                          (i + 1 == len(steps) or steps[i + 1][0] != "M"))
            except (AssertionError, OSError, ValueError) as fault:
                raise AssertionError(f"at {step!r}: {fault!r}") from fault


@pytest.mark.parametrize("by_bytes", [False, True],
                         ids=["whole", "byte by byte"])
def test_every_dialogue_on_the_wire(start_server, database, certificate,
                                    by_bytes):
    server = start_server(certificate.settings(**SETTINGS))
    faults, played = [], 0
    for name, steps in read_all():
        if not is_for_the_wire(name, steps, by_bytes):
            continue
        play = Play(server, database, by_bytes)
        played += 1
        try:
            play.all(steps)
        except AssertionError as fault:
            faults.append(f"{name}: {fault}")
        finally:
            play.dialog.close()
    assert not faults, "\n".join(faults)
    assert played > 90
