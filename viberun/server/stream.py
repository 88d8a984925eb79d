"""An iterator that may not fall silent.

Docker's streams have no time-out of their own: a registry that stops sending would hold a pull for ever.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

from viberun.server.errors import ImageError

T = TypeVar("T")


def stalled_after(seconds: float, items: Iterable[T]) -> Iterator[T]:
    """Yields `items`, and raises what they raise. Raises ImageError where none comes for so long."""
    received: queue.Queue[tuple[str, object]] = queue.Queue(maxsize=1000)

    def receive() -> None:
        try:
            for item in items:
                received.put(("item", item))
            received.put(("end", None))
        except BaseException as error:  # handed over, whatever it is
            received.put(("error", error))

    threading.Thread(target=receive, daemon=True).start()
    while True:
        try:
            kind, value = received.get(timeout=seconds)
        except queue.Empty:
            raise ImageError(
                f"the pull has made no progress for {seconds:.0f} s",
                remedy="look at the host's network and run this again",
            ) from None
        if kind == "end":
            return
        if kind == "error":
            raise value  # type: ignore[misc]
        yield value  # type: ignore[misc]
