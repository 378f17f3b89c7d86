"""Reading one item ahead: a thread makes the next item while the current one is in use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def prefetched(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the same items in the same order, each made while the one before it is in use.

    The iterator must not change an item before it is asked for the next but one. An error is
    raised at the position of its item.

    Examples
    --------
    >>> list(prefetched(iter("abc")))
    ['a', 'b', 'c']
    """
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="mdgmvae-reads") as thread:
        upcoming = thread.submit(next, items, end)
        while (item := upcoming.result()) is not end:
            upcoming = thread.submit(next, items, end)
            yield item  # type: ignore[misc]
