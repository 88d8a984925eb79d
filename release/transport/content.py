"""Bytes on their way into a release: hashed while they are read, durable once written.

Knows nothing of releases; a caller says what the bytes should be.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20

Moved = Callable[[int], None]
"""Told how many more bytes have gone by."""


@dataclass(frozen=True)
class Digest:
    """Size in bytes and sha256 in lower-case hexadecimal."""

    size: int
    sha256: str


def digest_of(content: Path | bytes, moved: Moved = lambda _: None) -> Digest:
    """Reads the content once. Raises OSError."""
    return _consume(content, lambda _: None, moved)


def write(content: Path | bytes, target: Path, moved: Moved = lambda _: None) -> Digest:
    """Creates `target` (it must not exist) with mode 644 whatever the umask, and have it on disk before returning.

    Returns the digest of what was read, so that the caller compares one reading of the source. Raises OSError.
    """
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb", buffering=0) as out:
        digest = _consume(content, lambda chunk: _write_all(out.fileno(), chunk), moved)
        os.fchmod(out.fileno(), 0o644)
        os.fsync(out.fileno())
    return digest


def make_folder(folder: Path) -> None:
    """Creates one folder with mode 755 whatever the umask. Raises OSError."""
    folder.mkdir()
    folder.chmod(0o755)


def sync_folder(folder: Path) -> None:
    """Puts the folder's entries on disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _consume(content: Path | bytes, sink: Callable[[bytes], None], moved: Moved) -> Digest:
    sha256 = hashlib.sha256()
    size = 0
    for chunk in _chunks(content):
        sha256.update(chunk)
        sink(chunk)
        size += len(chunk)
        moved(len(chunk))
    return Digest(size, sha256.hexdigest())


def _chunks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with open(content, "rb", buffering=0) as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _write_all(descriptor: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
