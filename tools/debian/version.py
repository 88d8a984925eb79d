"""The order of Debian's version numbers (Debian Policy 5.6.12).

Written out here, as everything in this package is, because the lock must be renewable on a machine that has nothing but
a `python3`: when the mirrors have dropped the pinned interpreter, neither it nor a wheel can be had until the lock is new.
"""

import re

_PART = re.compile(r"([^0-9]*)([0-9]*)")
_END = ((0,), 0)

type SortKey = tuple[int, tuple[tuple[tuple[int, ...], int], ...], tuple[tuple[tuple[int, ...], int], ...]]


def sort_key(version: str) -> SortKey:
    """A key that sorts as dpkg compares: epoch, upstream version, revision."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return int(epoch), _parts(upstream), _parts(revision)


def _parts(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Pairs of non-digits and number; an absent text equals `0`."""
    pairs = [((*map(_weight, letters), 0), int(number or 0)) for letters, number in _PART.findall(text) if letters or number]
    return (*(pair for pair in pairs if pair != _END), _END)


def _weight(character: str) -> int:
    """`~` sorts before the end of the text (0), letters before everything else."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
