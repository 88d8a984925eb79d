from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from viberun.server.engine.stream import merged, stalled_after
from viberun.server.errors import ImageError


def test_all_items_come_in_order() -> None:
    assert list(stalled_after(5, range(5000))) == list(range(5000))


def test_an_error_comes_after_what_came_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    received = stalled_after(5, items())
    assert next(received) == 1
    with pytest.raises(ValueError, match="broken"):
        next(received)


def test_silence_is_an_error() -> None:
    def items() -> Iterator[int]:
        yield 1
        time.sleep(2)

    with pytest.raises(ImageError, match="no progress for 0 s; look at the host's network"):
        list(stalled_after(0.1, items()))


def test_several_are_read_as_one_until_the_last_ends() -> None:
    def slow() -> Iterator[str]:
        time.sleep(0.2)
        yield "late"

    assert list(merged([slow(), ["a", "b"], []])) == ["a", "b", "late"]


def test_an_error_of_one_is_raised() -> None:
    def broken() -> Iterator[str]:
        raise ValueError("broken")
        yield

    with pytest.raises(ValueError, match="broken"):
        list(merged([broken(), ["a"]]))
