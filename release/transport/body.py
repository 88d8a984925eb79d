"""What a request sends, a piece at a time, so that a large file is never in memory and its progress is seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from release.transport.content import Moved

_PIECE = 1 << 18


@dataclass(frozen=True)
class Body:
    """What is sent: bytes, or the content of a file. `moved` is told of every piece."""

    content: bytes | Path
    moved: Moved = lambda _: None

    @property
    def size(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size


class Stream:
    """A body on its way; can't be rewound, since each try makes its own."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self.taken = 0

    def __len__(self) -> int:
        return self._body.size

    def __iter__(self) -> Iterator[bytes]:
        for piece in _pieces(self._body.content):
            yield piece
            self.taken += len(piece)
            self._body.moved(len(piece))


def _pieces(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with open(content, "rb") as file:
        while piece := file.read(_PIECE):
            yield piece
