# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for something to become true, with an end to it."""
import time


def wait_for(condition, seconds=10, what=None):
    """Returns condition()'s first true value; fails after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(
                f"not within {seconds} s: {what or condition}")
        time.sleep(0.02)
