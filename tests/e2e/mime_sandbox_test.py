# SPDX-License-Identifier: GPL-3.0-or-later
"""What GMime opens is open before the file system is closed to a worker."""
import pytest


@pytest.mark.parametrize("charset, boundary", [
    ("utf-16le", "a%00b%00"), ("iso-2022-kr", "%1B%24%29Cab"),
    ("utf-7", "+AGE-b"), ("windows-1252", "ab"), ("x-unknown", "ab")])
def test_a_parameter_has_any_charset(server, database, charset, boundary):
    workers = set(server.workers())
    stored = server.send(
        "From: a@example.org\r\nTo: you@example.com\r\n"
        f"Content-Type: multipart/mixed; boundary*={charset}''{boundary}\r\n"
        "\r\n--ab\r\n\r\ntext\r\n--ab\r\n"
        f"Content-Type: image/png; name*={charset}''%E9%80%80\r\n\r\n"
        "--ab--\r\n")
    row = database.row("`hash` = %s", [stored])
    assert row["body"] == "text"
    assert row["has_attach"] == 1
    assert set(server.workers()) == workers
