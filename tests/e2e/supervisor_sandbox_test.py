# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandboxes of a running service: secrets are where they are needed and
nowhere else."""
import os
import shutil
import tempfile

import pytest


def holds(pid, secret):
    """Whether the bytes stand anywhere in what the process can write."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            first, last = (int(half, 16) for half in span.split("-"))
            if not rights.startswith("rw") or last - first > 1 << 30:
                continue
            try:
                memory.seek(first)
                if secret in memory.read(last - first):
                    return True
            except OSError:
                continue
    return False


@pytest.mark.skipif(os.geteuid() != 0, reason="reads others' memory")
def test_the_password_is_only_with_those_who_use_it(start_server):
    secret = "Xq7-kept-from-the-logger-v2"
    with tempfile.NamedTemporaryFile("w", dir="/var/tmp") as file:
        file.write(secret + "\n")
        file.flush()
        os.chmod(file.name, 0o400)
        shutil.chown(file.name, "nobody")
        server = start_server({"mysql.password_file": file.name})
        server.await_log("ready version")
        server.await_log("process ready role=logger")
        assert all(holds(pid, secret.encode()) for pid in server.workers())
        assert server.children("logger") and not any(
            holds(pid, secret.encode()) for pid in server.children("logger"))
        server.stop()
