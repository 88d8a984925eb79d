"""Orders Debian's version numbers (Debian Policy 5.6.12).

Written out here since the lock must be renewable with nothing but a `python3`: once the mirrors
have dropped the pinned interpreter, neither it nor a wheel can be had until the lock is new. Tested
against python-debian.
"""

import re

_PART = re.compile(r"([^0-9]*)([0-9]*)")
_END = ((0,), 0)

_Part = tuple[tuple[int, ...], int]
SortKey = tuple[int, tuple[_Part, ...], tuple[_Part, ...]]


def sort_key(version: str) -> SortKey:
    """Returns a key that sorts as dpkg compares: epoch, upstream version, revision."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return int(epoch), _parts(upstream), _parts(revision)


def _parts(text: str) -> tuple[_Part, ...]:
    """Pairs of non-digits and number; an absent text equals `0`."""
    found = _PART.findall(text or "0")
    return (*((_letters(text), int(number or 0)) for text, number in found if text or number), _END)


def _letters(text: str) -> tuple[int, ...]:
    return (*map(_weight, text), 0)


def _weight(character: str) -> int:
    """`~` sorts before the end of the text (0), letters before everything else."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
