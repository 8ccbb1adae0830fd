# SPDX-License-Identifier: GPL-3.0-or-later
"""The status page as people meet it: in Chromium, light and dark, narrow and
wide, printed, without script, while the database or the server is away; in a
text browser; and before a checker of HTML."""
import itertools
import os
import shutil
import socket
import subprocess

import pytest

from support.metrics import HOST, ask
from support.server import free_port
from support.waiting import wait_for

pytestmark = pytest.mark.slow

HEADINGS = ("The last hour", "The last day", "Mail since the start",
            "Database", "Spool", "Processes", "Replies", "Database hosts")
WELL = "All is well: mail is taken."
NO_HOST = "no database host can be written"
PLOTS = 7
SCHEMES = "light", "dark"
# Server and browser share the processors with other tests.
AT_MOST = 60


@pytest.fixture
def browser():
    support = pytest.importorskip("support.browser")
    if not support.PROGRAM or not support.DRIVER:
        pytest.skip("there is no Chromium: scripts/setup slow installs it")
    browser = support.Browser()
    yield browser
    browser.quit()


@pytest.fixture
def origin():
    return f"http://{HOST}:{free_port()}/"


def port_of(origin):
    return int(origin.rstrip("/").rpartition(":")[2])


@pytest.fixture
def watched(start_server, origin):
    """A server that has stored mail and refused some."""
    server = start_server({"status.listen": f"{HOST}:{port_of(origin)}"})
    for _ in range(3):
        server.send()
    with server.dialog() as dialog:
        dialog.command("MAIL FROM:<me@example.org>")
        dialog.command("RCPT TO:<you@foreign.example>", code=550)
    return server


@pytest.fixture
def check(top):
    """check(browser): a line for each thing to mend."""
    path = os.path.join(top, "tests/e2e/support/page_checks.js")
    with open(path, encoding="ascii") as file:
        script = file.read()
    return lambda browser: browser.execute_script(script)


def await_sentence(browser, words):
    wait_for(lambda: words in browser.text(), AT_MOST, words)


def is_too_wide(browser):
    """Whether the page as a whole has to be scrolled sideways."""
    return browser.run("document.documentElement.scrollWidth > "
                       "document.documentElement.clientWidth")


def is_dark(browser):
    return browser.run("getComputedStyle(document.body).backgroundColor"
                       ".match(/\\d+/g).every(c => c < 64)")


def await_renewal(browser):
    """The script puts another <main> in the place of this one."""
    browser.execute_script("document.querySelector('main').wasSeen = true;")
    wait_for(lambda: browser.run("!document.querySelector('main').wasSeen"),
             AT_MOST, "a renewed page")


def forget_database(server, mariadb):
    mariadb.kill()
    with socket.create_connection((HOST, server.port), 5) as client:
        client.recv(100)


# ---- Looks ------------------------------------------------------------------

def test_it_is_readable(watched, origin, browser, check):
    browser.get(origin)
    for scheme, width in itertools.product(SCHEMES, (360, 1200, 2560)):
        browser.prefer(scheme)
        browser.be_wide(width)
        await_renewal(browser)
        assert WELL in browser.text()
        assert is_dark(browser) == (scheme == "dark")
        assert check(browser) == [], (scheme, width)
        assert not is_too_wide(browser), (scheme, width)
    shown = browser.run("[...document.querySelectorAll('h2')].map("
                        "h => h.innerText)")
    assert [h for h in shown if h in HEADINGS] == list(HEADINGS)
    assert browser.complaints() == []
    assert watched.stop() == 0


def test_it_prints(watched, origin, browser, check):
    """Dark text on white paper, and nothing is cut off."""
    browser.prefer("dark", media="print")
    browser.be_wide(700)            # about that of a sheet
    browser.get(origin)
    await_sentence(browser, WELL)
    assert not is_dark(browser)
    assert check(browser) == [] and not is_too_wide(browser)
    assert browser.run("[...document.querySelectorAll('.wide')].every("
                       "e => e.scrollWidth <= e.clientWidth)")
    assert browser.complaints() == []
    assert watched.stop() == 0


def test_it_asks_nobody_else(watched, origin, browser):
    browser.get(origin)
    wait_for(lambda: len(browser.requests("Fetch")) >= 2, AT_MOST,
             "two renewals")
    asked = browser.requests()
    for path in "", "page.css", "page.js":
        assert origin + path in asked
    for url in asked:
        assert url.startswith((origin, "data:,")), url
    assert browser.complaints() == []
    assert watched.stop() == 0


# ---- Renewed ----------------------------------------------------------------

