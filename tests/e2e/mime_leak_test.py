# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading mail leaves nothing behind in the process that reads it."""
import os
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))


@pytest.mark.slow
def test_a_hundred_thousand_different_mails_leave_no_memory_behind():
    subprocess.run([os.path.join(TOP, "build/bench/mime_leak")], check=True)
