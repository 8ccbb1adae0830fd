# SPDX-License-Identifier: GPL-3.0-or-later
"""-s top: what it draws on a terminal, and what it prints elsewhere."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

LEFT = b"\x1b[?25h\x1b[?1049l"


class Screen:
    """-s top in a terminal of its own."""

    def __init__(self, server, columns=80, **environment):
        arguments = server.arguments("-s", "top")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(arguments[0], arguments, {
                "TERM": "xterm", "LANG": "C.UTF-8",
                "ASAN_OPTIONS": "detect_leaks=0", **environment})
        self.seen = b""
        self.resize(columns)

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        if select.select([self.fd], [], [], 0.1)[0]:
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:     # it has ended
                return False
        return True

    def frame(self):
        """The lines of the last whole frame, without colours."""
        frames = self.seen.split(b"\x1b[H")[1:]
        whole = [f for f in frames if f.endswith(b"\x1b[K\x1b[J")]
        if not whole:
            return []
        text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", whole[-1])
        return text.decode("utf-8").replace("\r", "").split("\n")

    def await_frame(self, is_right, what, seconds=20):
        deadline = time.monotonic() + seconds
        while not is_right(self.frame()):
            assert time.monotonic() < deadline, f"{what}: {self.frame()}"
            self.read()
        return self.frame()

    def type(self, keys):
        os.write(self.fd, keys)

    def end(self):
        while self.read() and not self.seen.endswith(LEFT):
            pass
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def has(text):
    return lambda frame: any(text in line for line in frame)


def lacks(text):
    return lambda frame: frame and not has(text)(frame)


@pytest.fixture
def watch():
    screens = []

    def start(server, **options):
        screens.append(Screen(server, **options))
        return screens[-1]
    yield start
    for screen in screens:
        os.close(screen.fd)


def test_it_shows_rates_and_processes(start_server, watch):
    server = start_server()
    screen = watch(server)
    screen.await_frame(has("All is well."), "the service")
    screen.await_frame(
        lambda frame: any(re.match(r"worker 2 +\d+ +ready", line)
                          for line in frame), "the table")
    deadline = time.monotonic() + 20
    while not re.search(rb"accepted [1-9]\d*\.\d", screen.seen):
        assert time.monotonic() < deadline
        server.send()
        screen.read()
    screen.await_frame(has("\u2581"), "the last minute")
    assert re.search(rb"reply p50 (0\.[1-9]|[1-9])", screen.seen)
    screen.type(b"1")
    screen.await_frame(lacks("PROCESS"), "the summary")
    screen.type(b"1")
    screen.await_frame(has("PROCESS"), "the table again")
    screen.type(b"q")
    assert screen.end() == 0
    assert screen.seen.endswith(LEFT)


def test_keys_sort_the_processes(start_server, watch):
    server = start_server({"workers": 1})
    screen = watch(server)
    server.send()
    screen.await_frame(has("ACCEPTED"), "the table")

    def first(frame):
        heads = [i for i, line in enumerate(frame) if "PROCESS" in line]
        return frame[heads[0] + 1].split()[0] if heads else ""
    assert first(screen.frame()) == "master"
    screen.type(b"ss")          # by sessions, by mails
    screen.await_frame(lambda f: first(f) == "worker", "another order")
    screen.type(b"ss")          # by memory, by place
    screen.await_frame(lambda f: first(f) == "master", "the first order")
    screen.type(b"q")
    assert screen.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGHUP])
def test_the_terminal_is_given_back(start_server, watch, number):
    screen = watch(start_server({"workers": 1}))
    screen.await_frame(has("All is well."), "the service")
    assert screen.seen.startswith(b"\x1b[?1049h\x1b[?25l")
    os.kill(screen.pid, number)
    assert screen.end() == 0
    assert screen.seen.endswith(LEFT)


def test_it_fits_forty_columns_without_utf8_and_colour(start_server, watch):
    screen = watch(start_server({"workers": 1}), columns=120)
    screen.await_frame(has("All is well."), "the service")
    screen.type(b"q")
    assert screen.end() == 0
    screen = watch(start_server({"workers": 1}), columns=40, LANG="C",
                   NO_COLOR="1")
    frame = screen.await_frame(
        lambda f: has("PROCESS")(f) and has("last minute  _")(f), "the table")
    assert all(len(line) <= 40 for line in frame), frame
    assert b"\x1b[1m" not in screen.seen
    assert screen.seen.isascii()
    screen.resize(60, 6)
    screen.await_frame(lambda f: len(f) == 6 and
                       any(len(line) > 40 for line in f), "the new size")
    screen.type(b"q")
    assert screen.end() == 0


def test_a_stop_gives_the_terminal_back_for_a_while(start_server, watch):
    screen = watch(start_server({"workers": 1}))
    screen.await_frame(has("All is well."), "the service")
    screen.type(b"\x1a")                                # ^Z
    _, status = os.waitpid(screen.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    while not screen.seen.endswith(LEFT):
        screen.read()
    os.kill(screen.pid, signal.SIGCONT)
    screen.seen = b""
    screen.await_frame(has("All is well."), "the service again")
    screen.type(b"q")
    assert screen.end() == 0


def test_a_restart_is_followed(start_server, watch):
    server = start_server({"workers": 1})
    screen = watch(server)
    screen.await_frame(has("All is well."), "the service")
    server.stop()
    screen.await_frame(has("does not run"), "its end")
    server.start()
    screen.await_frame(has("All is well."), "the next one")
    screen.type(b"q")
    assert screen.end() == 0


def test_elsewhere_it_is_a_line_a_second(start_server):
    server = start_server({"workers": 1})
    with subprocess.Popen(server.arguments("-s", "top"), text=True,
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as top:
        for _ in range(2):
            assert re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ accepted/s \d+\.\d "
                r"refused/s \d+\.\d deferred/s \d+\.\d connections/s \d+\.\d "
                r"rows/s \d+\.\d sessions \d+ reply_p50_ms \d+\.\d "
                r"reply_p99_ms \d+\.\d\n", top.stdout.readline())
        top.terminate()
        assert top.wait(20) == 0


def test_nothing_to_watch_is_4(start_server):
    server = start_server({"workers": 1})
    server.stop()
    assert server.run("-s", "top").returncode == 4
    server.start()
