# SPDX-License-Identifier: GPL-3.0-or-later
"""make run and scripts/inbox, as a new user meets them."""
import os
import re
import subprocess
import urllib.request

import pytest

from support.mariadb import SCRIPT, TOP
from support.server import free_port
from support.waiting import wait_for

HTML = """From: Shop <shop@example.org>
To: you@example.com
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<style>p { color: red }</style><p>One &amp; <b>two</b></p><p>\x1b[31mred</p>
"""


class Trial:
    """scripts/run with a port and a database of its own."""

    def __init__(self, folder):
        self.port = free_port()
        self.output = os.path.join(folder, "output")
        self.environment = {**os.environ, "PORT": str(self.port),
                            "RUN": f"first-{os.getpid()}"}
        self.process = None

    def start(self):
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [os.path.join(TOP, "scripts/run")], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        wait_for(lambda: "takes mail for example.com" in self.said()
                 or self.process.poll() is not None, 60, "the greeting")
        assert self.process.poll() is None, self.said()

    def said(self):
        with open(self.output, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)

    def inbox(self, *arguments):
        return subprocess.run(
            [os.path.join(TOP, "scripts/inbox"), *arguments],
            env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False).stdout

    def swaks(self, *arguments):
        subprocess.run(["swaks", "--server", f"127.0.0.1:{self.port}",
                        "--hide-all", *arguments], check=True)


@pytest.fixture
def trial(tmp_path):
    trial = Trial(tmp_path)
    yield trial
    if trial.process and trial.process.poll() is None:
        trial.stop()
    subprocess.run([SCRIPT, "remove", trial.environment["RUN"]], check=True)


@pytest.mark.skipif(not os.path.exists(f"{TOP}/build/guerrilla-smtpd"),
                    reason="scripts/run starts build/guerrilla-smtpd")
def test_a_new_user_sends_a_mail_and_sees_it(trial, tmp_path):
    trial.start()
    advised = next(line for line in trial.said().splitlines()
                   if "See it" in line).split()[2:4]
    assert advised == ["RUN=" + trial.environment["RUN"], "scripts/inbox"]
    assert trial.inbox() == "Nothing arrived yet.\n"
    page = re.search(r"http://127\.0\.0\.1:\d+/", trial.said())[0]
    with urllib.request.urlopen(page, timeout=10) as answer:
        assert b"<h1" in answer.read()
    mail = tmp_path / "mail"
    mail.write_text(HTML, encoding="utf-8")
    trial.swaks("--to", "you@example.com", "--data", f"@{mail}")
    trial.swaks("--to", "other@example.com", "--header", "Subject: plain",
                "--body", "the body")

    listed = trial.inbox()
    assert listed.index("plain") < listed.index("Grüße"), "newest first"
    assert "shop@example.org" in listed
    assert "plain" not in trial.inbox("You@example.com")
    assert "Nothing arrived for x'@example.com" in trial.inbox(
        "x'@example.com")
    shown = trial.inbox(trial.inbox("you@example.com").split()[0])
    assert "One & two\n" in shown and "style" not in shown
    assert "\x1b" not in shown, "a mail drives the terminal"
    assert "the body" in trial.inbox(listed.split()[0])

    assert trial.stop() == 0
    assert "is not running" in trial.inbox()
    trial.start()
    assert "Grüße" in trial.inbox(), "the mail stays"
    assert trial.stop() == 0


@pytest.mark.skipif(not os.path.exists(f"{TOP}/build/guerrilla-smtpd"),
                    reason="scripts/run starts build/guerrilla-smtpd")
def test_a_second_run_of_the_same_tree_is_refused(trial):
    trial.start()
    again = subprocess.run([os.path.join(TOP, "scripts/run")],
                           env=trial.environment, stderr=subprocess.PIPE,
                           text=True, check=False)
    assert again.returncode == 1 and "runs already" in again.stderr
    assert trial.inbox() == "Nothing arrived yet.\n", "it still runs"
    assert trial.stop() == 0


def test_private_databases_keep_apart(mariadb):
    """mariadbd deletes at its start what others left where its temporary
    tables go, and what they still use."""
    folder = mariadb.query("SELECT @@tmpdir AS folder")[0]["folder"]
    assert os.path.dirname(folder) == os.path.dirname(mariadb.data)
