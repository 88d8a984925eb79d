"""Makes of signals that would end the program at once an exception, so that what is under way is put back."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Within the block they raise SystemExit, once: a second one does not disturb what the first one set off."""

    def end(number: int, _: FrameType | None) -> None:
        for each in (*_ENDING, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    before = {each: signal.signal(each, end) for each in (*_ENDING, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
