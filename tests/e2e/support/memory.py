# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the memory of a process: for root."""
import array
import itertools
import mmap

PAGE = mmap.PAGESIZE
IS_THERE = 3 << 62      # in memory, or swapped out


def used(pagemap, first, last):
    """The spans of it whose pages were ever written: what nobody has touched
    is zero, and most of what the sanitizers reserve."""
    pagemap.seek(first // PAGE * 8)
    pages = array.array("Q", pagemap.read((last - first) // PAGE * 8))
    for is_there, run in itertools.groupby(
            range(len(pages)), lambda page: pages[page] & IS_THERE != 0):
        if is_there:
            run = list(run)
            yield first + run[0] * PAGE, first + (run[-1] + 1) * PAGE


def regions(pid):
    """The bytes of all that it can write, a piece at a time."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, rights, _, _, inode = line.split()[:5]
            first, last = (int(half, 16) for half in span.split("-"))
            if not rights.startswith("rw") or last - first > 1 << 30:
                continue
            # Of a file, or shared, another may have written what this one
            # has not looked at yet.
            spans = used(pagemap, first, last) if inode == "0" \
                else [(first, last)]
            for start, end in spans:
                try:
                    memory.seek(start)
                    yield memory.read(end - start)
                except OSError:
                    continue


def holds(pid, *secrets):
    """Whether one of them stands there."""
    return any(secret in region for region in regions(pid)
               for secret in secrets)