def test_a_renewal_keeps_its_reader_where_he_is(watched, origin, browser):
    browser.be_wide(360, 500)
    browser.get(origin)
    await_sentence(browser, WELL)
    browser.execute_script("""
        const table = [...document.querySelectorAll('.wide')].find(
            e => e.scrollWidth > e.clientWidth + 15);
        table.focus();
        table.scrollLeft = 15;
        scrollTo(0, 700);""")
    where = ("[document.activeElement.getAttribute('aria-labelledby'),"
             " document.activeElement.scrollLeft, scrollY]")
    before = browser.run(where)
    assert before[0] and before[1:] == [15, 700]
    for _ in range(2):
        await_renewal(browser)
        assert browser.run(where) == before
    assert browser.complaints() == []
    assert watched.stop() == 0


def test_it_rests_while_hidden(watched, origin, browser):
    browser.get(origin)
    await_renewal(browser)
    browser.execute_script("""
        window.isHidden = true;
        Object.defineProperty(document, 'hidden',
                              { get: () => window.isHidden });
        document.querySelector('main').wasSeen = true;""")
    # One question may be on its way; after that, none however long.
    wait_for(lambda: is_quiet(browser), AT_MOST, "rest")
    browser.execute_script("""
        window.isHidden = false;
        document.querySelector('main').wasSeen = true;
        document.dispatchEvent(new Event('visibilitychange'));""")
    wait_for(lambda: browser.run("!document.querySelector('main').wasSeen"),
             AT_MOST, "a renewed page")
    assert watched.stop() == 0


def is_quiet(browser):
    """Three times the script's pause, timed by the page, without a
    question."""
    before = len(browser.requests("Fetch"))
    browser.execute_async_script("setTimeout(arguments[0], 6000);")
    return len(browser.requests("Fetch")) == before


def test_without_script_it_is_whole(watched, origin, browser, check):
    browser.emulate("setScriptExecutionDisabled", value=True)
    browser.get(origin)
    await_sentence(browser, WELL)
    assert check(browser) == []
    assert browser.run("document.querySelectorAll('figure svg[role=img]')"
                       ".length") == 2 * PLOTS
    assert "Processes" in browser.text() and "worker 1" in browser.text()
    wait_for(lambda: browser.requests("Document").count(origin) >= 2,
             AT_MOST, "the refresh")
    assert origin + "page.js" not in browser.requests()
    assert browser.complaints() == []
    assert watched.stop() == 0


# ---- When something is away -------------------------------------------------

def check_schemes(browser, check):
    for scheme in SCHEMES:
        browser.prefer(scheme)
        assert check(browser) == [], scheme
    assert not is_too_wide(browser)


def test_the_database_is_away(watched, origin, browser, check, mariadb):
    browser.be_wide(360)
    browser.get(origin)
    await_sentence(browser, WELL)
    forget_database(watched, mariadb)
    await_sentence(browser, NO_HOST)
    assert WELL not in browser.text()
    assert "no mail is taken" in browser.title
    await_sentence(browser, "Last errors")
    check_schemes(browser, check)
    mariadb.start()
    await_sentence(browser, WELL)
    assert browser.complaints() == []
    assert watched.stop() == 0


def test_the_server_is_away(watched, origin, browser, check):
    """What is old is not shown as new."""
    browser.get(origin)
    await_renewal(browser)
    assert "No answer" not in browser.text() + browser.title
    assert watched.stop() == 0
    await_sentence(browser, "No answer since ")
    assert browser.title.startswith("No answer: ")
    check_schemes(browser, check)
    watched.start()
    wait_for(lambda: "No answer" not in browser.text() + browser.title,
             AT_MOST, "its answer")
    await_sentence(browser, WELL)
    # That nobody listened is all there was to complain of.
    assert [c for c in browser.complaints() if "ERR_CONNECTION" not in c] == []
    assert watched.stop() == 0


# ---- Without Chromium -------------------------------------------------------

def through(text, *command):
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]}: scripts/setup slow installs it")
    return subprocess.run(command, input=text, text=True, encoding="utf-8",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)


def test_it_is_good_html(watched, origin, mariadb):
    def faults():
        done = through(ask(port_of(origin), "/")[2], "tidy", "-q", "-e",
                       "-utf8")
        return done.stdout + done.stderr
    assert faults() == ""
    forget_database(watched, mariadb)
    wait_for(lambda: NO_HOST in ask(port_of(origin), "/")[2], AT_MOST,
             "the outage")
    assert faults() == ""
    mariadb.start()


def test_a_text_browser_shows_it(watched, origin):
    page = ask(port_of(origin), "/")[2]
    shown = through(page, "w3m", "-dump", "-T", "text/html", "-cols", "80")
    assert shown.returncode == 0 and not shown.stderr
    lines = [line.rstrip() for line in shown.stdout.splitlines()]
    assert WELL in lines
    for heading in HEADINGS:
        assert heading in lines
    for words in "Mails a second", "worker 1", "550", "localhost":
        assert any(line.startswith(words) for line in lines), words
    assert "points=" not in shown.stdout and "<svg" not in shown.stdout
    assert watched.stop() == 0
