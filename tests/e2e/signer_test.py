# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that has the keys: they are nowhere else, the service outlives
it, and whoever asks finds the one that has the key he means."""
import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import threading

import pytest

from support.certificates import Certificate, blind_context
from support.memory import holds
from support.server import free_port
from support.waiting import wait_for

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="reads others' memory")


def processes(server):
    return json.loads(server.run("-s", "status", "--json").stdout)["processes"]


def signatures(server):
    return sum(p["counters"]["signatures"] for p in processes(server))


def shake(server, version=None):
    """A session in TLS, to the end."""
    with server.dialog() as dialog:
        dialog.starttls(context=blind_context(version))
        der = dialog.socket.getpeercert(binary_form=True)
        dialog.command("QUIT", 221)
    return der


# -- Secrets ---------------------------------------------------------------

def numbers(key):
    """The secret numbers of a key, by their names in openssl's text."""
    text = subprocess.run(["openssl", "pkey", "-in", key, "-noout", "-text"],
                          check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^(\w+):\n((?:    [0-9a-f:]+\n)+)", text, re.M)
    return {name: bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")
            for name, digits in found}


def traces(number):
    """A number as it stands in a file and in OpenSSL's memory."""
    return number, number[::-1]


def lines(key):
    """What only this file has: a line from the middle of its text."""
    with open(key, "rb") as file:
        text = file.read().splitlines()
    return text[len(text) // 2]


def secret_of(octets):
    """What the keys of all periods are derived of."""
    return hmac.new(octets, b"guerrilla-smtpd session tickets",
                    hashlib.sha256).digest()


@as_root
def test_keys_are_with_the_signer_and_nobody_else(start_server, certificate):
    rsa = Certificate(certificate.folder, "rsa", key="rsa")
    tickets = certificate.folder + "/tickets"
    octets = os.urandom(80)
    with open(tickets, "wb") as file:
        file.write(octets)
    shutil.copymode(certificate.key, tickets)
    shutil.chown(tickets, group=os.stat(certificate.key).st_gid)
    server = start_server(certificate.settings(**{
        "tls.second_certificate": rsa.file, "tls.second_key": rsa.key,
        "tls.ticket_keys_file": tickets, "workers": 2}))
    for _ in range(4):
        shake(server, ssl.TLSVersion.TLSv1_2)
        shake(server)
    old = server.children("signer")
    server.reload()
    wait_for(lambda: server.children("signer") and
             old != server.children("signer") and
             len(server.children()) == 5, 30, "the next generation alone")
    shake(server)
    secrets = {
        "RSA": traces(numbers(rsa.key)["prime1"]),
        "ECDSA": traces(numbers(certificate.key)["priv"]),
        "tickets": (secret_of(octets),),
    }
    signer, = server.children("signer")
    others = [pid for pid in server.children() if pid != signer]
    assert len(others) == 4
    for name, forms in secrets.items():
        assert holds(signer, *forms), f"the search finds no {name}"
        for pid in [server.pid, *others]:
            assert not holds(pid, *forms), (name, pid)
    for pid in [server.pid, *others]:
        assert not holds(pid, lines(rsa.key), lines(certificate.key), octets)


def test_without_a_certificate_there_is_no_signer(start_server):
    server = start_server()
    server.send()
    assert not server.children("signer")


def test_signatures_are_counted(start_server, certificate):
    server = start_server(certificate.settings())
    before = signatures(server)
    for _ in range(3):
        shake(server)
    assert signatures(server) == before + 3


# -- Its death -------------------------------------------------------------

def ready_signer(server):
    return [p["pid"] for p in processes(server)
            if p["role"] == "signer" and p["state"] == "ready"]


def kill_signer(server):
    pid, = ready_signer(server)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: ready_signer(server) not in ([], [pid]), 30,
             "another signer")


def test_no_handshake_is_lost_with_the_signer(start_server, certificate):
    """They wait for its successor, which finds their questions."""
    server = start_server(certificate.settings(workers=2))
    is_over, failed = threading.Event(), []

    def handshakes():
        while not is_over.is_set():
            try:
                shake(server)
            except OSError as error:
                failed.append(error)

    threads = [threading.Thread(target=handshakes) for _ in range(4)]
    with server.dialog() as before:
        before.starttls()
        before.command("EHLO client.example.org", 250)
        for thread in threads:
            thread.start()
        workers = server.workers()
        for _ in range(3):
            kill_signer(server)
        before.command("NOOP", 250)
        is_over.set()
        for thread in threads:
            thread.join(60)
    shake(server)
    assert server.workers() == workers
    # Where the machine takes over a second to start it, they are closed.
    assert len(failed) < 20, failed


def test_starttls_is_put_off_while_nobody_signs(start_server, certificate):
    """A client that may go on without TLS, or come again, is told so: a
    handshake that fails would tell it nothing."""
    server = start_server(certificate.settings(workers=1))

    def is_put_off():
        with server.dialog() as dialog:
            dialog.command("EHLO client.example.org", 250)
            reply = dialog.command("STARTTLS")
            return (reply.code, reply.enhanced) == (454, "4.7.0")

    def shakes():
        try:
            return bool(shake(server))
        except (OSError, AssertionError):
            return False

    pid, = ready_signer(server)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert not shakes()
        wait_for(is_put_off, 10, "a 454")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(shakes, 30, "TLS again")


def test_a_successor_has_the_keys_of_its_generation(server, certificate):
    """Even where the files are others by then: that is for a reload."""
    old, new = certificate.der, Certificate(certificate.folder, "second")
    certificate.replace_by(new)
    kill_signer(server)
    assert shake(server) == old
    server.reload()
    wait_for(lambda: shake(server) == new.der, 20, "the new certificate")


def test_tickets_outlive_the_signer(start_server, certificate):
    port = free_port()
    server = start_server(certificate.settings(), listeners={
        "127.0.0.1:PORT": {}, f"127.0.0.1:{port}": {"tls": "implicit"}})
    context = blind_context(ssl.TLSVersion.TLSv1_2)
    with server.dialog() as dialog:
        dialog.starttls(context=context)
        session = dialog.socket.session
    kill_signer(server)
    server.kill_worker()
    server.await_log("process died role=worker")
    with server.dialog() as dialog:
        dialog.starttls(context=context, session=session)
        assert dialog.socket.session_reused


# -- Generations -----------------------------------------------------------

@pytest.fixture
def server(start_server, certificate):
    return start_server(certificate.settings())


def test_an_old_worker_has_its_old_signer(server, certificate):
    """A session from before a reload begins TLS behind it."""
    old, new = certificate.der, Certificate(certificate.folder, "second")
    with server.dialog() as before:
        certificate.replace_by(new)
        server.reload()
        wait_for(lambda: shake(server) == new.der, 20, "the new certificate")
        before.starttls()
        assert before.socket.getpeercert(binary_form=True) == old
        before.command("QUIT", 221)
    wait_for(lambda: len(server.children("signer")) == 1, 30,
             "the old signer's end")


def test_an_upgrade_brings_a_signer(server):
    """And what the old workers were asked before is answered."""
    old, = server.children("signer")
    with server.dialog() as before:
        server.signal(signal.SIGUSR2)
        server.await_log("upgrade done", 60)
        before.starttls()
        before.command("QUIT", 221)
    wait_for(lambda: len(server.children("signer")) == 1 and
             server.children("signer") != [old], 30, "the new signer alone")
    shake(server)


def test_nothing_survives_a_reload(start_server, certificate):
    """Whatever a process does not want to hear: the old ones are gone when
    their time is over, all of them."""
    server = start_server(certificate.settings(**{
        "timeouts.drain": 1, "timeouts.shutdown": 1, "workers": 2}))
    old = set(server.children())
    assert {p["role"] for p in processes(server)} == {
        "master", "worker", "janitor", "logger", "signer"}
    deaf = [*server.workers(), *server.children("janitor"),
            *server.children("signer")]
    for pid in deaf:
        os.kill(pid, signal.SIGSTOP)
    server.reload()
    wait_for(lambda: old.isdisjoint(server.children()) and
             len(server.children()) == 5, 40, "only new ones")
    server.send()


def test_a_reload_may_begin_and_end_tls(start_server, certificate):
    server = start_server()
    server.set(**certificate.settings())
    server.reload()
    wait_for(lambda: server.children("signer"), 20, "a signer")
    server.await_log("reload done")
    shake(server)
    server.set(**{"tls.certificate": "", "tls.key": ""})
    server.reload()
    wait_for(lambda: not server.children("signer"), 30, "no signer")
    server.send()
