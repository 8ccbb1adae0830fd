# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP by hand: bytes out, replies in, nothing done behind one's back."""
import socket

from support.certificates import blind_context


class Reply:
    def __init__(self, code, lines):
        self.code = code
        self.lines = lines

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def enhanced(self):
        """'2.1.0', or '' where the reply has none."""
        first = self.lines[0].split(" ")[0]
        return first if first.count(".") == 2 else ""

    @property
    def id(self):
        """The message's id in '250 2.0.0 OK: queued as ID'."""
        assert "queued as " in self.text, self
        return self.text.split("queued as ")[1].split()[0]

    def __repr__(self):
        return f"<{self.code} {self.text!r}>"


class Dialog:
    """A connection to the server. A closed one raises ConnectionError."""

    def __init__(self, port, host="127.0.0.1", timeout=20, greeting=220,
                 path=None, source=None):
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(path)
        else:
            self.socket = socket.create_connection(
                (host, port), timeout, source and (source, 0))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.waiting = b""
        self.greeting = greeting and self.expect(greeting)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes)
                            else data.encode())

    def _line(self):
        while b"\n" not in self.waiting:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError(
                    f"closed by the server, after {self.waiting!r}")
            self.waiting += data
        line, self.waiting = self.waiting.split(b"\n", 1)
        assert line.endswith(b"\r"), f"a reply ends in a bare LF: {line!r}"
        return line[:-1].decode()

    def reply(self):
        lines = []
        while True:
            line = self._line()
            assert line[:3].isdigit() and line[3:4] in " -", line
            lines.append(line[4:])
            if line[3] == " ":
                return Reply(int(line[:3]), lines)

    def expect(self, code):
        reply = self.reply()
        assert reply.code == code, f"expected {code}, got {reply}"
        return reply

    def command(self, line, code=None):
        """Sends a line and returns its reply, which must have this code."""
        self.send(line + "\r\n" if isinstance(line, str) else line + b"\r\n")
        return self.reply() if code is None else self.expect(code)

    def starttls(self, context=None, **options):
        self.command("STARTTLS", 220)
        self.socket = (context or blind_context()).wrap_socket(self.socket,
                                                               **options)

    def data(self, message, code=250):
        """DATA, the message dot-stuffed, and the reply to its final dot."""
        self.command("DATA", 354)
        self.send(stuffed(message))
        return self.reply() if code is None else self.expect(code)

    def mail(self, message, to=("you@example.com",), sender="me@example.org",
             code=250):
        """A whole transaction; returns the reply to its final dot."""
        self.command(f"MAIL FROM:<{sender}>", 250)
        for recipient in [to] if isinstance(to, str) else to:
            self.command(f"RCPT TO:<{recipient}>", 250)
        return self.data(message, code)

    def is_closed(self, timeout=10):
        """Whether the server closes, without another byte."""
        self.socket.settimeout(timeout)
        try:
            return self.waiting == b"" and self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def close(self):
        self.socket.close()


def stuffed(message):
    """A message as it goes through DATA, with its end."""
    if isinstance(message, str):
        message = message.encode()
    if message.startswith(b"."):
        message = b"." + message
    message = message.replace(b"\r\n.", b"\r\n..")
    return message + (b".\r\n" if message.endswith(b"\r\n") or not message
                      else b"\r\n.\r\n")
