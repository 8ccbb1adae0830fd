# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that speaks MySQL and misbehaves where a test wants: a proxy to
the private MariaDB that knows the protocol's packets and commands. A fault
meets the next command of its kind, once or for ever."""
import collections
import contextlib
import os
import re
import select
import socket
import struct
import threading
import time

from support.mariadb import TOP

with open(os.path.join(TOP, "src/store/outcome.c"), encoding="utf-8") as file:
    OUTCOMES = {int(error): flags for error, flags in re.findall(
        r"\{ (\d+), ACTION_\w+, ([^}]+) \}", file.read())}
# With some that the table does not name, of the server and of the library.
ERRORS = sorted(OUTCOMES) + [1815, 2000, 2014, 5013, 30001]
# After which the commit may have been done all the same.
MAY_BE_STORED = [error for error in ERRORS
                 if re.search("OPEN|LOOK", OUTCOMES.get(error, "OPEN"))]

COMMANDS = {0x01: "quit", 0x03: "query", 0x0e: "ping", 0x16: "prepare",
            0x17: "execute", 0x18: "long_data", 0x19: "close",
            0x1a: "reset"}
SILENT = ("quit", "close", "long_data")         # have no answer

Command = collections.namedtuple("Command", "kind at payload")


def packet(number, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


def error_packet(number, error, text, state=b"HY000"):
    return packet(number, b"\xff" + struct.pack("<H", error) + b"#" + state +
                  text.encode())


class Fault:
    """kind: a command's name, "connect" or "commit" (COMMIT, or an execute
    that commits by itself); text: what a query must contain. how:

        error   the server never sees it, an error is the answer
        late    the server does it, an error is the answer
        cut     the connection ends before the server sees it
        lost    the server does it, the connection ends without the answer
        left    like lost, and the server does not learn of the end
        hang    the server never sees it, no answer comes
        delay   it is passed on after so many seconds

    then: called when it is met, before anything else happens.
    follower: the fault that takes its place then. skip: how many commands
    pass that would meet it.
    """

    def __init__(self, kind, how, error=0, text=b"", times=1, seconds=0,
                 then=None, follower=None, skip=0):
        self.kind = kind
        self.how = how
        self.error = error
        self.text = text
        self.times = times
        self.seconds = seconds
        self.then = then or (lambda: None)
        self.follower = follower
        self.skip = skip
        self.met = 0

    def meets(self, kind, payload):
        if self.met >= self.times or kind != self.kind or \
                self.text not in payload:
            return False
        self.skip -= 1
        return self.skip < 0


class StandIn:
    """127.0.0.1:port in front of a unix socket."""

    def __init__(self, path):
        self.path = path
        self.fault = None
        self.renamed = []               # [(as it is, as it is told), ...]
        self.seen = []                  # all commands
        self.is_refusing = False
        self.clients = set()
        self.lock = threading.Lock()
        self.is_open = True
        self.ends = set()
        self.left = []                  # connections, still open
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, *arguments, **options):
        fault = Fault(*arguments, **options)
        with self.lock:
            self.fault = fault
        return fault

    def clear(self):
        with self.lock:
            self.fault = None

    def refuse(self):
        """From now on it cannot be connected to."""
        self.is_refusing = True

    def queries(self, text):
        """The queries so far that contain the text."""
        return [one.payload[1:] for one in list(self.seen)
                if one.kind == "query" and text in one.payload]

    def times(self, kind):
        """When each command of the kind came, by the monotonic clock."""
        return [one.at for one in list(self.seen) if one.kind == kind]

    def interject(self, error, is_end):
        """An error in what nobody asked, as of a server that ends a
        connection; is_end: and does end it. Returns to how many."""
        told = 0
        for client in list(self.clients):
            # One that was given up meanwhile is none.
            with contextlib.suppress(OSError):
                client.sendall(error_packet(0, error, "stand-in"))
                if is_end:
                    client.shutdown(socket.SHUT_RDWR)
                told += 1
        return told

    def close(self):
        self.is_open = False
        self.listener.close()
        for end in list(self.ends) + self.left:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while self.is_open:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        self.ends |= {client, server}
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.connect(self.path)
            if not self._meet_connect(client):
                self.clients.add(client)
                self._forward(client, server)
        except OSError:
            pass
        finally:
            self.ends -= {client, server}
            self.clients.discard(client)
            client.close()
            if server not in self.left:
                server.close()

    def _take(self, kind, payload):
        with self.lock:
            self.seen.append(Command(kind, time.monotonic(), payload[:300]))
            fault = self.fault
            if not fault or not fault.meets(kind, payload):
                return None
            fault.met += 1
            fault.then()
            self.fault = fault.follower or fault
            return fault

    def _meet_connect(self, client):
        fault = self._take("connect", b"")
        if fault is None:
            return self.is_refusing
        if fault.how == "error":
            # Before its greeting a server gives no SQLSTATE.
            client.sendall(packet(0, b"\xff" + struct.pack("<H", fault.error)
                                  + b"stand-in"))
        elif fault.how == "hang":
            self._wait_for_end(client)
        return True

    def _wait_for_end(self, client):
        while self.is_open and client.recv(65536):
            pass

    def _forward(self, client, server):
        """The server's bytes pass as they come; the client's are taken
        packet by packet."""
        waiting = b""
        while self.is_open:
            ready = select.select([client, server], [], [], 1)[0]
            if server in ready:
                data = server.recv(262144)
                if not data:
                    return
                client.sendall(self._rename(data))
            if client in ready:
                data = client.recv(262144)
                if not data:
                    return
                waiting += data
                while len(waiting) >= 4:
                    end = 4 + int.from_bytes(waiting[:3], "little")
                    if len(waiting) < end:
                        break
                    if not self._pass_on(client, server, waiting[:end]):
                        return
                    waiting = waiting[end:]

    def _rename(self, data):
        for as_it_is, as_it_is_told in self.renamed:
            data = data.replace(as_it_is, as_it_is_told)
        return data

    def _pass_on(self, client, server, data):
        payload = data[4:]
        kind = COMMANDS.get(payload[0], "other") if payload else "other"
        fault = self._take(kind, payload) if data[3] == 0 else None
        if fault is None:
            server.sendall(data)
            return True
        if fault.how == "error":
            if kind == "execute":       # what a server does with its pieces
                server.sendall(packet(0, b"\x1a" + payload[1:5]))
                server.recv(65536)
            if kind not in SILENT:
                client.sendall(error_packet(1, fault.error, "stand-in"))
            return True
        if fault.how in ("late", "lost", "left"):
            server.sendall(data)
            server.recv(65536)
            if fault.how == "left":
                self.left.append(server)
            if fault.how == "late":
                client.sendall(error_packet(1, fault.error, "stand-in"))
            return fault.how == "late"
        if fault.how == "hang":
            self._wait_for_end(client)
        if fault.how == "delay":
            time.sleep(fault.seconds)
            server.sendall(data)
            return True
        return False
