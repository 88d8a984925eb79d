"""The path of a leaf to the root, against a tree that is made plainly, as RFC 9162 defines it."""

import hashlib
from typing import Optional

from hypothesis import given
from hypothesis import strategies as st

from viberun.sigstore.transparency_log import root_of


def _leaf(number: int) -> bytes:
    return hashlib.sha256(b"\0%d" % number).digest()


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def _root(first: int, end: int) -> bytes:
    if end - first == 1:
        return _leaf(first)
    middle = first + _split(end - first)
    return hashlib.sha256(b"\1" + _root(first, middle) + _root(middle, end)).digest()


def _path(index: int, first: int, end: int) -> list[bytes]:
    if end - first == 1:
        return []
    middle = first + _split(end - first)
    if index < middle:
        return [*_path(index, first, middle), _root(middle, end)]
    return [*_path(index, middle, end), _root(first, middle)]


@given(st.integers(1, 70), st.data())
def test_the_path_leads_to_the_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    assert root_of(index, size, _leaf(index), _path(index, 0, size)) == _root(0, size)


def _found(index: int, size: int, leaf: int, path: list[bytes]) -> Optional[bytes]:
    return root_of(index, size, _leaf(leaf), path)


@given(st.integers(2, 70), st.data())
def test_nothing_else_leads_there(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path, root = _path(index, 0, size), _root(0, size)
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
    at = data.draw(st.integers(0, len(path) - 1))
    assert _found(index, size, other, path) != root
    assert _found(other, size, index, path) != root
    assert _found(index, size, index, path[:at] + path[at + 1 :]) != root
    assert _found(index, size, index, [*path[:at], _leaf(1000), *path[at + 1 :]]) != root
    assert _found(index, size, index, [*path, _leaf(1000)]) != root
    assert _found(index, index, index, path) is None
