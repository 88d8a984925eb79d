"""Reads slow iterators in threads: one that may not fall silent, or several as one.

Docker's streams have no time-out of their own: a registry that stops sending would hold a pull for ever.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from viberun.server.errors import ImageError

T = TypeVar("T")


def stalled_after(seconds: float, items: Iterable[T]) -> Iterator[T]:
    """Yields `items`, and raises what they raise. Raises ImageError where none comes for so long."""
    received = _received([items])
    while True:
        try:
            item = received.get(timeout=seconds)
        except queue.Empty:
            raise ImageError(
                f"the pull has made no progress for {seconds:.0f} s",
                remedy="look at the host's network and run this again",
            ) from None
        if isinstance(item, _End):
            return item.raise_error()
        yield item


def merged(sources: Sequence[Iterable[T]]) -> Iterator[T]:
    """Yields what they all yield as it comes, until the last has ended, and raises what one of them raises."""
    received = _received(sources)
    for _ in sources:
        while True:
            item = received.get()
            if isinstance(item, _End):
                item.raise_error()
                break
            yield item


@dataclass(frozen=True)
class _End:
    """That of one source, by an error or without."""

    error: BaseException | None = None

    def raise_error(self) -> None:
        if self.error is not None:
            raise self.error


def _received(sources: Iterable[Iterable[T]]) -> queue.Queue[T | _End]:
    """Where the items of all come in, each read by a thread of its own that does not hold the program up."""
    received: queue.Queue[T | _End] = queue.Queue(maxsize=1000)

    def receive(items: Iterable[T]) -> None:
        try:
            for item in items:
                received.put(item)
        except BaseException as error:  # handed over, whatever it is
            received.put(_End(error))
        else:
            received.put(_End())

    for source in sources:
        threading.Thread(target=receive, args=(source,), daemon=True).start()
    return received
